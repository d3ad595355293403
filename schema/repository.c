#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "base/vec.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/store.h"

void
repository_fini(struct repository *r)
{
	free(r->name);
	free(r->base_group);
	free(r->sign_key);
	free(r->allow);
	free(r->limits);
	free(r->sanity);
	strs_fini(&r->arches);
	*r = (struct repository){0};
}

int
repository_names(struct store *s, struct strs *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_REPO_NAMES, err, "");
	int r;

	while ((r = store_row(s, q, err)) > 0)
		strs_add(out, store_text(q, 0));
	return r;
}

static int
absent(struct store *s, const char *name, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};
	AUTO(free) char *all = NULL;

	if (repository_names(s, &names, err) < 0)
		return -1;
	all = strs_join(&names, ", ");
	err_set(err, ENOENT, "no repository %s; there %s%s%s", name, names.n == 1 ? "is " : "are ",
	    names.n ? all : "none: `artel repo create` makes one", "");
	return REPOSITORY_ABSENT;
}

int
repository_get(struct store *s, const char *name, struct repository *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_REPO_GET, err, "s", name);
	int r = store_row(s, q, err);

	if (r < 0)
		return -1;
	if (r == 0)
		return absent(s, name, err);
	out->name = xstrdup(name);
	out->serial = store_int(q, 0);
	out->base_group = xstrdup(store_text(q, 1));
	out->accept_unsigned = store_int(q, 2);
	out->zstd = strcmp(store_text(q, 3), "zstd") == 0;
	out->sign_key = xstrdup(store_text(q, 4));
	out->keep_states = store_int(q, 5);
	out->allow = xstrdup(store_text(q, 6));
	out->limits = xstrdup(store_text(q, 7));
	out->network = store_int(q, 8);
	out->sanity = xstrdup(store_text(q, 9));
	out->closed = strcmp(store_text(q, 10), "deny") == 0;
	out->no_new_owner = !store_int(q, 11);
	store_done(q);
	q = store_query(s, STMT_REPO_ARCHES, err, "s", name);
	while ((r = store_row(s, q, err)) > 0)
		strs_add(&out->arches, store_text(q, 0));
	return r;
}

int
repository_add(struct store *s, const struct repository *r, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_REPO_ADD, err, "sisi", r->name, now_ms(), r->base_group, (int64_t)r->accept_unsigned) < 0)
		return store_rollback(s);
	for (size_t i = 0; i < r->arches.n; i++)
		if (store_run(s, STMT_REPO_ARCH_ADD, err, "ss", r->name, r->arches.p[i]) < 0)
			return store_rollback(s);
	if (event_add(s, "repo", 0, 0, "", err, "repository %s created", r->name) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
repository_save(struct store *s, const struct repository *r, const char *what, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (store_run(s, STMT_REPO_SAVE, err, "sissississis", r->base_group, (int64_t)r->accept_unsigned,
	    r->zstd ? "zstd" : "gz", r->sign_key ? r->sign_key : "", r->keep_states, r->allow ? r->allow : "",
	    r->limits ? r->limits : "", (int64_t)r->network, r->sanity ? r->sanity : "",
	    r->closed ? "deny" : "allow", (int64_t)!r->no_new_owner, r->name) < 0 ||
	    event_add(s, "repo", 0, 0, "", err, "repository %s: %s", r->name, what) < 0)
		return store_rollback(s);
	return store_commit(s, err);
}

int
repository_back(struct store *s, const char *name, int64_t to, int64_t serial, struct err *err)
{
	static const enum statement steps[] = {STMT_MEMBER_BACK_CLOSE, STMT_MEMBER_BACK_OPEN, STMT_SOURCE_BACK_CLOSE,
	    STMT_SOURCE_BACK_OPEN};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (store_run(s, steps[i], err, "sii", name, to, serial) < 0)
			return -1;
	return 0;
}

int
repository_set_serial(struct store *s, const char *name, int64_t serial, struct err *err)
{
	return store_run(s, STMT_REPO_SERIAL, err, "is", serial, name);
}

void
member_fini(struct member *m)
{
	char **all[] = {&m->sha256, &m->file, &m->name, &m->evr, &m->arch, &m->source, &m->facts, &m->identity};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		free(*all[i]);
}

void
member_list_fini(struct member_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		member_fini(&l->p[i]);
	vec_fini(l);
}

int
package_put(struct store *s, const struct member *m, struct err *err)
{
	return store_run(s, STMT_PACKAGE_PUT, err, "ssssssss", m->sha256, m->file, m->name, m->evr, m->arch,
	    m->source, m->facts, m->identity ? m->identity : "");
}

int
package_identify(struct store *s, const char *sha256, const char *identity, struct err *err)
{
	return store_run(s, STMT_PACKAGE_IDENTIFY, err, "ss", identity, sha256);
}

int
member_like(struct store *s, const char *repository, const char *arch, const char *source, const char *identity,
	struct member *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_MEMBER_LIKE, err, "ssss", repository, source, arch, identity);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = (struct member){.sha256 = xstrdup(store_text(q, 0)), .file = xstrdup(store_text(q, 1)),
		    .facts = xstrdup(store_text(q, 2))};
	store_done(q);
	return r < 0 ? -1 : r ? 0 : MEMBER_ABSENT;
}

int
member_find(struct store *s, const char *repository, const char *arch, const char *source,
	struct member_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_MEMBER_FIND, err, "sss", repository, arch, source);
	int r;

	while ((r = store_row(s, q, err)) > 0) {
		struct member m = {0};
		char **all[] = {&m.sha256, &m.file, &m.name, &m.evr, &m.arch, &m.source, &m.facts};

		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			*all[i] = xstrdup(store_text(q, (int)i));
		vec_push(out, m);
	}
	return r;
}

int
member_add(struct store *s, const char *repository, const char *arch, const char *sha256,
	const char *source, int64_t since, struct err *err)
{
	if (store_run(s, STMT_MEMBER_REOPEN, err, "sssi", repository, arch, sha256, since) < 0)
		return -1;
	if (store_changes(s))
		return 0;
	return store_run(s, STMT_MEMBER_ADD, err, "ssssi", repository, arch, sha256, source, since);
}

int
member_close(struct store *s, const char *repository, const char *arch, const char *source, int64_t until, struct err *err)
{
	return store_run(s, STMT_MEMBER_CLOSE, err, "isss", until, repository, arch, source);
}

void
source_fini(struct source *s)
{
	free(s->name);
	free(s->evr);
	free(s->srpm);
	free(s->srpm_file);
	*s = (struct source){0};
}

void
source_list_fini(struct source_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		source_fini(&l->p[i]);
	vec_fini(l);
}

int
source_get(struct store *s, const char *repository, const char *name, struct source *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_SOURCE_GET, err, "ss", repository, name);
	int r = store_row(s, q, err);

	if (r > 0)
		*out = (struct source){xstrdup(name), xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1)),
		    xstrdup(store_text(q, 2)), store_int(q, 3)};
	store_done(q);
	return r < 0 ? -1 : r ? 0 : SOURCE_ABSENT;
}

int
source_add(struct store *s, const char *repository, const struct source *src, int64_t since, struct err *err)
{
	return store_run(s, STMT_SOURCE_ADD, err, "sssssii", repository, src->name, src->evr, src->srpm,
	    src->srpm_file, src->task, since);
}

int
source_find(struct store *s, const char *repository, struct source_list *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_SOURCE_FIND, err, "s", repository);
	int r;

	while ((r = store_row(s, q, err)) > 0)
		vec_push(out, ((struct source){xstrdup(store_text(q, 0)), xstrdup(store_text(q, 1)), xstrdup(store_text(q, 2)),
		    xstrdup(store_text(q, 3)), store_int(q, 4)}));
	store_done(q);
	return r;
}

int
source_set_srpm(struct store *s, const char *repository, const struct source *src, struct err *err)
{
	return store_run(s, STMT_SOURCE_SET_SRPM, err, "sssss", src->evr, src->srpm, src->srpm_file, repository, src->name);
}

int
source_close(struct store *s, const char *repository, const char *name, int64_t until, struct err *err)
{
	return store_run(s, STMT_SOURCE_CLOSE, err, "iss", until, repository, name);
}

int
state_file_put(struct store *s, const char *repository, int64_t serial, const char *arch,
	const char *kind, const char *sha256, struct err *err)
{
	return store_run(s, STMT_STATE_FILE_PUT, err, "sisss", repository, serial, arch, kind, sha256);
}

int
state_file_drop(struct store *s, const char *repository, int64_t serial, const char *arch, const char *kind, struct err *err)
{
	return store_run(s, STMT_STATE_FILE_DROP, err, "siss", repository, serial, arch, kind);
}

int
state_file_get(struct store *s, const char *repository, int64_t serial, const char *arch,
	const char *kind, char **sha256, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_STATE_FILE_GET, err, "siss", repository, serial, arch, kind);
	int r = store_row(s, q, err);

	if (r > 0)
		*sha256 = xstrdup(store_text(q, 0));
	store_done(q);
	return r < 0 ? -1 : r ? 0 : STATE_FILE_ABSENT;
}
