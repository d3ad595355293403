#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "merger/commit.h"
#include "package/evr.h"
#include "repo/check.h"
#include "repo/publish.h"
#include "repo/state.h"
#include "schema/acl.h"
#include "schema/acl-list.h"
#include "schema/event.h"
#include "schema/merge.h"
#include "schema/store.h"
#include "source/record.h"
#include "source/record-graph.h"

struct commit {
	struct store *s;
	struct repository *repository;
	struct batch *batch;
	const size_t *order;
	size_t n;
	struct state *states;		/* one an architecture */
	uint32_t *first;		/* packages numbered from here on come with this merge */
	int64_t serial, merge, started;
	struct state_files *files;	/* one an architecture */
	struct strs *removed;		/* sources that leave, of each architecture */
	struct map left;		/* sources that none is left of; those that came again have a value */
	struct map orphans;		/* lists that @nobody leads */
};

/* A fault point of its own name between any two steps of a commit. */
static int
step(const char *name, struct err *err)
{
	return fault(name) ? err_set(err, EIO, "injected fault: %s", name) : 0;
}

/*
 * In a transaction: whether all are permitted still. They were when the batch was collected; it is asked again only if
 * somebody did something since that may bear on it. COMMIT_MOVED: one is not; the next round says so.
 */
static int
check_permitted(struct commit *c, struct err *err)
{
	int r = event_bears_on_acl(c->s, c->batch->event, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < c->n; i++) {
		AUTO(free) char *why = NULL;

		r = acl_task(c->s, c->batch->items.p[c->order[i]].task.id, c->repository->name, &why, err);
		if (r)
			return r < 0 ? -1 : COMMIT_MOVED;
	}
	return 0;
}

/* BUILT -> MERGING for all, and the row that a restart looks for. */
static int
prepare(struct commit *c, struct err *err)
{
	char kind[] = "merge", checker[] = CHECKER_VERSION;
	const struct merge m = {.repository = c->repository->name, .base = c->repository->serial, .serial = c->serial,
	    .checker = checker, .started = c->started, .kind = kind, .published = c->started / 1000};

	int r;

	if (store_begin(c->s, err) < 0)
		return -1;
	if ((r = check_permitted(c, err)) != 0) {
		store_rollback(c->s);
		return r;
	}
	if (merge_add(c->s, &m, &c->merge, err) < 0)
		return store_rollback(c->s);
	for (size_t i = 0; i < c->n; i++) {
		struct task *t = &c->batch->items.p[c->order[i]].task;

		r = task_move(c->s, t, TASK_MERGING, NULL, err);
		if (r == 0 && merge_task_add(c->s, c->merge, (int64_t)i, t->id, err) < 0)
			r = -1;
		if (r) {
			store_rollback(c->s);
			return r < 0 ? -1 : COMMIT_MOVED;
		}
	}
	return store_commit(c->s, err);
}

static int
write_states(struct commit *c, struct err *err)
{
	for (size_t a = 0; a < c->repository->arches.n; a++) {
		struct state *st = &c->states[a];

		repo_begin(&st->repo);
		c->first[a] = repo_packages(&st->repo);
		for (size_t i = 0; i < c->n; i++) {
			const struct change *change = &c->batch->items.p[c->order[i]].changes[a];

			plan_apply(&st->repo, change, &c->removed[a], NULL);
			state_add(st, &change, 1);
		}
		if (state_prepare(c->s, c->repository, c->repository->arches.p[a], c->serial, c->repository->serial,
		    c->started / 1000, st, &c->files[a], err) < 0)
			return -1;
	}
	return 0;
}

/* The EVR of a source is that of its SRPM; without one (a copy), of one of its binaries. "" if none is left. */
static char *
source_evr(const struct commit *c, const char *source)
{
	for (size_t a = 0; a < c->repository->arches.n; a++) {
		const struct repo *r = &c->states[a].repo;
		uint32_t key = repo_find_key(r, source);

		for (struct repo_walk w = repo_of_source(r, key); key != INDEX_NONE && repo_next_of_source(&w);)
			if (r->present[w.value])
				return xstrdup(repo_evr(r, w.value));
	}
	return xstrdup("");
}

/* Of several tasks of a batch with one source it is the last one's: also where that kept what was there. */
static bool
is_last(const struct commit *c, const struct candidate *cand, const char *source)
{
	bool behind = false;

	for (size_t i = 0; i < c->n; i++) {
		const struct candidate *other = &c->batch->items.p[c->order[i]];

		for (size_t k = 0; behind && k < other->subs.n; k++)
			if (strcmp(other->subs.p[k].package, source) == 0)
				return false;
		behind |= other == cand;
	}
	return true;
}

/* Of several tasks of a batch that bring a source the first one's user leads its list. */
static const struct subtask *
first_of(const struct commit *c, const char *source)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct subtask_list *l = &c->batch->items.p[c->order[i]].subs;

		for (size_t k = 0; k < l->n; k++)
			if (l->p[k].kind != SUBTASK_DELETE && strcmp(l->p[k].package, source) == 0)
				return &l->p[k];
	}
	return NULL;
}

/* A source that is new is its user's, and one that nobody leads that of who built it; a rebuild changes nothing of it. */
static int
record_owner(struct commit *c, const struct subtask *t, bool is_new, struct err *err)
{
	const char *repository = c->repository->name;
	const struct subtask *first;

	if (map_find(&c->orphans, t->package) != MAP_NONE)
		return t->kind == SUBTASK_REBUILD ? 0 : acl_adopt(c->s, repository, t->package, t->user, t->task, err);
	if (!is_new || c->repository->no_new_owner)
		return 0;
	first = first_of(c, t->package);
	return acl_bring(c->s, repository, t->package, first->user, first->task, err);
}

static int
record_sources(struct commit *c, const struct candidate *cand, struct err *err)
{
	for (size_t i = 0; i < cand->subs.n; i++) {
		const struct subtask *t = &cand->subs.p[i];
		AUTO(free) char *evr = source_evr(c, t->package);
		bool is_new;
		const struct source src = {t->package, cand->evr[i] ? cand->evr[i] : evr, t->srpm, t->srpm_file, cand->task.id};

		/* Nothing of it is left when a later task of the batch took its packages over. */
		if (t->kind == SUBTASK_DELETE || !*evr || !is_last(c, cand, t->package))
			continue;
		if (source_close(c->s, c->repository->name, t->package, c->serial, err) < 0)
			return -1;
		is_new = store_changes(c->s) == 0 && map_find(&c->left, t->package) == MAP_NONE;
		if (!is_new)
			map_set(&c->left, t->package, 1);
		if (source_add(c->s, c->repository->name, &src, c->serial, err) < 0 || record_owner(c, t, is_new, err) < 0)
			return -1;
	}
	return 0;
}

/* So that a later build can be found to be the same. */
static int
record_identities(struct commit *c, const struct candidate *cand, struct err *err)
{
	for (size_t i = 0; i < cand->outputs.n; i++)
		if (*cand->outputs.p[i].identity &&
		    package_identify(c->s, cand->outputs.p[i].sha256, cand->outputs.p[i].identity, err) < 0)
			return -1;
	return 0;
}

static int
record_task(struct commit *c, struct candidate *cand, struct err *err)
{
	if (record_sources(c, cand, err) < 0 || record_identities(c, cand, err) < 0)
		return -1;
	cand->task.merge_ms = now_ms() - c->started;
	if (task_save(c->s, &cand->task, err) < 0)
		return -1;
	return task_move(c->s, &cand->task, TASK_DONE, NULL, err);
}

/* Whether any package of a source is left, on any architecture. */
static bool
source_left(const struct commit *c, const char *source)
{
	for (size_t a = 0; a < c->repository->arches.n; a++) {
		const struct repo *r = &c->states[a].repo;
		uint32_t key = repo_find_key(r, source);

		for (struct repo_walk w = repo_of_source(r, key); key != INDEX_NONE && repo_next_of_source(&w);)
			if (r->present[w.value] && w.value < c->first[a])
				return true;
	}
	return false;
}

/* What stays of a source whose members were all closed. */
static int
keep_left(struct commit *c, size_t a, const char *source, struct err *err)
{
	const struct repo *r = &c->states[a].repo;
	uint32_t key = repo_find_key(r, source);

	for (struct repo_walk w = repo_of_source(r, key); key != INDEX_NONE && repo_next_of_source(&w);) {
		char sha256[SHA256_HEX + 1];

		if (!r->present[w.value] || w.value >= c->first[a])
			continue;
		repo_sha256(r, w.value, sha256);
		if (member_add(c->s, c->repository->name, c->repository->arches.p[a], sha256, source, c->serial, err) < 0)
			return -1;
	}
	return 0;
}

/* A package that changes hands on one architecture takes its old source away there, not elsewhere. */
static int
close_removed(struct commit *c, size_t a, struct err *err)
{
	const struct strs *removed = &c->removed[a];

	for (size_t i = 0; i < removed->n; i++) {
		if (member_close(c->s, c->repository->name, c->repository->arches.p[a], removed->p[i], c->serial, err) < 0 ||
		    keep_left(c, a, removed->p[i], err) < 0)
			return -1;
		if (source_left(c, removed->p[i]))
			continue;
		if (source_close(c->s, c->repository->name, removed->p[i], c->serial, err) < 0)
			return -1;
		if (store_changes(c->s))
			map_add(&c->left, removed->p[i]);
	}
	return 0;
}

/* What did not come again has no list any more. */
static int
close_lists(struct commit *c, struct err *err)
{
	for (uint32_t i = 0; i < c->left.n; i++)
		if (c->left.key[i].value == MAP_NONE &&
		    acl_leave(c->s, c->repository->name, c->left.key[i].text, c->serial, err) < 0)
			return -1;
	return 0;
}

static int
record_all(struct commit *c, struct err *err)
{
	if (acl_orphans(c->s, c->repository->name, &c->orphans, err) < 0)
		return -1;
	for (size_t a = 0; a < c->repository->arches.n; a++)
		if (close_removed(c, a, err) < 0)
			return -1;
	for (size_t a = 0; a < c->repository->arches.n; a++)
		if (state_record(c->s, c->repository->name, c->repository->arches.p[a], c->serial,
		    &c->states[a].repo, c->first[a], &c->files[a], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n; i++)
		if (record_task(c, &c->batch->items.p[c->order[i]], err))
			return -1;
	if (close_lists(c, err) < 0 || attempt_forget(c->s, c->repository->name, c->serial, err) < 0)
		return -1;
	if (repository_set_serial(c->s, c->repository->name, c->serial, err) < 0 ||
	    merge_set(c->s, c->merge, "CURRENT", err) < 0)
		return -1;
	return event_add(c->s, "merge", 0, 0, "CURRENT", err, "%s: state %lld is current: %zu tasks merged",
	    c->repository->name, (long long)c->serial, c->n);
}

static int
record_current(struct commit *c, struct err *err)
{
	if (store_begin(c->s, err) < 0)
		return -1;
	if (record_all(c, err) < 0)
		return store_rollback(c->s);
	return store_commit(c->s, err);
}

static int
publish_git(struct store *s, const char *repository, const struct subtask *t, struct err *err)
{
	AUTO(git_repository_free) git_repository *record = NULL;
	struct err ignored;

	if (t->kind != SUBTASK_REPO)
		return 0;
	if (record_open(s->root, t->package, true, &record, err) < 0 ||
	    record_publish(record, repository, t->tag_name, t->tag_id, t->commit, err) < 0)
		return err_ctx(err, "git record of %s", t->package);
	if (record_release(record, t->task, err) < 0)
		return -1;
	/* It only saves time. */
	if (record_graph_update(record, t->commit, &ignored) < 0)
		log_at(LOG_WARN, "git record of %s: commit-graph: %s", t->package, ignored.msg);
	return 0;
}

/* After CURRENT: readers and git follow. Idempotent: a restart runs it again. */
int
commit_finish(struct store *s, const struct repository *repository, int64_t merge, struct err *err)
{
	AUTO(free) int64_t *tasks = NULL;
	size_t n = 0;

	if (state_switch(s, repository, err) < 0 || step("merge-switched", err) < 0 ||
	    merge_tasks(s, merge, &tasks, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(subtask_list_fini) struct subtask_list subs = {0};

		if (subtask_find(s, tasks[i], &subs, err) < 0)
			return -1;
		/* The state is published: one record that cannot follow is said, and does not hold up the farm. */
		for (size_t k = 0; k < subs.n; k++)
			if (publish_git(s, repository->name, &subs.p[k], err) < 0) {
				log_at(LOG_ERROR, "task #%lld: %s", (long long)tasks[i], err->msg);
				if (event_add(s, "merge", tasks[i], 0, "", err, "task #%lld: its git record does not follow",
				    (long long)tasks[i]) < 0)
					return -1;
			}
	}
	if (step("merge-git", err) < 0)
		return -1;
	return merge_set(s, merge, "DONE", err);
}

/* Before CURRENT: as if it had not been tried. */
int
commit_abandon(struct store *s, const struct repository *repository, int64_t merge, int64_t serial, struct err *err)
{
	AUTO(free) int64_t *tasks = NULL;
	size_t n = 0;

	for (size_t a = 0; a < repository->arches.n; a++)
		if (publish_abandon(s->dir, repository->name, repository->arches.p[a], serial, err) < 0)
			return -1;
	if (store_begin(s, err) < 0)
		return -1;
	if (merge_tasks(s, merge, &tasks, &n, err) < 0)
		return store_rollback(s);
	for (size_t i = 0; i < n; i++) {
		AUTO(task_fini) struct task t = {0};
		int r = task_get(s, tasks[i], &t, err);

		/* Forgotten meanwhile is fine; not known is not: it would be MERGING for ever. */
		if (r < 0 || (r == 0 && t.state == TASK_MERGING &&
		    task_move(s, &t, TASK_BUILT, "its merge was abandoned", err) < 0))
			return store_rollback(s);
	}
	if (merge_set(s, merge, "ABANDONED", err) < 0 ||
	    event_add(s, "merge", 0, 0, "ABANDONED", err, "%s: merge to state %lld abandoned", repository->name,
	    (long long)serial) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
commit_recover(struct store *s, struct repository *repository, struct err *err)
{
	AUTO(merge_list_fini) struct merge_list l = {0};

	if (merge_unfinished(s, repository->name, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		bool current = strcmp(l.p[i].state, "CURRENT") == 0;

		log_at(LOG_NOTE, "%s: %s the merge to state %lld that was interrupted", repository->name,
		    current ? "finishing" : "abandoning", (long long)l.p[i].serial);
		if ((current ? commit_finish(s, repository, l.p[i].id, err) :
		    commit_abandon(s, repository, l.p[i].id, l.p[i].serial, err)) < 0)
			return -1;
	}
	return state_switch(s, repository, err);
}

static int
run(struct commit *c, struct err *err)
{
	struct err why = {0};
	int r;

	if (step("merge-settled", err) < 0)
		return -1;
	r = prepare(c, err);
	if (r)
		return r;
	if (step("merge-prepared", &why) < 0 || write_states(c, &why) < 0 || step("merge-written", &why) < 0 ||
	    record_current(c, &why) < 0) {
		/* Nothing is current yet: undo at once, so that the tasks need not wait for the next run. */
		if (commit_abandon(c->s, c->repository, c->merge, c->serial, err) < 0)
			log_at(LOG_ERROR, "abandon: %s", err->msg);
		*err = why;
		return -1;
	}
	c->repository->serial = c->serial;
	if (step("merge-current", err) < 0)
		return -1;
	return commit_finish(c->s, c->repository, c->merge, err);
}

int
commit_batch(struct store *s, struct repository *repository, struct batch *b, const size_t *order, size_t n,
	struct state *states, int64_t started, struct err *err)
{
	struct commit c = {.s = s, .repository = repository, .batch = b, .order = order, .n = n, .states = states,
	    .serial = repository->serial + 1, .started = started,
	    .files = xcalloc(repository->arches.n, sizeof(*c.files)), .first = xcalloc(repository->arches.n, sizeof(*c.first)),
	    .removed = xcalloc(repository->arches.n, sizeof(*c.removed))};
	int r = run(&c, err);

	free(c.files);
	free(c.first);
	for (size_t a = 0; a < repository->arches.n; a++)
		strs_fini(&c.removed[a]);
	free(c.removed);
	map_fini(&c.left);
	map_fini(&c.orphans);
	return r;
}
