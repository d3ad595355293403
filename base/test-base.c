#include "tests/unit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/conf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/parallel.h"
#include "base/vec.h"

static void
test_err(void **state)
{
	struct err err = {0};
	char longer[2000];

	assert_int_equal(err_set(&err, ENOENT, "%s is %d", "x", 3), -1);
	assert_string_equal(err.msg, "x is 3");
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(err_ctx(&err, "merge %s", "zlib"), -1);
	assert_string_equal(err.msg, "merge zlib: x is 3");
	assert_int_equal(err.code, ENOENT);
	errno = EACCES;
	assert_int_equal(err_sys(&err, "open %s", "f"), -1);
	assert_string_equal(err.msg, "open f: Permission denied");
	assert_int_equal(err.code, EACCES);
	memset(longer, 'y', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	for (int i = 0; i < 10; i++)
		err_ctx(&err, "%s", longer);
	assert_true(strlen(err.msg) < sizeof(err.msg));
	assert_int_equal(err.code, EACCES);
}

static void
test_str(void **state)
{
	AUTO(str_fini) struct str s = {0};
	AUTO(free) char *taken = NULL;

	assert_string_equal(str_c(&s), "");
	str_add(&s, "%d-%s", 1, "two");
	str_putc(&s, ' ');
	str_puts(&s, "three");
	assert_string_equal(str_c(&s), "1-two three");
	assert_int_equal(s.n, 11);
	str_shift(&s, 6);
	assert_string_equal(str_c(&s), "three");
	str_shift(&s, 5);
	assert_string_equal(str_c(&s), "");
	str_put(&s, "a\0b", 3);
	assert_memory_equal(s.p, "a\0b", 4);
	str_clear(&s);
	assert_string_equal(str_c(&s), "");
	for (int i = 0; i < 10000; i++)
		str_add(&s, "%04d", i);
	assert_int_equal(s.n, 40000);
	assert_memory_equal(s.p + 39996, "9999", 5);
	taken = str_steal(&s);
	assert_int_equal(strlen(taken), 40000);
	assert_null(s.p);
	free(taken);
	taken = str_steal(&s);
	assert_string_equal(taken, "");
}

static void
test_strs(void **state)
{
	AUTO(strs_fini) struct strs s = {0};
	AUTO(free) char *none = strs_join(&s, ", ");
	AUTO(free) char *text = NULL;

	assert_string_equal(none, "");
	strs_sort(&s);
	strs_split(&s, "  c b\t\ta ", " \t");
	assert_int_equal(s.n, 3);
	assert_true(strs_has(&s, "a"));
	assert_false(strs_has(&s, "d"));
	assert_false(strs_has(&s, ""));
	strs_add(&s, "aa");
	strs_sort(&s);
	text = strs_join(&s, ", ");
	assert_string_equal(text, "a, aa, b, c");
	strs_split(&s, " \t ", " \t");
	strs_split(&s, "", " \t");
	assert_int_equal(s.n, 4);
}

static void
test_vec(void **state)
{
	VEC(int) v = {0};

	vec_reserve(&v, 3);
	assert_true(v.cap >= 3);
	for (int i = 0; i < 1000; i++)
		vec_push(&v, i * i);
	assert_int_equal(v.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(v.p[i], i * i);
	vec_fini(&v);
	assert_null(v.p);
	assert_int_equal(v.n + v.cap, 0);
}

static void
test_map(void **state)
{
	AUTO(map_fini) struct map m = {0};
	AUTO(free) char *huge = xcalloc(1, 600000);
	const char *kept;
	char key[32];

	assert_int_equal(map_find(&m, "x"), MAP_NONE);
	assert_int_equal(map_get(&m, "x"), MAP_NONE);
	assert_int_equal(map_intern(&m, ""), 0);
	kept = m.key[0].text;
	assert_int_equal(map_get(&m, ""), MAP_NONE);
	for (uint32_t i = 1; i < 50000; i++) {
		snprintf(key, sizeof(key), "key-%u", i);
		assert_true(map_add(&m, key));
		assert_false(map_add(&m, key));
		map_set(&m, key, i * 2);
	}
	memset(huge, 'h', 599999);
	assert_int_equal(map_intern(&m, huge), 50000);
	assert_ptr_equal(m.key[0].text, kept);
	for (uint32_t i = 1; i < 50000; i++) {
		snprintf(key, sizeof(key), "key-%u", i);
		assert_int_equal(map_find(&m, key), i);
		assert_string_equal(m.key[i].text, key);
		assert_int_equal(map_get(&m, key), i * 2);
	}
	assert_int_equal(map_find(&m, huge), 50000);
	assert_int_equal(map_find(&m, "key-0"), MAP_NONE);
}

static void
test_hash(void **state)
{
	static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(close) int fd = -1;
	struct err err = {0};
	struct sha256 got;

	assert_string_equal(hash_bytes("abc", 3).hex, abc);
	folder_put(&f, "x", "abc");
	fd = openat(f.fd, "x", O_RDONLY | O_CLOEXEC);
	OK(hash_fd(fd, &got, &err));
	assert_string_equal(got.hex, abc);
	FAILS(hash_fd(-1, &got, &err), "read");
	{
		AUTO(hash_fini) hash_state unfinished = {0};
		AUTO(hash_fini) hash_state never = {0};
		AUTO(hash_fini) hash_state h = {0};

		hash_init(&unfinished);
		hash_add(&unfinished, "a", 1);
		hash_init(&h);
		hash_add(&h, "a", 1);
		hash_add(&h, "", 0);
		hash_add(&h, "bc", 2);
		assert_string_equal(hash_end(&h).hex, abc);
	}
	assert_true(hash_valid(abc));
	assert_false(hash_valid(abc + 1));
	assert_false(hash_valid(""));
	assert_false(hash_valid("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	assert_false(hash_valid("../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

static void
test_conf(void **state)
{
	AUTO(strs_fini) struct strs args = {0};
	AUTO(free) char *all = NULL;
	struct err err = {0};

	OK(conf_parse("# all\nverbose = yes\nquiet = no\n\n [builder]\nslots=4\r\nempty =\n[merger]\nslots = 9\n[builder]\n"
	    "name =  a = b  \n", "builder", "f", &args, &err));
	all = strs_join(&args, "|");
	assert_string_equal(all, "--verbose|--slots=4|--empty=|--name=a = b");
}

static void
test_conf_malformed(void **state)
{
	static const char *const bad[] = {"x", "= 1", "a b = 1", "A = 1", "-a = 1", "[x", "[x] y", "[x]]"};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(free) char *text = xasprintf("a = 1\n\n%s\n", bad[i]);
		AUTO(strs_fini) struct strs args = {0};

		FAILS(conf_parse(text, "s", "artel.conf", &args, &err), "artel.conf:3:");
	}
}

static void
test_conf_read(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *conf = xasprintf("%s/artel.conf", f.path);
	AUTO(strs_fini) struct strs args = {0};
	AUTO(free) char *text = NULL;
	struct err err = {0};

	OK(conf_read(f.path, NULL, "p", &args, &err));
	assert_int_equal(args.n, 0);
	folder_put(&f, "artel.conf", "a = 1\n[p]\nb = 2\n");
	OK(conf_read(f.path, NULL, "p", &args, &err));
	OK(conf_read("/nonexistent", conf, "q", &args, &err));
	text = strs_join(&args, "|");
	assert_string_equal(text, "--a=1|--b=2|--a=1");
	FAILS(conf_read(f.path, "/nonexistent", "p", &args, &err), "/nonexistent: no such configuration file");
}

static void
test_file_read(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(str_fini) struct str s = {0};
	struct err err = {0};

	assert_int_equal(file_read(f.fd, "none", 10, &s, &err), FILE_ABSENT);
	folder_put(&f, "x", "0123456789");
	OK(file_read(f.fd, "x", 10, &s, &err));
	assert_string_equal(str_c(&s), "0123456789");
	str_clear(&s);
	FAILS(file_read(f.fd, "x", 9, &s, &err), "longer than 9 bytes");
	FAILS(file_read(f.fd, ".", 9, &s, &err), "read .");
	assert_true(file_exists(f.fd, "x"));
	assert_false(file_exists(f.fd, "y"));
}

/* Whatever has the name already, links and pipes too, is not written to. */
static void
test_file_write(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *text = NULL;
	AUTO(free) char *other = NULL;
	struct err err = {0};

	folder_put(&f, "other", "old");
	assert_int_equal(mkfifoat(f.fd, "x", 0600), 0);
	OK(file_write(f.fd, "x", "one", 3, 0600, &err));
	assert_int_equal(unlinkat(f.fd, "x", 0), 0);
	assert_int_equal(symlinkat("other", f.fd, "x"), 0);
	OK(file_write(f.fd, "x", "two", 3, 0600, &err));
	OK(file_write(f.fd, "x", "three", 5, 0600, &err));
	text = folder_get(&f, "x");
	other = folder_get(&f, "other");
	assert_string_equal(text, "three");
	assert_string_equal(other, "old");
	FAILS(file_write(f.fd, "no/x", "three", 5, 0600, &err), "no/x");
}

static void
test_file_replace(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct err err = {0};
	struct stat st;

	OK(file_replace(f.fd, "x", "one", 3, 0600, &err));
	assert_int_equal(fstatat(f.fd, "x", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	OK(file_replace(f.fd, "x", "two", 3, 0600, &err));
	for (int i = 0; i < 2; i++) {
		AUTO(free) char *text = folder_get(&f, "x");

		assert_string_equal(text, "two");
		FAILS(file_replace(f.fd, "no/x", "three", 5, 0600, &err), "no/x");
	}
}

#if FAULTS
static int
count_entries(const struct folder *f)
{
	DIR *d = opendir(f->path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Whatever fails, the old content stays whole and no temporary is left. */
static void
test_file_replace_faults(void **state)
{
	static const char *const points[] = {"write", "fsync"};
	AUTO(folder_fini) struct folder f = folder_make();
	struct err err = {0};

	folder_put(&f, "x", "old");
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		AUTO(free) char *text = NULL;

		fault_arm(points[i], 1);
		errno = 0;
		FAILS(file_replace(f.fd, "x", "new", 3, 0644, &err), "x");
		unit_has_not(err.msg, "Success");
		assert_true(fault_fired());
		text = folder_get(&f, "x");
		assert_string_equal(text, "old");
		assert_int_equal(count_entries(&f), 1);
		OK(file_replace(f.fd, "x", "old", 3, 0644, &err));
		assert_int_equal(count_entries(&f), 1);
	}
}

static void
test_fault(void **state)
{
	fault_arm("here", 3);
	assert_false(fault("there"));
	assert_false(fault("here"));
	assert_false(fault("here"));
	assert_false(fault_fired());
	assert_true(fault("here"));
	assert_true(fault_fired());
	assert_false(fault("here"));
}

/* The first of the tests: the environment is read at a process's first visit to any fault point. */
static void
test_fault_kill(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("ARTEL_FAULT", "spot:2:kill", 1);
		if (fault("spot") || fault("other"))
			_exit(1);
		fault("spot");
		_exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void
test_fault_stop(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("ARTEL_FAULT", "spot:1:stop", 1);
		_exit(fault("spot") ? 1 : 7);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}
#endif

static void
test_relink(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct err err = {0};
	char target[16] = "";

	OK(file_relink(f.fd, "latest", "state/1", &err));
	OK(file_relink(f.fd, "latest", "state/2", &err));
	assert_int_equal(readlinkat(f.fd, "latest", target, sizeof(target)), 7);
	assert_string_equal(target, "state/2");
	OK(file_mkdirs(f.fd, "folder/in", &err));
	FAILS(file_relink(f.fd, "folder", "x", &err), "rename");
	FAILS(file_relink(f.fd, "none/x", "x", &err), "symlink");
	assert_true(file_exists(f.fd, "folder/in"));
}

static void
test_mkdirs(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *absolute = xasprintf("%s/p/q/", f.path);
	struct err err = {0};

	OK(file_mkdirs(f.fd, "a/b/c", &err));
	OK(file_mkdirs(f.fd, "a/b/c", &err));
	OK(file_mkdirs(AT_FDCWD, absolute, &err));
	assert_true(file_exists(f.fd, "a/b/c"));
	assert_true(file_exists(f.fd, "p/q"));
	folder_put(&f, "file", "");
	FAILS(file_mkdirs(f.fd, "file/a", &err), "mkdir file/a");
	FAILS(file_open_dir(f.fd, "file", &err), "open folder file");
}

static void
test_copy(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *big = xcalloc(1, 1000001);
	AUTO(free) char *copied = NULL;
	AUTO(close) int from = -1;
	AUTO(close) int to = -1;
	struct err err = {0};

	memset(big, 'b', 1000000);
	folder_put(&f, "big", big);
	from = openat(f.fd, "big", O_RDONLY | O_CLOEXEC);
	to = openat(f.fd, "copy", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	OK(file_copy_fd(from, to, &err));
	copied = folder_get(&f, "copy");
	assert_string_equal(copied, big);
	FAILS(file_copy_fd(to, from, &err), "read");
	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	FAILS(file_copy_fd(from, from, &err), "write");
}

/* A part of a file to the end of another; more than there is is an error. */
static void
test_copy_range(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(close) int from = -1, to = -1;
	AUTO(free) char *text = NULL;
	struct err err = {0};

	folder_put(&f, "from", "0123456789");
	from = openat(f.fd, "from", O_RDONLY | O_CLOEXEC);
	to = openat(f.fd, "to", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	OK(file_copy_range(from, 3, to, 4, &err));
	OK(file_copy_range(from, 0, to, 0, &err));
	OK(file_copy_range(from, 8, to, 2, &err));
	text = folder_get(&f, "to");
	assert_string_equal(text, "345689");
	FAILS(file_copy_range(from, 8, to, 3, &err), "1 bytes before the end");
	FAILS(file_copy_range(-1, 0, to, 3, &err), "copy");
	/* Where the kernel does not copy, as from /proc, it is read and written. */
	close(from);
	from = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	OK(file_copy_range(from, 0, to, 3, &err));
	assert_int_equal(lseek(to, 0, SEEK_CUR), 6 + 2 + 3);
	OK(file_sync(to, "to", &err));
	FAILS(file_sync(-1, "to", &err), "fsync to");
}

struct jobs {
	int done[100];
	size_t fails;		/* from this one on */
};

static int
one_job(void *arg, size_t i, struct err *err)
{
	struct jobs *j = arg;

	__atomic_fetch_add(&j->done[i], 1, __ATOMIC_RELAXED);
	return i >= j->fails ? err_set(err, EIO, "job %zu", i) : 0;
}

/* Every job once; after a failure no new ones, and the lowest one's error. */
static void
test_parallel(void **state)
{
	struct err err = {0};

	for (unsigned threads = 0; threads < 40; threads += 3) {
		struct jobs all = {.fails = 100}, some = {.fails = 50};
		int n = 0;

		OK(parallel_run(100, threads, one_job, &all, &err));
		for (int i = 0; i < 100; i++)
			assert_int_equal(all.done[i], 1);
		FAILS(parallel_run(100, threads, one_job, &some, &err), "job 50");
		for (int i = 0; i < 100; i++)
			n += some.done[i];
		assert_in_range(n, 51, 50 + 16);
	}
	OK(parallel_run(0, 4, one_job, NULL, &err));
}

static void
test_remove_tree(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(free) char *outside = xasprintf("%s/outside", f.path);
	struct err err = {0};
	int fds = unit_open_fds();

	OK(file_mkdirs(f.fd, "outside", &err));
	folder_put(&f, "outside/kept", "");
	OK(file_mkdirs(f.fd, "tree/a/b/c", &err));
	OK(file_mkdirs(f.fd, "tree/shut/x", &err));
	folder_put(&f, "tree/a/file", "");
	OK(file_relink(f.fd, "tree/a/link", outside, &err));
	assert_int_equal(fchmodat(f.fd, "tree/shut", 0, 0), 0);
	OK(file_remove_tree(f.fd, "tree", &err));
	assert_false(file_exists(f.fd, "tree"));
	assert_true(file_exists(f.fd, "outside/kept"));
	OK(file_remove_tree(f.fd, "tree", &err));
	OK(file_relink(f.fd, "link", outside, &err));
	OK(file_remove_tree(f.fd, "link", &err));
	assert_true(file_exists(f.fd, "outside/kept"));
	OK(file_remove_tree(f.fd, "outside/kept", &err));
	assert_int_equal(unit_open_fds(), fds);
}

/* What file_lock() gives in another process. */
static int
lock_elsewhere(int dir, const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err err = {0};
		int fd = -1;

		_exit(file_lock(dir, path, &fd, &err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_lock(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct err err = {0};
	int fd = -1, second = -1;

	assert_int_equal(lock_elsewhere(f.fd, "lock"), 0);
	OK(file_lock(f.fd, "lock", &fd, &err));
	assert_int_equal(lock_elsewhere(f.fd, "lock"), FILE_BUSY);
	assert_int_equal(file_lock(f.fd, "lock", &second, &err), FILE_BUSY);
	assert_int_equal(second, -1);
	close(fd);
	assert_int_equal(lock_elsewhere(f.fd, "lock"), 0);
	FAILS(file_lock(f.fd, "none/lock", &fd, &err), "open none/lock");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#if FAULTS
		cmocka_unit_test(test_fault_kill),
		cmocka_unit_test(test_fault_stop),
#endif
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_strs),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_conf),
		cmocka_unit_test(test_conf_malformed),
		cmocka_unit_test(test_conf_read),
		cmocka_unit_test(test_file_read),
		cmocka_unit_test(test_file_write),
		cmocka_unit_test(test_file_replace),
#if FAULTS
		cmocka_unit_test(test_file_replace_faults),
		cmocka_unit_test(test_fault),
#endif
		cmocka_unit_test(test_relink),
		cmocka_unit_test(test_mkdirs),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_range),
		cmocka_unit_test(test_parallel),
		cmocka_unit_test(test_remove_tree),
		cmocka_unit_test(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
