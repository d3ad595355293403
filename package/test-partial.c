/* What broken transfers leave: taken over, thrown away, swept; and two at once, which never meet in one file. */
#include "tests/unit.h"

#include <time.h>

#include "package/partial.h"

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"	/* of "abc" */
#define PART "artefact/part." SHA

static struct folder
store_make(void)
{
	struct folder f = folder_make();
	struct err err = {0};

	OK(file_mkdirs(f.fd, "artefact", &err));
	return f;
}

static struct partial
begin(const struct folder *f, const char *front)
{
	struct partial p;
	struct err err = {0};
	char got[64];
	ssize_t n;

	OK(partial_begin(f->fd, SHA, true, &p, &err));
	n = pread(p.tmp.fd, got, sizeof(got), 0);
	assert_int_equal(n, strlen(front));
	assert_memory_equal(got, front, strlen(front));
	return p;
}

static void
add(const struct partial *p, const char *text)
{
	struct err err = {0};

	OK(file_write_fd(p->tmp.fd, text, strlen(text), &err));
}

static void
is_whole(const struct folder *f)
{
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	OK(artefact_read(f->fd, SHA, 100, &text, &err));
	assert_string_equal(str_c(&text), "abc");
}

/* Nothing but whole artefacts. */
static void
is_clean(const struct folder *f)
{
	struct err err = {0};
	char command[64];

	snprintf(command, sizeof(command), "%s/artefact", f->path);
	OK(file_remove_tree(f->fd, "artefact/ba", &err));
	assert_int_equal(rmdir(command), 0);
	OK(file_mkdirs(f->fd, "artefact", &err));
}

static void
test_whole(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct partial p = begin(&f, "");
	struct err err = {0};

	add(&p, "abc");
	assert_true(file_exists(f.fd, PART));
	OK(partial_end(f.fd, &p, SHA, &err));
	is_whole(&f);
	is_clean(&f);
}

static void
test_broken(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct partial p = begin(&f, "");
	struct err err = {0};

	add(&p, "a");
	partial_break(f.fd, &p);
	p = begin(&f, "a");
	partial_break(f.fd, &p);
	p = begin(&f, "a");
	add(&p, "b");
	partial_break(f.fd, &p);
	p = begin(&f, "ab");
	add(&p, "c");
	OK(partial_end(f.fd, &p, SHA, &err));
	is_whole(&f);
	is_clean(&f);
}

static void
test_dropped(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct partial p = begin(&f, "");

	add(&p, "a");
	partial_drop(f.fd, &p, SHA);
	is_clean(&f);
	p = begin(&f, "");
	partial_drop(f.fd, &p, SHA);
}

/* A writer whose other end is gone does not know it yet: the next one takes over what it has, not its file. */
static void
test_taken_over(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct partial old = begin(&f, ""), new;
	struct err err = {0};

	add(&old, "a");
	new = begin(&f, "a");
	add(&old, "XXX");
	add(&new, "b");
	partial_drop(f.fd, &old, SHA);
	assert_true(file_exists(f.fd, PART));
	old = begin(&f, "ab");
	add(&new, "c");
	OK(partial_end(f.fd, &new, SHA, &err));
	is_whole(&f);
	/* The later one may end as well, and finds the artefact there. */
	add(&old, "c");
	OK(partial_end(f.fd, &old, SHA, &err));
	is_whole(&f);
	is_clean(&f);
}

/* Nothing is kept of what is not worth it. */
static void
test_small(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct partial p = begin(&f, "");
	struct err err = {0};

	add(&p, "a");
	partial_break(f.fd, &p);
	OK(partial_begin(f.fd, SHA, false, &p, &err));
	assert_int_equal(lseek(p.tmp.fd, 0, SEEK_END), 0);
	partial_break(f.fd, &p);
	p = begin(&f, "a");
	partial_drop(f.fd, &p, SHA);
	is_clean(&f);
}

static void
age(const struct folder *f, const char *path, int64_t seconds)
{
	struct timespec then[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};

	folder_put(f, path, "x");
	assert_int_equal(utimensat(f->fd, path, then, 0), 0);
}

static void
test_sweep(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct err err = {0};

	OK(file_mkdirs(f.fd, "artefact/ba", &err));
	age(&f, "artefact/ba/" "old", 1000000);
	age(&f, "artefact/tmp.1.0", 90);
	age(&f, "artefact/tmp.1.1", 110);
	age(&f, "artefact/tmp.1.0.part", 110);
	age(&f, "artefact/part.young", 900);
	age(&f, "artefact/part.old", 1100);
	age(&f, artefact_path(SHA).text, 1000000);
	age(&f, PART, 0);
	OK(partial_sweep(f.fd, 1000, 100, &err));
	assert_true(file_exists(f.fd, "artefact/ba/old"));
	assert_true(file_exists(f.fd, "artefact/tmp.1.0"));
	assert_false(file_exists(f.fd, "artefact/tmp.1.1"));
	assert_false(file_exists(f.fd, "artefact/tmp.1.0.part"));
	assert_true(file_exists(f.fd, "artefact/part.young"));
	assert_false(file_exists(f.fd, "artefact/part.old"));
	assert_true(artefact_has(f.fd, SHA));
	assert_false(file_exists(f.fd, PART));
	OK(partial_sweep(f.fd, 0, 0, &err));
	is_clean(&f);
	OK(file_remove_tree(f.fd, "artefact", &err));
	FAILS(partial_sweep(f.fd, 0, 0, &err), "artefact");
}

/* No link is followed, no file of another kind is taken for a front. */
static void
test_link(void **state)
{
	AUTO(folder_fini) struct folder f = store_make();
	struct partial p;
	struct err err = {0};
	int fds = unit_open_fds();

	folder_put(&f, "secret", "secret");
	assert_int_equal(symlinkat("../secret", f.fd, PART), 0);
	OK(partial_begin(f.fd, SHA, true, &p, &err));
	assert_int_equal(lseek(p.tmp.fd, 0, SEEK_END), 0);
	assert_int_equal(unlinkat(f.fd, PART, 0), -1);
	partial_drop(f.fd, &p, SHA);
	assert_int_equal(mkdirat(f.fd, PART, 0755), 0);
	OK(partial_begin(f.fd, SHA, true, &p, &err));
	assert_int_equal(lseek(p.tmp.fd, 0, SEEK_END), 0);
	partial_drop(f.fd, &p, SHA);
	assert_int_equal(unlinkat(f.fd, PART, AT_REMOVEDIR), 0);
	assert_int_equal(unit_open_fds(), fds);
	is_clean(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
