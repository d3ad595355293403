/* What no state and no task needs any more. The database forgets first: a kill leaves files, never a name without one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "merger/history.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "repo/publish.h"
#include "schema/build.h"
#include "schema/repository.h"
#include "schema/store.h"

struct numbers {
	int64_t *p;
	size_t n, cap;
};

struct sweep {
	struct store *s;
	const struct repository *repository;
	struct numbers kept, dropped;
	struct strs pool;		/* files to remove */
	bool dry;
	struct history_swept *out;
};

static bool
has(const struct numbers *l, int64_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i] == n)
			return true;
	return false;
}

/* Which states stay: the newest, the current one, and those that unfinished tasks stand on. */
static int
choose(struct sweep *w, int64_t keep, struct err *err)
{
	struct numbers needed = {0};
	sqlite3_stmt *q = store_query(w->s, STMT_STATE_NEEDED, err, "s", w->repository->name);
	int r;

	while ((r = store_row(w->s, q, err)) > 0)
		vec_push(&needed, store_int(q, 0));
	q = r == 0 ? store_query(w->s, STMT_STATE_SERIALS, err, "s", w->repository->name) : NULL;
	while (r == 0 && (r = store_row(w->s, q, err)) > 0) {
		int64_t serial = store_int(q, 0);
		bool stays = (int64_t)w->kept.n < keep || serial == w->repository->serial || has(&needed, serial);

		vec_push(stays ? &w->kept : &w->dropped, serial);
		r = 0;
	}
	vec_fini(&needed);
	return r;
}

static bool
in_kept(const struct sweep *w, int64_t since, int64_t until)
{
	for (size_t i = 0; i < w->kept.n; i++)
		if (since <= w->kept.p[i] && w->kept.p[i] < until)
			return true;
	return false;
}

struct ended {
	char *arch, *sha256, *file;
	int64_t since;
};

static int
forget_member(struct sweep *w, const struct ended *e, struct err *err)
{
	sqlite3_stmt *q;
	int64_t left = 0;
	int r;

	if (store_run(w->s, STMT_MEMBER_FORGET, err, "sssi", w->repository->name, e->arch, e->sha256, e->since) < 0)
		return -1;
	q = store_query(w->s, STMT_MEMBER_COUNT, err, "ss", w->repository->name, e->sha256);
	while ((r = store_row(w->s, q, err)) > 0)
		left = store_int(q, 0);
	if (r == 0 && left == 0) {
		AUTO(free) char *where = facts_location(e->file, e->sha256);

		strs_take(&w->pool, xasprintf("repo/%s/pool/%s", w->repository->name, where));
		w->out->packages++;
	}
	return r;
}

static int
forget_members(struct sweep *w, struct err *err)
{
	VEC(struct ended) ended = {0};
	sqlite3_stmt *q = store_query(w->s, STMT_MEMBER_ENDED, err, "s", w->repository->name);
	int r;

	while ((r = store_row(w->s, q, err)) > 0)
		if (!in_kept(w, store_int(q, 2), store_int(q, 3)))
			vec_push(&ended, ((struct ended){xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1)),
			    xstrdup(store_text(q, 4)), store_int(q, 2)}));
	for (size_t i = 0; i < ended.n; i++) {
		if (r == 0)
			r = forget_member(w, &ended.p[i], err);
		free(ended.p[i].arch);
		free(ended.p[i].sha256);
		free(ended.p[i].file);
	}
	vec_fini(&ended);
	return r;
}

/* In one transaction, which a dry run takes back. */
static int
forget(struct sweep *w, struct err *err)
{
	int64_t oldest = w->repository->serial;

	for (size_t i = 0; i < w->kept.n; i++)
		oldest = w->kept.p[i] < oldest ? w->kept.p[i] : oldest;
	for (size_t i = 0; i < w->dropped.n; i++)
		if (store_run(w->s, STMT_STATE_FORGET, err, "si", w->repository->name, w->dropped.p[i]) < 0)
			return -1;
	w->out->states = (int64_t)w->dropped.n;
	if (forget_members(w, err) < 0 || store_run(w->s, STMT_OUTPUT_EXPIRE, err, "si", w->repository->name, oldest) < 0)
		return -1;
	return store_run(w->s, STMT_PACKAGE_EXPIRE, err, "");
}

static int
references(struct sweep *w, struct map *out, struct err *err)
{
	sqlite3_stmt *q = store_query(w->s, STMT_ARTEFACT_REFERENCES, err, "");
	int r;

	while ((r = store_row(w->s, q, err)) > 0)
		map_add(out, store_text(q, 0));
	return r;
}

static int
sweep_folder(struct sweep *w, const char *two, const struct map *named, time_t before, struct err *err)
{
	AUTO(free) char *path = xasprintf("artefact/%s", two);
	int fd = file_open_dir(w->s->dir, path, err);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO(free) char *sha = xasprintf("%s%s", two, e->d_name);
		struct stat st;

		if (!hash_valid(sha) || map_find(named, sha) != MAP_NONE || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_mtime > before)
			continue;
		if (!w->dry && unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT) {
			closedir(d);
			return err_sys(err, "remove %s/%s", path, e->d_name);
		}
		w->out->artefacts++;
		w->out->bytes += st.st_size;
	}
	if (d)
		closedir(d);
	return fd < 0 ? -1 : 0;
}

static int
sweep_artefacts(struct sweep *w, const struct map *named, struct err *err)
{
	int fd = file_open_dir(w->s->dir, "artefact", err);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = fd < 0 ? -1 : 0;

	while (d && r == 0 && (e = readdir(d)))
		if (strlen(e->d_name) == 2 && strspn(e->d_name, "0123456789abcdef") == 2)
			r = sweep_folder(w, e->d_name, named, time(NULL) - HISTORY_MIN_AGE_S, err);
	if (d)
		closedir(d);
	return r;
}

/* Live logs of attempts that have ended: run/log/JOB.ATTEMPT. The last one's is an artefact as well. */
static int
sweep_logs(struct sweep *w, time_t before, struct err *err)
{
	int fd = file_open_dir(w->s->dir, "run/log", err);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = fd < 0 ? -1 : 0;

	while (d && r == 0 && (e = readdir(d))) {
		AUTO(job_fini) struct job j = {0};
		AUTO(free) char *id = xstrndup(e->d_name, strcspn(e->d_name, "."));
		int64_t job = text_number(id, INT64_MAX);
		struct stat st;

		if (job < 0 || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime > before)
			continue;
		r = job_get(w->s, job, &j, err) < 0 ? -1 : 0;
		if (r < 0 || (j.id && j.state <= JOB_RUNNING))
			continue;
		if (!w->dry && unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
			r = err_sys(err, "remove run/log/%s", e->d_name);
		w->out->bytes += st.st_size;
	}
	if (d)
		closedir(d);
	return r;
}

static int
remove_files(struct sweep *w, struct err *err)
{
	for (size_t i = 0; i < w->dropped.n; i++)
		for (size_t a = 0; a < w->repository->arches.n; a++)
			if (publish_abandon(w->s->dir, w->repository->name, w->repository->arches.p[a], w->dropped.p[i], err) < 0)
				return -1;
	for (size_t i = 0; i < w->pool.n; i++)
		if (unlinkat(w->s->dir, w->pool.p[i], 0) < 0 && errno != ENOENT)
			return err_sys(err, "remove %s", w->pool.p[i]);
	return 0;
}

static int
run(struct sweep *w, int64_t keep, struct err *err)
{
	AUTO(map_fini) struct map named = {0};

	if (store_begin(w->s, err) < 0)
		return -1;
	if (choose(w, keep, err) < 0 || forget(w, err) < 0 || references(w, &named, err) < 0)
		return store_rollback(w->s);
	if (w->dry)
		store_rollback(w->s);
	else if (store_commit(w->s, err) < 0 || remove_files(w, err) < 0)
		return -1;
	if (sweep_logs(w, time(NULL) - HISTORY_MIN_AGE_S, err) < 0)
		return -1;
	return sweep_artefacts(w, &named, err);
}

int
history_sweep(struct store *s, const char *repository, int64_t keep, bool dry, struct history_swept *out, struct err *err)
{
	AUTO(repository_fini) struct repository r = {0};
	struct sweep w = {.s = s, .repository = &r, .dry = dry, .out = out};
	int got = repository_get(s, repository, &r, err) ? -1 : run(&w, keep > 0 ? keep : r.keep_states, err);

	vec_fini(&w.kept);
	vec_fini(&w.dropped);
	strs_fini(&w.pool);
	return got;
}
