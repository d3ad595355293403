#include <errno.h>
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

int
state_prepare(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, struct state_files *out, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};

	repo_save(r, &raw);
	if (artefact_put(s->dir, raw.p, raw.n, &out->index, err) < 0)
		return -1;
	return publish_write(s->dir, repository, arch, serial, now_ms() / 1000, r, &out->published, err);
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
