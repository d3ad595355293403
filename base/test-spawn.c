/* Children: how they start, how they end, how long they may take; and the sandbox, which needs root. */
#include "tests/unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/sandbox.h"
#include "base/spawn.h"
#include "base/text.h"

#define ARGV(...) (const char *const[]){__VA_ARGS__, NULL}
#define SH(script) ARGV("sh", "-c", script)

enum { LONG_MS = 30000 };

static struct ended
run(const char *const *argv, const char *input, struct str *output)
{
	struct str in = {.p = (char *)input, .n = input ? strlen(input) : 0};
	struct ended ended = {0};
	struct err err = {0};

	OK(spawn_run(&(struct spawn){.argv = argv}, input ? &in : NULL, output, LONG_MS, &ended, &err));
	return ended;
}

static void
ends(const char *script, int how, int code)
{
	AUTO(str_fini) struct str out = {0};
	struct ended e = run(SH(script), NULL, &out);

	assert_int_equal(e.how, how);
	assert_int_equal(e.code, code);
}

static void
test_ends(void **state)
{
	ends("exit 0", ENDED_EXIT, 0);
	ends("exit 3", ENDED_EXIT, 3);
	ends("kill -9 $$", ENDED_SIGNAL, SIGKILL);
	ends("kill -15 $$", ENDED_SIGNAL, SIGTERM);
	/* A shell reports its child's signal as a status: an exit like any other. */
	ends("sh -c 'kill -9 $$'; exit $?", ENDED_EXIT, 128 + SIGKILL);
}

static void
test_decode(void **state)
{
	static const struct {
		int status, how, code;
		const char *text;
	} cases[] = {
		{0, ENDED_EXIT, 0, "exit status 0"}, {1 << 8, ENDED_EXIT, 1, "exit status 1"},
		{127 << 8, ENDED_EXIT, 127, "exit status 127"}, {255 << 8, ENDED_EXIT, 255, "exit status 255"},
		{SIGKILL, ENDED_SIGNAL, SIGKILL, "killed by signal 9"},
		{SIGSEGV | 0x80, ENDED_SIGNAL, SIGSEGV, "killed by signal 11"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str text = {0};
		struct ended e = ended_decode(cases[i].status);

		assert_int_equal(e.how, cases[i].how);
		assert_int_equal(e.code, cases[i].code);
		ended_text(e, &text);
		unit_has(str_c(&text), cases[i].text);
	}
}

static void
test_output(void **state)
{
	AUTO(str_fini) struct str out = {0};
	AUTO(str_fini) struct str empty = {0};

	run(SH("echo one; echo two >&2; cat"), "three\n", &out);
	assert_string_equal(str_c(&out), "one\ntwo\nthree\n");
	run(ARGV("cat"), NULL, &empty);
	assert_string_equal(str_c(&empty), "");
}

/* More than any pipe holds, in both directions at once; and a child that does not read what it is given. */
static void
test_much(void **state)
{
	enum { MUCH = 900000 };
	AUTO(free) char *input = xcalloc(1, MUCH + 1);
	AUTO(str_fini) struct str back = {0};
	AUTO(str_fini) struct str deaf = {0};
	AUTO(str_fini) struct str flood = {0};
	int fds = unit_open_fds();

	for (size_t i = 0; i < MUCH; i++)
		input[i] = (char)('a' + i % 26);
	run(ARGV("cat"), input, &back);
	assert_int_equal(back.n, MUCH);
	assert_string_equal(str_c(&back), input);
	assert_int_equal(run(SH("exec 0<&-; echo deaf; exit 4"), input, &deaf).code, 4);
	assert_string_equal(str_c(&deaf), "deaf\n");
	assert_int_equal(run(SH("head -c 5000000 /dev/zero"), NULL, &flood).code, 0);
	assert_true(flood.n > 900000 && flood.n <= 1 << 20);
	assert_int_equal(unit_open_fds(), fds);
}

static void
test_surroundings(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(str_fini) struct str out = {0};
	struct spawn s = {.argv = SH("pwd; echo $ONLY; echo ${HOME:-none}; ps -o pgid= -p $$ | tr -d ' '; echo $$"),
	    .cwd = f.path, .env = ARGV("ONLY=this", "PATH=/usr/bin:/bin")};
	AUTO(strs_fini) struct strs lines = {0};
	struct ended ended;
	struct err err = {0};

	OK(spawn_run(&s, NULL, &out, LONG_MS, &ended, &err));
	strs_split(&lines, str_c(&out), "\n");
	assert_int_equal(lines.n, 5);
	assert_string_equal(lines.p[0], f.path);
	assert_string_equal(lines.p[1], "this");
	assert_string_equal(lines.p[2], "none");
	assert_string_equal(lines.p[3], lines.p[4]);
}

static void
test_cannot_start(void **state)
{
	AUTO(str_fini) struct str out = {0};
	struct ended ended;
	struct err err = {0};
	int fds = unit_open_fds();

	FAILS(spawn_run(&(struct spawn){.argv = ARGV("/nonexistent/program")}, NULL, &out, LONG_MS, &ended, &err),
	    "start /nonexistent/program: No such file");
	FAILS(spawn_run(&(struct spawn){.argv = ARGV("/etc/passwd")}, NULL, &out, LONG_MS, &ended, &err),
	    "Permission denied");
	FAILS(spawn_run(&(struct spawn){.argv = ARGV("true"), .cwd = "/nonexistent"}, NULL, &out, LONG_MS, &ended, &err),
	    "No such file");
#if FAULTS
	fault_arm("fork", 1);
	FAILS(spawn_run(&(struct spawn){.argv = ARGV("cat")}, &(struct str){.p = (char *)"x", .n = 1}, &out, LONG_MS,
	    &ended, &err), "fork cat");
#endif
	assert_int_equal(unit_open_fds(), fds);
}

static void
test_timeout(void **state)
{
	AUTO(str_fini) struct str out = {0};
	AUTO(free) char *input = xcalloc(1, 500000);
	struct str in = {.p = input, .n = 500000};
	int64_t start = tick_ms();
	int fds = unit_open_fds();
	struct ended ended;
	struct err err = {0};
	pid_t pid, grandchild;

	FAILS(spawn_run(&(struct spawn){.argv = SH("sleep 60 & echo $!; wait")}, NULL, &out, 300, &ended, &err),
	    "sh: took longer than allowed");
	assert_int_equal(err.code, ETIMEDOUT);
	/* The whole group is gone, not only the shell. */
	grandchild = (pid_t)text_number(strtok(out.p, "\n"), INT32_MAX);
	assert_true(grandchild > 0);
	for (int i = 0; i < 100 && kill(grandchild, 0) == 0; i++)
		usleep(20000);
	assert_int_equal(kill(grandchild, 0), -1);
	/* Nor does input that nobody reads hold it up. */
	FAILS(spawn_run(&(struct spawn){.argv = ARGV("sleep", "60")}, &in, &out, 300, &ended, &err), "took longer");
	pid = spawn_start(&(struct spawn){.argv = ARGV("sleep", "60")}, &err);
	assert_true(pid > 0);
	FAILS(spawn_wait(pid, tick_ms() + 100, &ended, &err), "took longer");
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_true(tick_ms() - start < LONG_MS);
	assert_int_equal(unit_open_fds(), fds);
}

static void
test_wait(void **state)
{
	struct ended ended;
	struct err err = {0};
	pid_t pid = spawn_start(&(struct spawn){.argv = SH("exit 7")}, &err);

	assert_true(pid > 0);
	OK(spawn_wait(pid, 0, &ended, &err));
	assert_int_equal(ended.code, 7);
	FAILS(spawn_wait(pid, 0, &ended, &err), "wait for");
}

/* The child of a parent that is killed does not outlive it. */
static void
test_parent_dies(void **state)
{
	int fds[2];
	pid_t parent, child = 0;
	struct err err = {0};

	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (parent == 0) {
		child = spawn_start(&(struct spawn){.argv = ARGV("sleep", "60")}, &err);
		(void)!write(fds[1], &child, sizeof(child));
		raise(SIGKILL);
	}
	assert_int_equal(read(fds[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(child > 0);
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++)
		usleep(20000);
	/* Whoever adopted it may not have reaped it yet. */
	if (kill(child, 0) == 0) {
		AUTO(free) char *path = xasprintf("/proc/%d/stat", (int)child);
		AUTO(str_fini) struct str stat = {0};

		OK(file_read(AT_FDCWD, path, 4096, &stat, &err));
		unit_has(str_c(&stat), ") Z ");
	}
	close(fds[0]);
	close(fds[1]);
}

/* The sandbox. */

/* An ordinary user would need newuidmap and subordinate ids, which the machine may lack. */
static struct sandbox
sandbox_in(const struct folder *f)
{
	struct sandbox s = {.dir = f->path};
	struct err err = {0};

	if (geteuid() != 0)
		fail_msg("run as root: the sandbox maps ids");
	OK(sandbox_ids_find(&s.ids, 0, &err));
	assert_int_equal(chown(f->path, s.ids.first, s.ids.first), 0);
	return s;
}

static int
look_around(void *arg, struct err *err)
{
	AUTO(close) int fd = open(arg, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	AUTO(str_fini) struct str devices = {0};

	if (fd < 0)
		return err_sys(err, "%s", (const char *)arg);
	if (getuid() != 0 || getgid() != 0 || getpid() != 1)
		return err_set(err, EINVAL, "uid %u gid %u pid %d", getuid(), getgid(), (int)getpid());
	if (kill(getppid(), 0) == 0 && getppid() != 0)
		return err_set(err, EINVAL, "the parent is visible");
	if (file_read(AT_FDCWD, "/proc/self/net/dev", 65536, &devices, err) == 0 && strstr(str_c(&devices), "eth"))
		return err_set(err, EINVAL, "there is a network");
	return chown(arg, SANDBOX_BUILDER, SANDBOX_BUILDER) < 0 ? err_sys(err, "chown") : 0;
}

static void
test_sandbox(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct sandbox s = sandbox_in(&f);
	int fds = unit_open_fds();
	struct err err = {0};
	struct stat st;

	OK(sandbox_call(&s, look_around, (void *)(uintptr_t)SANDBOX_DIR "/made", &err));
	assert_int_equal(fstatat(f.fd, "made", &st, 0), 0);
	assert_int_equal(st.st_uid, s.ids.first + SANDBOX_BUILDER);
	assert_int_equal(st.st_gid, s.ids.first + SANDBOX_BUILDER);
	OK(sandbox_remove_tree(&s, "made", &err));
	assert_false(file_exists(f.fd, "made"));
	assert_int_equal(unit_open_fds(), fds);
}

/* 32 bits are seen inside, and by no one else. */
static int
look_at_machine(void *arg, struct err *err)
{
	struct utsname u;

	uname(&u);
	return strcmp(u.machine, arg) == 0 ? 0 : err_set(err, EINVAL, "this is %s", u.machine);
}

static void
test_sandbox_bits(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct sandbox s = sandbox_in(&f), narrow = s;
	struct err err = {0};
	struct utsname u;

	uname(&u);
	narrow.bits32 = true;
	OK(sandbox_call(&s, look_at_machine, u.machine, &err));
	FAILS(sandbox_call(&narrow, look_at_machine, u.machine, &err), "this is ");
	OK(sandbox_call(&s, look_at_machine, u.machine, &err));
}

/* Uid 0 inside is nobody outside. */
static int
write_outside(void *arg, struct err *err)
{
	AUTO(close) int fd = open(arg, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? err_sys(err, "write outside") : 0;
}

static int
complain(void *arg, struct err *err)
{
	return err_set(err, EINVAL, "%s went wrong", (const char *)arg);
}

static void
test_sandbox_errors(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(folder_fini) struct folder other = folder_make();
	AUTO(free) char *outside = xasprintf("%s/x", other.path);
	struct sandbox s = sandbox_in(&f), nowhere = s;
	int fds = unit_open_fds();
	char what[] = "something";
	struct err err = {0};

	FAILS(sandbox_call(&s, complain, what, &err), "something went wrong");
	FAILS(sandbox_call(&s, write_outside, outside, &err), "No such file or directory");
	assert_false(file_exists(other.fd, "x"));
	nowhere.dir = "/nonexistent";
	FAILS(sandbox_call(&nowhere, complain, what, &err), "bind /nonexistent");
	assert_int_equal(unit_open_fds(), fds);
}

static int
sleep_with_child(void *arg, struct err *err)
{
	if (fork() == 0)
		setsid();
	(void)!write(STDOUT_FILENO, "x", 1);
	sleep(60);
	return 0;
}

/* The only child of a process, from outside. */
static pid_t
child_of(pid_t pid)
{
	AUTO(free) char *path = xasprintf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	OK(file_read(AT_FDCWD, path, 4096, &text, &err));
	return (pid_t)atoi(str_c(&text));
}

/* Killing what runs inside, or what holds it, ends all of it, also what made a session of its own. */
static void
killed(bool inner)
{
	AUTO(folder_fini) struct folder f = folder_make();
	struct sandbox s = sandbox_in(&f);
	struct sandbox_run run;
	struct err err = {0};
	pid_t victim;
	int fds[2];
	char c[2];

	assert_int_equal(pipe(fds), 0);
	s.log = fds[1];
	OK(sandbox_start(&s, sleep_with_child, NULL, &run, &err));
	close(fds[1]);
	assert_int_equal(read(fds[0], c, 1), 1);
	assert_int_equal(read(fds[0], c, 1), 1);
	victim = inner ? child_of(run.pid) : run.pid;
	assert_true(victim > 1);
	assert_int_equal(kill(victim, SIGKILL), 0);
	FAILS(sandbox_wait(&run, &err), "killed by signal 9");
	assert_int_equal(err.code, EINTR);
	/* The pipe ends only when its last holder is gone. */
	assert_int_equal(read(fds[0], c, 1), 0);
	close(fds[0]);
}

static void
test_sandbox_killed(void **state)
{
	killed(false);
	killed(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_surroundings),
		cmocka_unit_test(test_cannot_start),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_parent_dies),
		cmocka_unit_test(test_sandbox),
		cmocka_unit_test(test_sandbox_bits),
		cmocka_unit_test(test_sandbox_errors),
		cmocka_unit_test(test_sandbox_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
