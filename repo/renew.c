/* Facts outlive indices: whatever wrote them, a new index can be made of them. */
#include <errno.h>

#include "base/err.h"
#include "base/str.h"
#include "package/artefact.h"
#include "repo/state.h"
#include "schema/repository.h"
#include "schema/store.h"

/* 1: the index can be read, or there is nothing to have one of. */
static int
readable(struct store *s, const struct repository *r, const char *arch)
{
	AUTO(state_fini) struct state st = {0};
	struct err ignored;

	return state_load(s, r->name, arch, r->serial, &st, &ignored) == 0;
}

static int
gather(struct store *s, const char *repository, const char *arch, struct repo *out, struct err *err)
{
	AUTO(member_list_fini) struct member_list l = {0};

	if (member_find(s, repository, arch, NULL, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		AUTO(str_fini) struct str raw = {0};
		AUTO(facts_fini) struct facts f = {0};

		if (artefact_read(s->dir, l.p[i].facts, FACTS_MAX, &raw, err) < 0 || facts_unpack(raw.p, raw.n, &f, err) < 0)
			return err_ctx(err, "facts of %s", l.p[i].file);
		repo_add(out, &f, l.p[i].facts, 0);
	}
	return 0;
}

static int
renew(struct store *s, const struct repository *r, const char *arch, struct err *err)
{
	AUTO(repo_fini) struct repo all = {0};
	AUTO(repo_fini) struct repo fresh = {0};
	AUTO(index_fini) struct index x = {0};
	struct sha256 sum;

	if (gather(s, r->name, arch, &all, err) < 0 || repo_reindex(&all, &x, NULL, err) < 0)
		return -1;
	repo_open(&fresh, &x);
	repo_count_all(&fresh);
	if (artefact_put(s->dir, fresh.base.memory, fresh.base.size, &sum, err) < 0 || store_begin(s, err) < 0)
		return -1;
	if (state_file_put(s, r->name, r->serial, arch, "index", sum.hex, err) < 0 ||
	    state_file_drop(s, r->name, r->serial, arch, "changes", err) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
state_renew(struct store *s, const struct repository *r, size_t *renewed, struct err *err)
{
	*renewed = 0;
	for (size_t a = 0; a < r->arches.n && r->serial; a++) {
		if (readable(s, r, r->arches.p[a]))
			continue;
		if (renew(s, r, r->arches.p[a], err) < 0)
			return err_ctx(err, "index of %s %s anew", r->name, r->arches.p[a]);
		++*renewed;
	}
	return 0;
}
