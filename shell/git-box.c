/*
 * The folder is handed over as the current one of bubblewrap, which was opened without following a link; bubblewrap asks the
 * kernel where that is and mounts it. Links and alternates inside lead nowhere, as there is nothing else.
 *
 * Whatever bounds there are for a pack are set here, as git by itself has none: its bytes, the memory to unpack or make
 * one, one thread. What is pushed stays in packs: loose objects may be far larger than the deltas that they came as.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "shell/git-box.h"

#define MEMORY_MAX ((rlim_t)3 << 30)	/* of data, in each process */
#define HOOKS "/hooks"
#define REFS_MAX "20000"
#define PARTS_MAX "100000"

/*
 * A ref is a file, and each part of its name but the last a folder: without bounds one push could make more of them than
 * the disk takes, before they are counted. A name has at least three parts.
 */
static const char hook[] =
	"#!/bin/sh\n"
	"parts=$(tr -cd '/\\n' | head -c $((" PARTS_MAX " + 1)))\n"
	"if [ \"$(printf '%s\\n' \"$parts\" | wc -l)\" -gt " REFS_MAX " ]; then\n"
	"	echo 'more than " REFS_MAX " refs in one push: push them in parts' >&2\n"
	"	exit 1\n"
	"fi\n"
	"[ ${#parts} -le " PARTS_MAX " ] && exit\n"
	"echo 'the names of the refs have more than " PARTS_MAX " parts: push fewer at once, or of shorter names' >&2\n"
	"exit 1\n";

static const char *const settings[][2] = {
	{"safe.directory", "*"},
	{"core.hooksPath", HOOKS},
	{"core.bigFileThreshold", "16m"},
	{"core.packedGitWindowSize", "32m"},
	{"core.packedGitLimit", "256m"},
	{"core.deltaBaseCacheLimit", "64m"},
	{"core.logAllRefUpdates", "false"},
	{"gc.auto", "0"},
	{"maintenance.auto", "false"},
	{"pack.threads", "1"},
	{"pack.windowMemory", "64m"},
	{"pack.deltaCacheSize", "32m"},
	{"transfer.fsckObjects", "true"},
	{"transfer.unpackLimit", "1"},
	{"transfer.advertiseSID", "false"},
	{"transfer.advertiseObjectInfo", "false"},
	{"receive.fsckObjects", "true"},
	/* Histories of old have these, and nobody is misled by them. */
	{"receive.fsck.zeroPaddedFilemode", "ignore"},
	{"receive.fsck.badTimezone", "ignore"},
	{"receive.unpackLimit", "1"},
	{"receive.autogc", "false"},
	{"receive.advertisePushOptions", "false"},
	{"receive.denyDeleteCurrent", "ignore"},
	{"receive.shallowUpdate", "false"},
	{"receive.updateServerInfo", "false"},
	/* What waits in a record to be merged is no branch. */
	{"uploadpack.hideRefs", "refs/task"},
	{"uploadpack.allowFilter", "false"},
	{"uploadpack.allowRefInWant", "false"},
	{"uploadpack.allowTipSHA1InWant", "false"},
	{"uploadpack.allowReachableSHA1InWant", "false"},
	{"uploadpack.allowAnySHA1InWant", "false"},
};

static void
add_setting(struct strs *env, size_t n, const char *name, const char *value)
{
	strs_take(env, xasprintf("GIT_CONFIG_KEY_%zu=%s", n, name));
	strs_take(env, xasprintf("GIT_CONFIG_VALUE_%zu=%s", n, value));
}

static void
make_env(const struct git_box *b, struct strs *env)
{
	const char *protocol = getenv("GIT_PROTOCOL");
	AUTO(free) char *max = xasprintf("%lld", (long long)b->max_bytes);
	size_t n = ARRAY_SIZE(settings);

	strs_add(env, "PATH=/usr/bin:/bin");
	strs_add(env, "HOME=/");
	strs_add(env, "LC_ALL=C.UTF-8");
	strs_add(env, "GIT_CONFIG_NOSYSTEM=1");
	strs_add(env, "GIT_CONFIG_GLOBAL=/dev/null");
	strs_add(env, "GIT_ATTR_NOSYSTEM=1");
	strs_add(env, "GIT_NO_REPLACE_OBJECTS=1");
	if (protocol)
		strs_take(env, xasprintf("GIT_PROTOCOL=%s", protocol));
	for (size_t i = 0; i < n; i++)
		add_setting(env, i, settings[i][0], settings[i][1]);
	add_setting(env, n, "receive.maxInputSize", max);
	strs_take(env, xasprintf("GIT_CONFIG_COUNT=%zu", n + 1));
	strs_take(env, NULL);
}

static void
make_argv(const struct git_box *b, int filter, int hooks, struct strs *argv)
{
	static const char *const box[] = {"bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
	    "--cap-drop", "ALL", "--hostname", "artel", "--ro-bind", "/usr", "/usr", "--ro-bind-try", "/bin", "/bin",
	    "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib32", "/lib32", "--ro-bind-try", "/lib64", "/lib64",
	    "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dev-bind", "/dev/null", "/dev/null",
	    "--dev-bind", "/dev/urandom", "/dev/urandom"};

	for (size_t i = 0; i < ARRAY_SIZE(box); i++)
		strs_add(argv, box[i]);
	strs_add(argv, b->push ? "--bind" : "--ro-bind");
	strs_add(argv, ".");
	strs_add(argv, b->path);
	strs_add(argv, "--perms");
	strs_add(argv, "0555");
	strs_add(argv, "--ro-bind-data");
	strs_take(argv, xasprintf("%d", hooks));
	strs_add(argv, HOOKS "/pre-receive");
	strs_add(argv, "--remount-ro");
	strs_add(argv, "/");
	strs_add(argv, "--chdir");
	strs_add(argv, "/");
	strs_add(argv, "--seccomp");
	strs_take(argv, xasprintf("%d", filter));
	strs_add(argv, "git");
	strs_add(argv, b->push ? "receive-pack" : "upload-pack");
	if (!b->push) {
		strs_add(argv, "--strict");
		strs_add(argv, "--timeout=600");
	}
	strs_add(argv, b->path);
	strs_take(argv, NULL);
}

/* The hook as an open file that bubblewrap reads. */
static int
hook_file(struct err *err)
{
	AUTO(close) int fd = memfd_create("hook", 0);

	if (fd < 0 || file_write_fd(fd, hook, sizeof(hook) - 1, err) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err->code ? -1 : err_sys(err, "a hook for git");
	return STEAL_FD(fd);
}

/* With less memory for it than we may have. */
static pid_t
start(const struct spawn *s, struct err *err)
{
	struct rlimit was, less;
	pid_t pid;

	getrlimit(RLIMIT_DATA, &was);
	less = was;
	less.rlim_cur = was.rlim_cur < MEMORY_MAX ? was.rlim_cur : MEMORY_MAX;
	setrlimit(RLIMIT_DATA, &less);
	pid = spawn_start(s, err);
	setrlimit(RLIMIT_DATA, &was);
	return pid;
}

int
git_box_run(const struct git_box *b, struct ended *ended, struct err *err)
{
	AUTO(strs_fini) struct strs argv = {0};
	AUTO(strs_fini) struct strs env = {0};
	AUTO(free) char *folder = xasprintf("/proc/self/fd/%d", b->repository);
	AUTO(close) int filter = confine_filter(err);
	AUTO(close) int hooks = filter < 0 ? -1 : hook_file(err);
	AUTO(close) int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	AUTO(close) int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	struct spawn s = {.cwd = folder, .in = in, .out = out, .keep = filter};
	pid_t pid;

	if (filter < 0 || hooks < 0)
		return -1;
	if (in < 0 || out < 0)
		return err_sys(err, "standard input and output");
	make_argv(b, filter, hooks, &argv);
	make_env(b, &env);
	s.argv = (const char *const *)argv.p;
	s.env = (const char *const *)env.p;
	pid = start(&s, err);
	if (pid < 0)
		return err->code == ENOENT ? err_ctx(err, "install the package bubblewrap") : -1;
	return spawn_wait(pid, 0, ended, err);
}
