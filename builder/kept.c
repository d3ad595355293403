/*
 * The name kept/<n>.how is what makes a root kept: it is written before the
 * folder comes and goes after it, so whatever kills us in between leaves nothing
 * that is not seen here, and trimmed. Nothing that ran in the root could write
 * to it. Who is in a root has a shared lock on it; who removes one needs an
 * exclusive lock.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "builder/job.h"
#include "builder/kept.h"

enum { KEPT_VERSION = 1, HOW_MAX = 64 << 10, DAY_MS = 86400000 };

AUTO_DEFINE(DIR *, closedir);

void
kept_fini(struct kept *k)
{
	free(k->label);
	free(k->base);
	*k = (struct kept){0};
}

static void
pack(struct str *out, const struct kept *k)
{
	pack_u32(out, KEPT_VERSION);
	pack_u64(out, (uint64_t)k->task);
	pack_u64(out, (uint64_t)k->when);
	pack_text(out, k->label);
	pack_text(out, k->base);
	pack_u32(out, k->ids.first);
	pack_u32(out, k->ids.count);
	pack_u32(out, k->base_first);
	pack_u64(out, (uint64_t)k->source_date_epoch);
	pack_u32(out, (uint32_t)k->jobs);
	pack_u32(out, k->network);
	pack_u32(out, k->bits32);
}

static int
unpack(const struct str *raw, const char *name, struct kept *k, struct err *err)
{
	struct unpack u = unpack_begin(raw->p, raw->n);

	if (unpack_u32(&u) != KEPT_VERSION)
		return err_set(err, EBADMSG, "%s: kept by another version", name);
	k->task = (int64_t)unpack_u64(&u);
	k->when = (int64_t)unpack_u64(&u);
	k->label = unpack_text(&u);
	k->base = unpack_text(&u);
	k->ids.first = unpack_u32(&u);
	k->ids.count = unpack_u32(&u);
	k->base_first = unpack_u32(&u);
	k->source_date_epoch = (int64_t)unpack_u64(&u);
	k->jobs = (int)unpack_u32(&u);
	k->network = unpack_u32(&u) != 0;
	k->bits32 = unpack_u32(&u) != 0;
	return unpack_end(&u, name, err);
}

static char *
how_path(const char *name)
{
	return xasprintf("kept/%s.how", name);
}

int
kept_get(int dir, const char *name, struct kept *out, int *lock, struct err *err)
{
	AUTO(free) char *how = how_path(name);
	AUTO(close) int fd = openat(dir, how, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	AUTO(str_fini) struct str raw = {0};

	if (fd < 0)
		return errno == ENOENT ? KEPT_ABSENT : err_sys(err, "open %s", how);
	if (flock(fd, LOCK_SH) < 0)
		return err_sys(err, "lock %s", how);
	/* It may have been removed before we had the lock. */
	if (!file_exists(dir, how))
		return KEPT_ABSENT;
	if (file_read_fd(fd, HOW_MAX, &raw, err) < 0 || unpack(&raw, name, out, err) < 0)
		return -1;
	*lock = STEAL_FD(fd);
	return 0;
}

/* 0 also if someone is in it. */
static int
drop(const struct job_conf *conf, const char *name, const struct sandbox_ids *ids, struct err *err)
{
	const struct sandbox box = {.ids = *ids, .dir = conf->state};
	AUTO(free) char *how = how_path(name);
	AUTO(free) char *folder = xasprintf("kept/%s", name);
	AUTO(close) int fd = openat(conf->dir, how, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open %s", how);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : err_sys(err, "lock %s", how);
	if (sandbox_remove_tree(&box, folder, err) < 0)
		return -1;
	return unlinkat(conf->dir, how, 0) < 0 && errno != ENOENT ? err_sys(err, "remove %s", how) : 0;
}

struct found {
	char *name;
	struct kept kept;
};

struct found_list {
	struct found *p;
	size_t n, cap;
};

static void
found_list_fini(struct found_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].name);
		kept_fini(&l->p[i].kept);
	}
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct found_list, found_list_fini);

static int
newest_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->kept.when < y->kept.when ? 1 : x->kept.when > y->kept.when ? -1 : strcmp(x->name, y->name);
}

/* All, newest first. What cannot be read counts as the oldest. */
static int
find_all(const struct job_conf *conf, struct found_list *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/kept", conf->state);
	AUTO(closedir) DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "open %s", path);
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);
		struct found f = {0};
		struct err ignored;
		int lock = -1;

		if (n < 5 || strcmp(e->d_name + n - 4, ".how") != 0)
			continue;
		f.name = xstrndup(e->d_name, n - 4);
		if (kept_get(conf->dir, f.name, &f.kept, &lock, &ignored)) {
			kept_fini(&f.kept);
			f.kept.ids = conf->ids;
		}
		if (lock >= 0)
			close(lock);
		vec_push(out, f);
	}
	if (out->n)
		qsort(out->p, out->n, sizeof(*out->p), newest_first);
	return 0;
}

int
kept_forget(const struct job_conf *conf, int64_t task, struct err *err)
{
	AUTO(found_list_fini) struct found_list all = {0};
	int r = find_all(conf, &all, err);

	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.p[i].kept.task == task)
			r = drop(conf, all.p[i].name, &all.p[i].kept.ids, err);
	return r;
}

int
kept_trim(const struct job_conf *conf, struct err *err)
{
	AUTO(found_list_fini) struct found_list all = {0};
	int r = find_all(conf, &all, err);

	for (size_t i = 0; i < all.n && r == 0; i++)
		if (i >= (size_t)conf->keep_max || now_ms() - all.p[i].kept.when > (int64_t)conf->keep_days * DAY_MS)
			r = drop(conf, all.p[i].name, &all.p[i].kept.ids, err);
	return r;
}

int
kept_add(const struct job_conf *conf, const char *name, const struct kept *k, struct err *err)
{
	AUTO(free) char *how = how_path(name);
	AUTO(free) char *from = xasprintf("job/%s", name);
	AUTO(free) char *to = xasprintf("kept/%s", name);
	AUTO(found_list_fini) struct found_list all = {0};
	AUTO(str_fini) struct str raw = {0};

	if (find_all(conf, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.n; i++)
		if (all.p[i].kept.label && strcmp(all.p[i].kept.label, k->label) == 0 &&
		    drop(conf, all.p[i].name, &all.p[i].kept.ids, err) < 0)
			return -1;
	pack(&raw, k);
	if (file_replace(conf->dir, how, raw.p, raw.n, 0600, err) < 0)
		return -1;
	if (renameat(conf->dir, from, conf->dir, to) < 0)
		return err_sys(err, "keep %s", from);
	return kept_trim(conf, err);
}
