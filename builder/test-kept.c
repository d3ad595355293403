#include "tests/unit.h"

#include <sys/file.h>

#include "base/text.h"
#include "builder/job.h"
#include "builder/kept.h"

static struct job_conf
conf_of(const struct folder *f, int max)
{
	assert_int_equal(mkdirat(f->fd, "job", 0755), 0);
	assert_int_equal(mkdirat(f->fd, "kept", 0755), 0);
	return (struct job_conf){.state = f->path, .dir = f->fd, .keep_max = max, .keep_days = 7};
}

static void
keep(const struct folder *f, const struct job_conf *conf, const char *name, int64_t task, const char *label, int64_t age_ms)
{
	struct kept k = {.task = task, .when = now_ms() - age_ms, .label = (char *)label, .base = (char *)"abc", .ids = {1000000, 65536},
	    .base_first = 2000000, .source_date_epoch = 77, .jobs = 3, .network = true};
	AUTO(free) char *job = xasprintf("job/%s", name);
	AUTO(free) char *file = xasprintf("%s/file", job);
	struct err err = {0};

	assert_int_equal(mkdirat(f->fd, job, 0755), 0);
	folder_put(f, file, "x");
	OK(kept_add(conf, name, &k, &err));
}

/* Those that are there, with all that belongs to them: "1.1 2.1". */
static void
are(const struct folder *f, const char *names)
{
	AUTO(free) char *path = xasprintf("%s/kept", f->path);
	AUTO(strs_fini) struct strs wanted = {0};
	AUTO(strs_fini) struct strs all = {0};

	strs_split(&wanted, names, " ");
	for (int i = 1; i < 10; i++)
		for (int attempt = 1; attempt < 3; attempt++) {
			AUTO(free) char *name = xasprintf("%d.%d", i, attempt);
			AUTO(free) char *folder = xasprintf("kept/%s/file", name);
			AUTO(free) char *how = xasprintf("kept/%s.how", name);
			bool want = strs_has(&wanted, name);

			if (file_exists(f->fd, folder) != want || file_exists(f->fd, how) != want)
				fail_msg("%s: %s", name, want ? "is gone" : "is still there");
		}
}

static void
test_what_is_kept(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct job_conf conf = conf_of(&f, 5);
	AUTO(kept_fini) struct kept k = {0};
	AUTO(close) int lock = -1;
	struct err err = {0};

	keep(&f, &conf, "1.2", 12, "#12.100 x86_64 build", 0);
	assert_false(file_exists(f.fd, "job/1.2"));
	OK(kept_get(f.fd, "1.2", &k, &lock, &err));
	assert_int_equal(k.task, 12);
	assert_string_equal(k.label, "#12.100 x86_64 build");
	assert_string_equal(k.base, "abc");
	assert_int_equal(k.ids.first, 1000000);
	assert_int_equal(k.ids.count, 65536);
	assert_int_equal(k.base_first, 2000000);
	assert_int_equal(k.source_date_epoch, 77);
	assert_int_equal(k.jobs, 3);
	assert_true(k.network);
	assert_false(k.bits32);
	kept_fini(&k);
	assert_int_equal(kept_get(f.fd, "1.1", &k, &lock, &err), KEPT_ABSENT);
	folder_put(&f, "kept/3.1.how", "of another time");
	FAILS(kept_get(f.fd, "3.1", &k, &lock, &err), "another version");
}

static void
test_what_goes(void **state)
{
	enum { DAY = 86400000 };
	AUTO(folder_fini) struct folder f = folder_make();
	struct job_conf conf = conf_of(&f, 3);
	struct err err = {0};

	keep(&f, &conf, "1.1", 1, "a", 6 * DAY);
	keep(&f, &conf, "2.1", 2, "b", 2 * DAY);
	keep(&f, &conf, "3.1", 2, "c", 1 * DAY);
	are(&f, "1.1 2.1 3.1");
	keep(&f, &conf, "4.1", 4, "d", 0);
	are(&f, "2.1 3.1 4.1");
	keep(&f, &conf, "5.1", 4, "d", 0);
	are(&f, "2.1 3.1 5.1");
	OK(kept_forget(&conf, 2, &err));
	are(&f, "5.1");
	keep(&f, &conf, "6.1", 6, "e", 8 * DAY);
	are(&f, "5.1");
	folder_put(&f, "kept/7.1.how", "unreadable: the first to go");
	conf.keep_max = 1;
	OK(kept_trim(&conf, &err));
	are(&f, "5.1");
	conf.keep_max = 0;
	OK(kept_trim(&conf, &err));
	are(&f, "");
}

static void
test_someone_is_in_it(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct job_conf conf = conf_of(&f, 3);
	struct kept k = {0}, again = {0};
	struct err err = {0};
	int lock = -1, other = -1;

	keep(&f, &conf, "1.1", 1, "a", 0);
	OK(kept_get(f.fd, "1.1", &k, &lock, &err));
	OK(kept_get(f.fd, "1.1", &again, &other, &err));
	close(other);
	conf.keep_max = 0;
	OK(kept_trim(&conf, &err));
	OK(kept_forget(&conf, 1, &err));
	are(&f, "1.1");
	close(lock);
	OK(kept_trim(&conf, &err));
	are(&f, "");
	kept_fini(&k);
	kept_fini(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_what_goes),
		cmocka_unit_test(test_someone_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
