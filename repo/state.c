#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/pack.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "repo/state.h"
#include "schema/repository.h"
#include "schema/store.h"

enum { CHANGES_VERSION = 1, CHANGES_MAX = 1 << 30 };

int
state_lock(struct store *s, const char *repository, int *fd, struct err *err)
{
	AUTO(free) char *lock = xasprintf("run/merger.%s", repository);
	int r = file_lock(s->dir, lock, fd, err);

	return r == FILE_BUSY ? STATE_BUSY : r;
}

void
state_fini(struct state *st)
{
	repo_fini(&st->repo);
	for (size_t i = 0; i < st->added.n; i++) {
		free(st->added.p[i].facts_sha);
		str_fini(&st->added.p[i].facts);
	}
	vec_fini(&st->added);
}

static void
hex(const unsigned char raw[32], char out[SHA256_HEX + 1])
{
	sodium_bin2hex(out, SHA256_HEX + 1, raw, 32);
}

/* Changes: packages of the index that are gone, by name and hash; packages that came. */

static void
remove_gone(struct repo *r, const char *name, const char *sha256)
{
	uint32_t key = repo_find_key(r, name);
	char own[SHA256_HEX + 1];

	if (key == INDEX_NONE)
		return;
	for (struct repo_walk w = repo_named(r, key); repo_next_named(&w);) {
		hex(repo_hashes(r, w.value)->rpm, own);
		if (strcmp(own, sha256) == 0)
			repo_remove(r, w.value, 0);
	}
}

static int
take_added(struct state *st, struct unpack *u)
{
	AUTO(facts_fini) struct facts f = {0};
	struct state_added a = {.facts_sha = unpack_text(u)};
	const void *data;
	struct err ignored;
	size_t n;

	data = unpack_bytes(u, &n);
	if (data)
		str_put(&a.facts, data, n);
	vec_push(&st->added, a);
	if (u->bad || facts_unpack(data, n, &f, &ignored) < 0)
		return -1;
	repo_add(&st->repo, &f, a.facts_sha, 0);
	return 0;
}

static int
apply_changes(struct state *st, const struct str *raw, struct err *err)
{
	struct unpack u = unpack_begin(raw->p, raw->n);
	uint32_t n;

	if (unpack_u32(&u) != CHANGES_VERSION)
		return err_set(err, EPROTO, "changes of a state: of another version");
	for (n = unpack_count(&u, 8); n > 0 && !u.bad; n--) {
		AUTO(free) char *name = unpack_text(&u);
		AUTO(free) char *sha256 = unpack_text(&u);

		remove_gone(&st->repo, name, sha256);
	}
	for (n = unpack_count(&u, 8); n > 0 && !u.bad; n--)
		if (take_added(st, &u) < 0)
			u.bad = true;
	repo_keep(&st->repo);
	return unpack_end(&u, "changes of a state", err);
}

void
state_pack_changes(struct str *out, const struct state *st)
{
	const struct repo *r = &st->repo;
	uint32_t own = (uint32_t)r->base.n_packages, gone = 0, added = 0;
	AUTO(map_fini) struct map core = {0};
	char text[SHA256_HEX + 1];

	for (uint32_t i = 0; i < repo_packages(r); i++)
		*(i < own ? &gone : &added) += i < own ? !r->present[i] : r->present[i];
	for (size_t i = 0; i < st->added.n; i++)
		map_set(&core, st->added.p[i].facts_sha, (uint32_t)i);
	pack_u32(out, CHANGES_VERSION);
	pack_u32(out, gone);
	for (uint32_t i = 0; i < own; i++)
		if (!r->present[i]) {
			hex(r->base.hashes[i].rpm, text);
			pack_text(out, repo_name(r, i));
			pack_text(out, text);
		}
	pack_u32(out, added);
	for (uint32_t i = own; i < repo_packages(r); i++)
		if (r->present[i]) {
			const struct state_added *a;

			hex(repo_hashes(r, i)->facts, text);
			a = &st->added.p[map_get(&core, text)];
			pack_text(out, text);
			pack_bytes(out, a->facts.p, a->facts.n);
		}
}

void
state_add(struct state *st, const struct change *const *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < changes[i]->packages.n; k++) {
			const struct change_package *p = &changes[i]->packages.p[k];
			struct state_added a = {.facts_sha = xstrdup(p->facts_sha)};
			struct facts bare = p->facts;

			bare.primary = bare.filelists = bare.other = bare.identity = NULL;
			facts_pack(&a.facts, &bare);
			vec_push(&st->added, a);
		}
}

int
state_open(struct state *st, int index, int changes, struct err *err)
{
	AUTO(index_fini) struct index x = {0};
	AUTO(str_fini) struct str raw = {0};

	if (index_map(&x, index, err) < 0)
		return -1;
	repo_open(&st->repo, &x);
	if (changes < 0)
		return 0;
	if (file_read_fd(changes, CHANGES_MAX, &raw, err) < 0)
		return -1;
	return apply_changes(st, &raw, err);
}

/* An open artefact of a state; -1 with err set, STATE_FILE_ABSENT if it has none of that kind. */
static int
open_kind(struct store *s, const char *repository, const char *arch, int64_t serial, const char *kind, char sha[SHA256_HEX + 1],
	int *fd, struct err *err)
{
	AUTO(free) char *found = NULL;
	int r = state_file_get(s, repository, serial, arch, kind, &found, err);

	if (r)
		return r;
	snprintf(sha, SHA256_HEX + 1, "%s", found);
	*fd = artefact_open(s->dir, found, err);
	return *fd < 0 ? -1 : 0;
}

int
state_load(struct store *s, const char *repository, const char *arch, int64_t serial, struct state *out, struct err *err)
{
	AUTO(close) int index = -1;
	AUTO(close) int changes = -1;
	char ignored[SHA256_HEX + 1];
	int r;

	if (serial == 0)
		return 0;
	r = open_kind(s, repository, arch, serial, "index", out->index_sha, &index, err);
	if (r == STATE_FILE_ABSENT)
		return err_set(err, ENOENT, "%s %s: state %lld has no index", repository, arch, (long long)serial);
	if (r < 0 || open_kind(s, repository, arch, serial, "changes", ignored, &changes, err) < 0 ||
	    state_open(out, index, changes, err) < 0)
		return err_ctx(err, "load %s %s state %lld", repository, arch, (long long)serial);
	return 0;
}

/* Publishing. */

static void
list_package(const struct repo *r, uint32_t i, struct publish_package *p, char (*text)[2][SHA256_HEX + 1])
{
	const struct index_hashes *h = repo_hashes(r, i);

	hex(h->rpm, (*text)[0]);
	hex(h->facts, (*text)[1]);
	*p = (struct publish_package){repo_name(r, i), repo_file(r, i), (*text)[0], (*text)[1]};
}

static int
by_name(const void *a, const void *b)
{
	const struct publish_package *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->sha256, y->sha256);
}

/* The present packages in order: those of an index are in it already, the others are sorted and merged in. */
static void
list_packages(const struct repo *r, struct publish_package *out, char (*text)[2][SHA256_HEX + 1], size_t *n)
{
	uint32_t own = (uint32_t)r->base.n_packages, all = repo_packages(r);
	AUTO(free) struct publish_package *added = xcalloc(all - own + 1, sizeof(*added));
	size_t n_added = 0, k = 0;

	for (uint32_t i = own; i < all; i++)
		if (r->present[i])
			list_package(r, i, &added[n_added++], &text[i]);
	if (n_added)
		qsort(added, n_added, sizeof(*added), by_name);
	*n = 0;
	for (uint32_t i = 0; i < own; i++) {
		struct publish_package p;

		if (!r->present[i])
			continue;
		list_package(r, i, &p, &text[i]);
		while (k < n_added && by_name(&added[k], &p) < 0)
			out[(*n)++] = added[k++];
		out[(*n)++] = p;
	}
	while (k < n_added)
		out[(*n)++] = added[k++];
}

int
state_published(struct store *s, const char *repository, const char *arch, int64_t serial, struct published *out,
	struct err *err)
{
	*out = (struct published){.serial = serial};
	for (int k = 0; k <= PUBLISH_KINDS; k++) {
		struct sha256 *to = k < PUBLISH_KINDS ? &out->file[k] : &out->runs;
		AUTO(free) char *sha = NULL;
		int r = state_file_get(s, repository, serial, arch, k < PUBLISH_KINDS ? publish_kind_name(k) : "runs", &sha, err);

		if (r < 0)
			return -1;
		/* States of older versions have no table. */
		if (r == 0)
			snprintf(to->hex, sizeof(to->hex), "%s", sha);
		else if (k == 0)
			return STATE_FILE_ABSENT;
	}
	return 0;
}

static int
publish(struct store *s, const struct repository *repository, const char *arch, int64_t serial, int64_t before, int64_t when,
	const struct repo *r, struct published *out, struct err *err)
{
	AUTO(free) struct publish_package *packages = xcalloc(repo_packages(r) + 1, sizeof(*packages));
	AUTO(free) void *text = xcalloc(repo_packages(r) + 1, 2 * (SHA256_HEX + 1));
	AUTO(free) char *home = xasprintf("%s/gnupg", s->root);
	struct publish p = {.dir = s->dir, .repository = repository->name, .arch = arch, .serial = serial, .when = when,
	    .p = packages, .how = repository->zstd ? PUBLISH_ZSTD : PUBLISH_GZ, .sign_key = repository->sign_key,
	    .sign_home = home};
	struct published was;
	int had = before ? state_published(s, repository->name, arch, before, &was, err) : STATE_FILE_ABSENT;

	if (had < 0)
		return -1;
	list_packages(r, packages, text, &p.n);
	p.before = had == 0 ? &was : NULL;
	return publish_write(&p, out, err);
}

static int
save(struct store *s, const struct state *st, struct state_files *out, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(index_fini) struct index x = {0};
	AUTO(repo_fini) struct repo fresh = {0};
	struct sha256 sum;
	size_t gone = 0;

	for (uint32_t i = 0; i < st->repo.base.n_packages; i++)
		gone += !st->repo.present[i];
	snprintf(out->index, sizeof(out->index), "%s", st->index_sha);
	out->changes[0] = '\0';
	if (*st->index_sha && gone + st->repo.packages.n <= STATE_MAX_CHANGES) {
		state_pack_changes(&raw, st);
		if (artefact_put(s->dir, raw.p, raw.n, &sum, err) < 0)
			return -1;
		snprintf(out->changes, sizeof(out->changes), "%s", sum.hex);
		return 0;
	}
	if (repo_reindex(&st->repo, &x, NULL, err) < 0)
		return -1;
	repo_open(&fresh, &x);
	repo_count_all(&fresh);
	if (artefact_put(s->dir, fresh.base.memory, fresh.base.size, &sum, err) < 0)
		return -1;
	snprintf(out->index, sizeof(out->index), "%s", sum.hex);
	return 0;
}

int
state_prepare(struct store *s, const struct repository *repository, const char *arch, int64_t serial, int64_t before,
	int64_t when, struct state *st, struct state_files *out, struct err *err)
{
	if (save(s, st, out, err) < 0)
		return -1;
	return publish(s, repository, arch, serial, before, when, &st->repo, &out->published, err);
}

static int
record_package(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, uint32_t i, struct err *err)
{
	char rpm[SHA256_HEX + 1], facts[SHA256_HEX + 1];
	struct member m = {.sha256 = rpm, .facts = facts};

	hex(repo_hashes(r, i)->rpm, rpm);
	hex(repo_hashes(r, i)->facts, facts);
	m.file = (char *)repo_file(r, i);
	m.name = (char *)repo_name(r, i);
	m.evr = (char *)repo_evr(r, i);
	m.arch = (char *)repo_arch(r, i);
	m.source = (char *)repo_source(r, i);
	if (package_put(s, &m, err) < 0)
		return -1;
	return member_add(s, repository, arch, rpm, m.source, serial, err);
}

int
state_record(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, uint32_t first, const struct state_files *files, struct err *err)
{
	for (uint32_t i = first; i < repo_packages(r); i++)
		if (r->present[i] && record_package(s, repository, arch, serial, r, i, err) < 0)
			return -1;
	for (int k = 0; k < PUBLISH_KINDS; k++)
		if (state_file_put(s, repository, serial, arch, publish_kind_name(k), files->published.file[k].hex, err) < 0)
			return -1;
	if (state_file_put(s, repository, serial, arch, "runs", files->published.runs.hex, err) < 0 ||
	    state_file_put(s, repository, serial, arch, "repomd", files->published.repomd.hex, err) < 0 ||
	    (*files->changes && state_file_put(s, repository, serial, arch, "changes", files->changes, err) < 0))
		return -1;
	return state_file_put(s, repository, serial, arch, "index", files->index, err);
}

int
state_switch(struct store *s, const struct repository *repository, struct err *err)
{
	for (size_t i = 0; i < repository->arches.n && repository->serial; i++)
		if (publish_switch(s->dir, repository->name, repository->arches.p[i], repository->serial, err) < 0)
			return -1;
	return 0;
}
