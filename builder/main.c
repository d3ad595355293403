/* artel-builder: build and test what the scheduler hands out. See artel-builder(8). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/options.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/cgroup.h"
#include "builder/daemon.h"
#include "builder/enter.h"
#include "builder/guard.h"
#include "builder/memory.h"
#include "builder/rebuild.h"
#include "wire/features.h"
#include "wire/limits.h"

static struct {
	char *name, *arches, *features, *memory, *state, *connect, *cache, *rebuild, *out, *enter;
	int slots, jobs, uid_base, keep, keep_max, keep_days, stall, check;
} conf = {.slots = 1, .keep_max = 16, .keep_days = 7, .stall = 60};

#define CACHE "20G"

static const struct poptOption options[] = {
	{"name", 'n', POPT_ARG_STRING, &conf.name, 0, "This builder's name (default: the host's)", "NAME"},
	{"arch", 'a', POPT_ARG_STRING, &conf.arches, 0, "Architectures, blank-separated (default: the host's)", "LIST"},
	{"slots", 's', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.slots, 0, "Jobs at once", "N"},
	{"features", '\0', POPT_ARG_STRING, &conf.features, 0, "What it has that packages may need, blank-separated: kvm bigmem", "LIST"},
	{"memory", '\0', POPT_ARG_STRING, &conf.memory, 0, "For all its jobs together (default: the host's, less a reserve)", "SIZE"},
	{"jobs", 'j', POPT_ARG_INT, &conf.jobs, 0, "make -j of a build (default: processors / slots)", "N"},
	{"state", '\0', POPT_ARG_STRING, &conf.state, 0, "Folder for roots and caches (default: ROOT/builder/NAME)", "DIR"},
	{"connect", 'c', POPT_ARG_STRING, &conf.connect, 0, "Reach the farm by the stdio of this command", "CMD"},
	{"stall", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.stall, 0, "A transfer that stands still so long is begun again", "SECONDS"},
	{"uid-base", '\0', POPT_ARG_INT, &conf.uid_base, 0, "As root: first of 65536 ids for builds (default: 1000000)", "UID"},
	{"cache", '\0', POPT_ARG_STRING, &conf.cache, 0, "How large cache and base roots may become (default: " CACHE ")", "SIZE"},
	{"keep-failed", '\0', POPT_ARG_NONE, &conf.keep, 0, "Keep the root of every job that fails", NULL},
	{"keep-max", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.keep_max, 0, "Kept roots at most", "N"},
	{"keep-days", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.keep_days, 0, "How long they are kept", "N"},
	{"enter", '\0', POPT_ARG_STRING, &conf.enter, 0, "Run a shell or COMMAND in a kept root", "JOB.ATTEMPT"},
	{"rebuild", '\0', POPT_ARG_STRING, &conf.rebuild, 0, "Build again what this record (an artefact) says, then exit", "SHA256"},
	{"out", '\0', POPT_ARG_STRING, &conf.out, 0, "With --rebuild: folder for what it makes (default: .)", "DIR"},
	{"check", '\0', POPT_ARG_NONE, &conf.check, 0, "Print how each limit of a job is kept on this host, and exit", NULL},
	OPTIONS_COMMON
};

static char *
state_folder(const char *host)
{
	return conf.state ? xstrdup(conf.state) : xasprintf("%s/builder/%s", options_common.root, conf.name ? conf.name : host);
}

static int
rebuild(struct job_conf *job, struct err *err)
{
	AUTO(close) int out = file_open_dir(AT_FDCWD, conf.out ? conf.out : ".", err);

	job->out = out;
	return out < 0 ? -1 : rebuild_run(job, conf.rebuild, err);
}

/*
 * One builder works in a folder, by lock: a second connection of one name from the same folder of the same boot is
 * the same builder, whose first one is gone. Nothing of it is stored, so that a copied disk does not make two hosts one.
 */
static int
origin_of(int dir, char origin[SHA256_HEX + 1], struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	struct stat st;

	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text, err))
		return err->code ? -1 : err_set(err, ENOENT, "/proc/sys/kernel/random/boot_id is missing");
	if (fstat(dir, &st) < 0)
		return err_sys(err, "stat the state folder");
	str_add(&text, " %llu %llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	memcpy(origin, hash_bytes(text.p, text.n).hex, SHA256_HEX + 1);
	return 0;
}

static int
conf_size(const char *option, const char *text, uint64_t *out, struct err *err)
{
	AUTO(free) char *limit = xasprintf("memory=%s", text);
	struct limits l = {0};

	if (limits_parse(&l, limit, err) < 0 || strchr(limit, ' '))
		return err_set(err, EINVAL, "--%s: `%s` is not a size such as " CACHE, option, text);
	*out = l.memory_bytes;
	return 0;
}

/* What jobs are chosen by. The features in *text are those of the option, with single blanks. */
static int
conf_offer(struct daemon_conf *d, char **text, struct err *err)
{
	AUTO(strs_fini) struct strs features = {0};

	if (features_parse(conf.features ? conf.features : "", &features, err) < 0)
		return err_ctx(err, "--features");
	d->features = *text = strs_join(&features, " ");
	d->memory = conf.memory ? 0 : memory_for_jobs();
	return conf.memory ? conf_size("memory", conf.memory, &d->memory, err) : 0;
}

/* Which groups there are, what is left of an earlier builder's, and a line for each limit. `groups` holds STATE/groups. */
static int
find_groups(const struct daemon_conf *d, struct cgroups *groups, struct err *err)
{
	AUTO(str_fini) struct str old = {0};
	AUTO(str_fini) struct str paths = {0};
	AUTO(strs_fini) struct strs table = {0};
	AUTO(free) char *prefix = NULL;
	struct stat st;

	/* The folder is locked: no other builder of the host has this prefix. */
	if (fstat(d->job.dir, &st) < 0)
		return err_sys(err, "%s", d->job.state);
	prefix = xasprintf("artel.%s.%llx-%llu.", d->job.name, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (cgroups_find(groups, prefix, err) < 0 || file_read(d->job.dir, "groups", 1 << 20, &old, err) < 0)
		return -1;
	cgroups_sweep(groups, str_c(&old));
	cgroups_paths(groups, &paths);
	if (strcmp(str_c(&old), str_c(&paths)) != 0 &&
	    file_replace(d->job.dir, "groups", str_c(&paths), paths.n, 0644, err) < 0)
		return -1;
	guard_table(groups, &table);
	for (size_t i = 0; i < table.n && !conf.rebuild; i++)
		log_at(strstr(table.p[i], "NOT") ? LOG_WARN : LOG_INFO, "limits: %s", table.p[i]);
	return 0;
}

/* 0 when all are kept, 1 when not. */
static int
check(void)
{
	AUTO(cgroups_fini) struct cgroups groups = {0};
	AUTO(strs_fini) struct strs table = {0};
	AUTO(free) char *prefix = xasprintf("artel.check.%d.", (int)getpid());
	struct err err = {0};
	bool all;

	if (cgroups_find(&groups, prefix, &err) < 0) {
		log_at(LOG_ERROR, "%s", err.msg);
		return 1;
	}
	all = guard_table(&groups, &table);
	for (size_t i = 0; i < table.n; i++)
		printf("%s\n", table.p[i]);
	return all ? 0 : 1;
}

static int
run(const char *host, struct err *err)
{
	AUTO(free) char *state = state_folder(host);
	struct daemon_conf d = {.arches = conf.arches, .slots = conf.slots, .job = {.name = conf.name ? conf.name : host,
	    .root = options_common.root, .connect = conf.connect, .jobs = conf.jobs, .keep = conf.keep,
	    .keep_max = conf.keep_max, .keep_days = conf.keep_days, .stall_ms = conf.stall * 1000ll}};
	AUTO(cgroups_fini) struct cgroups groups = {0};
	AUTO(free) char *features = NULL;
	char absolute[PATH_MAX];
	AUTO(close) int held = -1;
	int r;

	if (conf.rebuild && !hash_valid(conf.rebuild))
		return err_set(err, EINVAL, "--rebuild: `%s` is not a SHA-256", conf.rebuild);
	if (conf_size("cache", conf.cache ? conf.cache : CACHE, &d.cache, err) < 0 || conf_offer(&d, &features, err) < 0)
		return -1;
	if (!text_is_name(d.job.name))
		return err_set(err, EINVAL, "--name: `%s` cannot be a name", d.job.name);
	if (sandbox_ids_find(&d.job.ids, (unsigned)conf.uid_base, err) < 0 || file_mkdirs(AT_FDCWD, state, err) < 0)
		return -1;
	if (!realpath(state, absolute))
		return err_sys(err, "%s", state);
	d.job.state = absolute;
	d.job.dir = file_open_dir(AT_FDCWD, absolute, err);
	if (d.job.dir < 0)
		return -1;
	r = file_lock(d.job.dir, "lock", &held, err);
	if (r)
		return r < 0 ? -1 : err_set(err, EBUSY, "%s: another builder works in this folder", absolute);
	if (origin_of(d.job.dir, d.origin, err) < 0 || find_groups(&d, &groups, err) < 0)
		return -1;
	d.job.groups = &groups;
	return conf.rebuild ? rebuild(&d.job, err) : daemon_run(&d, err);
}

/* The command's exit status. */
static int
enter(const char *host, struct strs *words, struct err *err)
{
	AUTO(free) char *state = state_folder(host);
	struct enter e = {.name = conf.enter};
	char absolute[PATH_MAX];
	int status = 0;

	if (!text_is_name(conf.enter))
		return err_set(err, EINVAL, "--enter: `%s` is not JOB.ATTEMPT", conf.enter);
	if (!realpath(state, absolute))
		return err_sys(err, "%s", state);
	strs_take(words, NULL);
	e.state = absolute;
	e.words = (const char *const *)words->p;
	return enter_run(&e, &status, err) < 0 ? -1 : status;
}

int
main(int argc, const char **argv)
{
	AUTO(strs_fini) struct strs words = {0};
	struct utsname host;
	struct err err = {0};
	int r;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	options_parse(argc, argv, "artel-builder", "builder", options, "[OPTION...] [--enter JOB.ATTEMPT [-- COMMAND...]]", 1, &words);
	if (conf.check)
		return check();
	uname(&host);
	if (words.n && !conf.enter) {
		fprintf(stderr, "artel-builder: `%s` is not expected here\n", words.p[0]);
		return EXIT_USAGE;
	}
	if (!conf.arches)
		conf.arches = host.machine;
	if (conf.slots < 1 || conf.slots > 256 || conf.stall < 1) {
		fprintf(stderr, "artel-builder: --slots is 1 to 256, --stall is positive\n");
		return EXIT_USAGE;
	}
	if (conf.keep_max < 0 || conf.keep_days < 0 || conf.keep_days > 10000) {
		fprintf(stderr, "artel-builder: --keep-max and --keep-days are 0 or more\n");
		return EXIT_USAGE;
	}
	if (conf.jobs < 1 && !conf.rebuild)
		conf.jobs = cpus > conf.slots ? (int)(cpus / conf.slots) : 1;
	signal(SIGPIPE, SIG_IGN);
	r = conf.enter ? enter(host.nodename, &words, &err) : run(host.nodename, &err) ? -1 : 0;
	if (r < 0)
		log_at(LOG_ERROR, "%s", err.msg);
	return r < 0 ? EXIT_FAILURE : r;
}
