/*
 * The same base, the same tasks in the same order: the same packages, and, because
 * publishing depends on nothing else, the same bytes.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "merger/batch.h"
#include "merger/history.h"
#include "repo/state.h"
#include "schema/merge.h"
#include "schema/store.h"

struct replay {
	struct store *s;
	struct repository repository;
	const struct merge *merge;
	int64_t *tasks;
	size_t n;
};

static int
apply_task(const struct replay *r, int64_t task, size_t arch, struct state *st, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	AUTO(candidate_fini) struct candidate c = {0};
	int got = task_get(r->s, task, &t, err);

	if (got)
		return got < 0 ? -1 : err_set(err, ENOENT, "task #%lld is gone", (long long)task);
	if (candidate_load(r->s, &r->repository, &t, &c, err) < 0)
		return -1;
	if (c.outputs.n == 0 && c.changes[arch].builds.n)
		return err_set(err, ENOENT, "what task #%lld built was swept away", (long long)task);
	plan_apply(&st->repo, &c.changes[arch], NULL, NULL);
	state_add(st, &(const struct change *){&c.changes[arch]}, 1);
	return 0;
}

static int
compare(const struct replay *r, const char *arch, const struct published *made, struct err *err)
{
	for (int k = 0; k <= PUBLISH_KINDS; k++) {
		const char *kind = k < PUBLISH_KINDS ? publish_kind_name(k) : "repomd";
		const char *now = k < PUBLISH_KINDS ? made->file[k].hex : made->repomd.hex;
		AUTO(free) char *was = NULL;
		int got = state_file_get(r->s, r->repository.name, r->merge->serial, arch, kind, &was, err);

		/* Older states did not keep it. */
		if (got == STATE_FILE_ABSENT && k == PUBLISH_KINDS)
			return 0;
		if (got)
			return got < 0 ? -1 : err_set(err, ENOENT, "state %lld has no %s any more", (long long)r->merge->serial, kind);
		if (strcmp(was, now) != 0) {
			err_set(err, EBADMSG, "%s: %s is %.12s, published was %.12s", arch, kind, now, was);
			return REPLAY_DIFFERS;
		}
	}
	return 0;
}

static int
replay_arch(const struct replay *r, size_t a, struct err *err)
{
	const char *arch = r->repository.arches.p[a];
	AUTO(free) char *name = xasprintf(".replay-%s", r->repository.name);
	AUTO(free) char *tree = xasprintf("repo/%s", name);
	AUTO(state_fini) struct state st = {0};
	struct state_files files;
	struct repository beside = r->repository;
	struct err ignored;
	int got = 0;

	if (state_load(r->s, r->repository.name, arch, r->merge->base, &st, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (apply_task(r, r->tasks[i], a, &st, err) < 0)
			return -1;
	/* Beside the repository, from nothing: what is copied proves nothing. */
	beside.name = name;
	beside.sign_key = NULL;
	/* The setting may have changed since. */
	for (int i = 0; i < 2 && (i == 0 || got == REPLAY_DIFFERS); i++) {
		beside.zstd ^= i;
		got = state_prepare(r->s, &beside, arch, r->merge->serial, 0, r->merge->published, &st, &files, err);
		file_remove_tree(r->s->dir, tree, &ignored);
		if (got == 0)
			got = compare(r, arch, &files.published, err);
	}
	return got;
}

static int
replay_all(struct replay *r, int64_t serial, int64_t *tasks, struct err *err)
{
	AUTO(merge_list_fini) struct merge_list l = {0};
	int got = merge_of_serial(r->s, r->repository.name, serial, &l, err);

	if (got == MERGE_ABSENT)
		return err_set(err, ENOENT, "%s has no state %lld that a merge made: it was imported, or never was",
		    r->repository.name, (long long)serial);
	if (got < 0 || merge_tasks(r->s, l.p[0].id, &r->tasks, &r->n, err) < 0)
		return -1;
	r->merge = &l.p[0];
	*tasks = (int64_t)r->n;
	for (size_t a = 0; a < r->repository.arches.n; a++)
		if ((got = replay_arch(r, a, err)) != 0)
			return got;
	return 0;
}

int
history_replay(struct store *s, const char *repository, int64_t serial, int64_t *tasks, struct err *err)
{
	struct replay r = {.s = s};
	int got = repository_get(s, repository, &r.repository, err) ? -1 : replay_all(&r, serial, tasks, err);

	free(r.tasks);
	repository_fini(&r.repository);
	return got;
}
