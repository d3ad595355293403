/*
 * The folder is walked by base/disk-use.h. A file without a name that is still open is not found so: it is looked for
 * when more of the file system has gone than the walk explains.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/cgroup.h"
#include "builder/disk.h"
#include "builder/unnamed.h"
#include "wire/limits.h"

/* How often the folder is walked at least, and how long a walk may take; it rests four times as long as it took. */
enum { WALK_EVERY_MS = 15000, WALK_MS = 20000, REST_TIMES = 4, REST_MS = 250 };
enum { UNNAMED_MS = 300, UNNAMED_MIN = 256 << 20 };

struct inside {
	const char *path;
	struct disk_use max;
};

/* In a sandbox: there the job's files can be read, whoever the builder is. The answer goes to its stdout. */
static int
measure_inside(void *arg, struct err *err)
{
	const struct inside *in = arg;
	AUTO(free) char *path = xasprintf(SANDBOX_DIR "/%s", in->path);
	struct disk_use use;

	if (disk_measure(AT_FDCWD, path, &in->max, tick_ms() + WALK_MS, &use, err) < 0)
		return -1;
	return file_write_fd(STDOUT_FILENO, &use, sizeof(use), err);
}

static int
start_walk(struct disk *d, struct err *err)
{
	const struct sandbox_bind only = {.path = d->path};
	struct sandbox box = *d->box;
	struct inside in = {d->path, d->max};
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	box.log = fds[1];
	box.binds = &only;
	box.n_binds = 1;
	box.network = false;
	r = sandbox_start(&box, measure_inside, &in, &d->walk, err);
	close(fds[1]);
	d->walked = tick_ms();
	if (r < 0) {
		close(fds[0]);
		d->walk.pid = 0;
		return -1;
	}
	d->answer = fds[0];
	return 0;
}

static void
found(struct disk *d, const struct disk_use *use)
{
	d->last = *use;
	d->peak.bytes = use->bytes > d->peak.bytes ? use->bytes : d->peak.bytes;
	d->peak.files = use->files > d->peak.files ? use->files : d->peak.files;
}

/* If more has gone than was found, it may be in files without a name. */
static void
add_unnamed(const struct disk *d, struct disk_use *use)
{
	AUTO(strs_fini) struct strs pids = {0};
	uint64_t gone = d->at_first > d->free_bytes ? d->at_first - d->free_bytes : 0;

	if (!d->group || gone < use->bytes + (d->max.bytes ? d->max.bytes / 4 : UNNAMED_MIN))
		return;
	cgroup_pids(d->group, &pids);
	use->bytes += unnamed_bytes(&pids, d->dir, tick_ms() + UNNAMED_MS);
}

/* What the walker found; waits for it. */
static int
take_walk(struct disk *d, struct err *err)
{
	struct disk_use use;
	ssize_t n;

	while ((n = read(d->answer, &use, sizeof(use))) < 0 && errno == EINTR)
		;
	close(d->answer);
	d->answer = -1;
	if (sandbox_wait(&d->walk, err) < 0) {
		d->walk.pid = 0;
		return -1;
	}
	d->walk.pid = 0;
	if (n != sizeof(use))
		return err_set(err, EIO, "the look at %s said nothing", d->path);
	add_unnamed(d, &use);
	found(d, &use);
	d->next = tick_ms() + REST_TIMES * (tick_ms() - d->walked) + REST_MS;
	return 0;
}

static void
stop_walk(struct disk *d)
{
	struct err ignored;

	if (d->walk.pid <= 0)
		return;
	sandbox_kill(&d->walk);
	take_walk(d, &ignored);
}

static int
judge(const struct disk *d, struct err *err)
{
	AUTO(str_fini) struct str limit = {0};

	if (d->max.bytes && d->last.bytes > d->max.bytes) {
		limits_put_bytes(&limit, d->max.bytes);
		err_set(err, EFBIG, "used more disk than allowed (%s)", str_c(&limit));
		return DISK_PASSED;
	}
	if (d->max.files && d->last.files > d->max.files) {
		limits_put_count(&limit, d->max.files);
		err_set(err, EMFILE, "made more files than allowed (%s)", str_c(&limit));
		return DISK_PASSED;
	}
	return 0;
}

/* The file system. */

struct space {
	uint64_t bytes, files;		/* free */
	uint64_t all_bytes, all_files;	/* files: 0 where the file system has no fixed number of them */
};

static int
ask_space(const struct disk *d, struct space *s)
{
	struct statvfs v;

	if (fstatvfs(d->dir, &v) < 0)
		return -1;
	*s = (struct space){v.f_bavail * v.f_frsize, v.f_favail, v.f_blocks * v.f_frsize, v.f_files};
	return 0;
}

/*
 * Kept free for the others: 2 % of the file system, at most 512 MiB and 10 000 files. Who holds less than that itself may go
 * on until a quarter of it is left, as another one is to blame.
 */
static bool
nearly_full(const struct disk *d, const struct space *s)
{
	uint64_t bytes = s->all_bytes / 50 < 512ull << 20 ? s->all_bytes / 50 : 512ull << 20;
	uint64_t files = s->all_files / 50 < 10000 ? s->all_files / 50 : 10000;
	bool less_bytes = d->last.bytes < bytes, less_files = d->last.files < files;

	return s->bytes < (less_bytes ? bytes / 4 : bytes) || s->files < (less_files ? files / 4 : files);
}

/* Whether so much has gone that the job, if it was all of it, comes near its limit, or takes half of what there was. */
static bool
worth_a_walk(const struct disk *d, const struct space *s)
{
	uint64_t bytes = d->free_bytes > s->bytes ? d->free_bytes - s->bytes : 0;
	uint64_t files = d->free_files > s->files ? d->free_files - s->files : 0;

	if (tick_ms() < d->next)
		return false;
	return tick_ms() > d->walked + WALK_EVERY_MS || s->bytes < d->free_bytes / 2 ||
	    (d->max.bytes && bytes > (d->max.bytes - (d->last.bytes < d->max.bytes ? d->last.bytes : d->max.bytes)) / 2) ||
	    (d->max.files && files > (d->max.files - (d->last.files < d->max.files ? d->last.files : d->max.files)) / 2);
}

void
disk_begin(struct disk *d, const struct sandbox *box, int dir, const char *path, const struct disk_use *max)
{
	struct space s = {0};

	*d = (struct disk){.box = box, .dir = dir, .path = xstrdup(path), .max = *max, .answer = -1, .walked = tick_ms()};
	ask_space(d, &s);
	d->at_first = d->free_bytes = s.bytes;
	d->free_files = s.files;
}

void
disk_end(struct disk *d)
{
	stop_walk(d);
	free(d->path);
	d->path = NULL;
}

int
disk_fd(const struct disk *d)
{
	return d->walk.pid > 0 ? d->answer : -1;
}

static bool
answered(const struct disk *d)
{
	struct pollfd p = {.fd = d->answer, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

int
disk_look(struct disk *d, struct err *err)
{
	struct space s;

	if (d->walk.pid > 0)
		return !answered(d) ? 0 : take_walk(d, err) < 0 ? -1 : judge(d, err);
	if (ask_space(d, &s) < 0)
		return err_sys(err, "ask for free space");
	if (nearly_full(d, &s)) {
		err_set(err, ENOSPC, "the builder's disk is nearly full");
		return DISK_FULL;
	}
	if (!worth_a_walk(d, &s))
		return 0;
	d->free_bytes = s.bytes;
	d->free_files = s.files;
	return start_walk(d, err);
}

int
disk_last(struct disk *d, struct err *err)
{
	struct disk_use use;

	stop_walk(d);
	if (geteuid() != 0) {
		if (start_walk(d, err) < 0 || take_walk(d, err) < 0)
			return -1;
		return judge(d, err);
	}
	if (disk_measure(d->dir, d->path, &d->max, tick_ms() + WALK_MS, &use, err) < 0)
		return -1;
	found(d, &use);
	return judge(d, err);
}
