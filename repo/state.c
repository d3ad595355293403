#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "package/artefact.h"
#include "repo/state.h"
#include "schema/repository.h"
#include "schema/store.h"

#define INDEX_MAX ((size_t)8 << 30)

int
state_load(struct store *s, const struct repository *repository, const char *arch, struct repo *out, struct err *err)
{
	AUTO(free) char *sha = NULL;
	AUTO(str_fini) struct str raw = {0};
	int r;

	if (repository->serial == 0)
		return 0;
	r = state_file_get(s, repository->name, repository->serial, arch, "index", &sha, err);
	if (r == STATE_FILE_ABSENT)
		return err_set(err, ENOENT, "%s %s: state %lld has no index", repository->name, arch,
		    (long long)repository->serial);
	if (r < 0 || artefact_read(s->dir, sha, INDEX_MAX, &raw, err) < 0 || repo_load(out, raw.p, raw.n, err) < 0)
		return err_ctx(err, "load %s %s state %lld", repository->name, arch, (long long)repository->serial);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct publish_package *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->sha256, y->sha256);
}

/* The present packages as publishing wants them; their texts stay the repository's. malloc'ed. */
static struct publish_package *
packages_of(const struct repo *r, size_t *n)
{
	struct publish_package *p = xcalloc(r->packages.n, sizeof(*p));

	*n = 0;
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct repo_package *one = &r->packages.p[i];

		if (one->present)
			p[(*n)++] = (struct publish_package){one->facts.name, one->facts.file, one->facts.sha256, one->facts_sha};
	}
	qsort(p, *n, sizeof(*p), by_name);
	return p;
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

int
state_prepare(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, struct state_files *out, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(free) struct publish_package *packages = NULL;
	struct publish p = {.dir = s->dir, .repository = repository, .arch = arch, .serial = serial, .when = now_ms() / 1000};
	struct published before;
	int had = state_published(s, repository, arch, serial - 1, &before, err);

	if (had < 0)
		return -1;
	repo_save(r, &raw);
	if (artefact_put(s->dir, raw.p, raw.n, &out->index, err) < 0)
		return -1;
	p.p = packages = packages_of(r, &p.n);
	p.before = had == 0 ? &before : NULL;
	return publish_write(&p, &out->published, err);
}

static int
record_package(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo_package *p, struct err *err)
{
	const struct facts *f = &p->facts;
	const struct member m = {f->sha256, f->file, f->name, f->evr, f->arch, f->source, p->facts_sha};

	if (package_put(s, &m, err) < 0)
		return -1;
	return member_add(s, repository, arch, f->sha256, f->source, serial, err);
}

int
state_record(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, const struct state_files *files, struct err *err)
{
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct repo_package *p = &r->packages.p[i];

		if (p->present && p->by && record_package(s, repository, arch, serial, p, err) < 0)
			return -1;
	}
	for (int k = 0; k < PUBLISH_KINDS; k++)
		if (state_file_put(s, repository, serial, arch, publish_kind_name(k), files->published.file[k].hex, err) < 0)
			return -1;
	if (state_file_put(s, repository, serial, arch, "runs", files->published.runs.hex, err) < 0)
		return -1;
	return state_file_put(s, repository, serial, arch, "index", files->index.hex, err);
}

int
state_switch(struct store *s, const struct repository *repository, struct err *err)
{
	for (size_t i = 0; i < repository->arches.n && repository->serial; i++)
		if (publish_switch(s->dir, repository->name, repository->arches.p[i], repository->serial, err) < 0)
			return -1;
	return 0;
}
