#include "tests/unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "builder/job.h"
#include "builder/kept.h"
#include "builder/roots.h"
#include "builder/sweep.h"
#include "package/artefact.h"

enum { BLOCK = 1 << 20, MINUTE = 60000 };

/* A builder's folder with artefacts of a megabyte each, and the clock at its beginning. */
struct yard {
	struct folder f;
	struct sandbox box;
	int64_t now;
	char sha[8][SHA256_HEX + 1];
};

static void
yard_fini(struct yard *y)
{
	folder_fini(&y->f);
}
AUTO_DEFINE_EMBEDDED(struct yard, yard_fini);

static void
set_age(const struct yard *y, const char *path, int64_t minutes)
{
	int64_t ms = y->now - minutes * MINUTE;
	const struct timespec t[2] = {{.tv_sec = ms / 1000}, {.tv_sec = ms / 1000}};

	assert_int_equal(utimensat(y->f.fd, path, t, 0), 0);
}

static void
add_artefact(struct yard *y, size_t i, int64_t minutes)
{
	AUTO(free) char *data = xcalloc(1, BLOCK);
	struct err err = {0};
	struct sha256 sum;

	data[0] = (char)('a' + i);
	OK(artefact_put(y->f.fd, data, BLOCK, &sum, &err));
	memcpy(y->sha[i], sum.hex, sizeof(sum.hex));
	set_age(y, artefact_path(sum.hex).text, minutes);
}

static const char root_ids[2][ROOTS_ID + 1] = {"00000000000000000000000000000000", "11111111111111111111111111111111"};

static void
add_root(struct yard *y, size_t i, int64_t minutes)
{
	AUTO(free) char *lock = xasprintf("roots/%s.lock", root_ids[i]);
	AUTO(free) char *bin = xasprintf("roots/%s/usr/bin", root_ids[i]);
	AUTO(free) char *file = xasprintf("%s/x", bin);
	AUTO(free) char *data = xcalloc(1, BLOCK);
	AUTO(close) int held = -1;
	struct err err = {0};

	OK(roots_hold(y->f.fd, root_ids[i], &held, &err));
	OK(file_mkdirs(y->f.fd, bin, &err));
	OK(file_write(y->f.fd, file, data, BLOCK, 0644, &err));
	sweep_note_root(y->f.fd, root_ids[i]);
	set_age(y, lock, minutes);
}

static struct yard
yard_make(void)
{
	struct yard y = {.f = folder_make(), .now = now_ms()};

	assert_int_equal(mkdirat(y.f.fd, "artefact", 0755), 0);
	assert_int_equal(mkdirat(y.f.fd, "roots", 0755), 0);
	return y;
}

/* Sweep to so many megabytes; jobs run since so many minutes. What is left: artefacts by number, roots by letter. */
static void
sweeps_to(struct yard *y, uint64_t megabytes, int64_t minutes, const char *left)
{
	const struct sandbox box = {.dir = y->f.path};
	const struct sweep s = {.dir = y->f.fd, .box = &box, .limit = megabytes << 20, .jobs_since = y->now - minutes * MINUTE};
	AUTO(str_fini) struct str got = {0};
	struct swept done;
	struct err err = {0};

	OK(sweep_cache(&s, &done, &err));
	for (size_t i = 0; i < ARRAY_SIZE(y->sha); i++)
		if (*y->sha[i] && artefact_has(y->f.fd, y->sha[i]))
			str_add(&got, "%zu", i);
	for (size_t i = 0; i < ARRAY_SIZE(root_ids); i++) {
		AUTO(free) char *path = xasprintf("roots/%s", root_ids[i]);

		if (file_exists(y->f.fd, path))
			str_add(&got, "%c", (char)('a' + i));
	}
	assert_string_equal(str_c(&got), left);
	assert_true(done.after <= done.before);
}

static void
test_order(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();

	for (size_t i = 0; i < 5; i++)
		add_artefact(&y, i, 100 - 2 * (int64_t)i);
	add_root(&y, 0, 99);
	add_root(&y, 1, 20);
	sweeps_to(&y, 100, 0, "01234ab");
	/* Seven and some folders; a tenth is freed beyond what must be. */
	sweeps_to(&y, 6, 0, "1234b");
	sweeps_to(&y, 3, 0, "4b");
	sweeps_to(&y, 0, 0, "");
}

/* What was used a moment ago, or since the oldest job began. */
static void
test_recent(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct err err = {0};

	add_artefact(&y, 0, 100);
	add_artefact(&y, 1, 50);
	add_artefact(&y, 2, 5);
	add_root(&y, 0, 100);
	add_root(&y, 1, 9);
	OK(sweep_touch(y.f.fd, y.sha[0], &err));
	sweeps_to(&y, 0, 60, "012b");
	sweeps_to(&y, 0, 0, "02b");
	assert_int_equal(sweep_touch(y.f.fd, y.sha[1], &err), SWEEP_ABSENT);
}

/* A root that a job holds stays however old it is. */
static void
test_held(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	AUTO(free) char *lock = xasprintf("roots/%s.lock", root_ids[0]);
	AUTO(close) int held = -1;
	struct err err = {0};

	add_root(&y, 0, 100);
	OK(roots_use(y.f.fd, root_ids[0], &held, &err));
	set_age(&y, lock, 100);
	sweeps_to(&y, 0, 0, "a");
	close(STEAL_FD(held));
	sweeps_to(&y, 0, 0, "");
	/* It can be made again, under the same lock. */
	add_root(&y, 0, 100);
	OK(roots_use(y.f.fd, root_ids[0], &held, &err));
	sweeps_to(&y, 0, 0, "a");
}

/* Without it a kept root could not be entered. */
static void
test_kept(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	struct job_conf conf = {.state = y.f.path, .dir = y.f.fd, .keep_max = 1, .keep_days = 1};
	struct kept k = {.task = 1, .when = y.now, .label = (char *)"#1.100 x86_64 build", .base = (char *)root_ids[1]};
	struct err err = {0};

	OK(file_mkdirs(y.f.fd, "job/1.1", &err));
	OK(file_mkdirs(y.f.fd, "kept", &err));
	OK(kept_add(&conf, "1.1", &k, &err));
	add_root(&y, 0, 50);
	add_root(&y, 1, 100);
	sweeps_to(&y, 0, 0, "b");
}

/* A removal that was killed is finished, whatever the bound. */
static void
test_killed(void **state)
{
	AUTO(yard_fini) struct yard y = yard_make();
	AUTO(free) char *path = xasprintf("roots/%s", root_ids[0]);
	AUTO(free) char *gone = xasprintf("%s.gone", path);

	add_root(&y, 0, 1);
	assert_int_equal(renameat(y.f.fd, path, y.f.fd, gone), 0);
	add_root(&y, 1, 1);
	sweeps_to(&y, 100, 0, "b");
	assert_false(file_exists(y.f.fd, gone));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
