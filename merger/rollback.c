/* Going back is going on: the old packages become the next state, in the same steps as a merge. */
#include <errno.h>

#include "base/err.h"
#include "base/text.h"
#include "merger/commit.h"
#include "merger/history.h"
#include "repo/check.h"
#include "schema/event.h"
#include "schema/merge.h"
#include "schema/store.h"

struct rollback {
	struct store *s;
	struct repository *repository;
	int64_t to, serial, merge, when;
	struct state_files *files;
};

static int
write_states(struct rollback *b, struct err *err)
{
	for (size_t a = 0; a < b->repository->arches.n; a++) {
		AUTO(state_fini) struct state st = {0};
		const char *arch = b->repository->arches.p[a];

		if (state_load(b->s, b->repository->name, arch, b->to, &st, err) < 0 ||
		    state_prepare(b->s, b->repository, arch, b->serial, b->repository->serial, b->when, &st, &b->files[a], err) < 0)
			return -1;
	}
	return 0;
}

static int
record(struct rollback *b, struct err *err)
{
	const struct repo nothing = {0};

	if (repository_back(b->s, b->repository->name, b->to, b->serial, err) < 0)
		return -1;
	for (size_t a = 0; a < b->repository->arches.n; a++)
		if (state_record(b->s, b->repository->name, b->repository->arches.p[a], b->serial, &nothing, 0, &b->files[a], err) < 0)
			return -1;
	if (attempt_forget(b->s, b->repository->name, b->serial, err) < 0 ||
	    repository_set_serial(b->s, b->repository->name, b->serial, err) < 0 || merge_set(b->s, b->merge, "CURRENT", err) < 0)
		return -1;
	return event_add(b->s, "merge", 0, 0, "CURRENT", err, "%s: state %lld is current: it is state %lld again",
	    b->repository->name, (long long)b->serial, (long long)b->to);
}

static int
run(struct rollback *b, struct err *err)
{
	char kind[] = "rollback", checker[] = CHECKER_VERSION;
	const struct merge m = {.repository = b->repository->name, .base = b->to, .serial = b->serial, .checker = checker,
	    .started = b->when * 1000, .kind = kind, .published = b->when};
	struct err why = {0};
	int r;

	if (merge_add(b->s, &m, &b->merge, err) < 0)
		return -1;
	r = write_states(b, &why);
	if (r == 0 && (r = store_begin(b->s, &why)) == 0)
		r = record(b, &why) < 0 ? store_rollback(b->s) : store_commit(b->s, &why);
	if (r < 0) {
		if (commit_abandon(b->s, b->repository, b->merge, b->serial, err) == 0)
			*err = why;
		return -1;
	}
	b->repository->serial = b->serial;
	return commit_finish(b->s, b->repository, b->merge, err);
}

int
history_rollback(struct store *s, const char *repository, int64_t to, int64_t *serial, struct err *err)
{
	AUTO(repository_fini) struct repository r = {0};
	struct rollback b = {.s = s, .repository = &r, .to = to, .when = now_ms() / 1000};
	int got;

	if (repository_get(s, repository, &r, err) || commit_recover(s, &r, err) < 0)
		return -1;
	if (to < 1 || to >= r.serial)
		return err_set(err, EINVAL, "%s is at state %lld: it can go back to an earlier one only", repository, (long long)r.serial);
	b.serial = *serial = r.serial + 1;
	b.files = xcalloc(r.arches.n, sizeof(*b.files));
	got = run(&b, err);
	free(b.files);
	return got;
}
