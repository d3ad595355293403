#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/evr.h"
#include "package/repomd.h"
#include "package/rpmmd.h"
#include "repo/import.h"
#include "repo/state.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/store.h"

/* The sources of an import: what is in each is known from its binaries, and better from its SRPM. */

static uint32_t
find_source(const struct import *im, const char *name)
{
	return map_get(&im->by_name, name);
}

static void
add_source(struct import *im, struct source *src)
{
	map_set(&im->by_name, src->name, (uint32_t)im->sources.n);
	vec_push(&im->sources, *src);
	*src = (struct source){0};
}

/* "1:2-3" -> "2-3" */
static const char *
without_epoch(const char *evr)
{
	const char *colon = strchr(evr, ':');

	return colon ? colon + 1 : evr;
}

/* "zlib-1.2-3.src.rpm" of an epoch -> "1:1.2-3"; NULL if it is not the name of a source RPM of this source. */
static char *
evr_of_file(const char *file, const char *source, const char *epoch)
{
	static const char *const ends[] = {".src.rpm", ".nosrc.rpm"};
	size_t n = strlen(source), all = strlen(file);

	if (strncmp(file, source, n) != 0 || file[n] != '-')
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);

		if (all > n + 1 + end && strcmp(file + all - end, ends[i]) == 0)
			return xasprintf("%s%s%.*s", epoch, *epoch ? ":" : "", (int)(all - end - n - 1), file + n + 1);
	}
	return NULL;
}

/* A repository has one source of a name: where packages, or architectures, differ, the newest. */
static void
note_source(struct import *im, const struct facts *f)
{
	AUTO(source_fini) struct source src = {.name = xstrdup(f->source), .evr = evr_of_file(f->srpm, f->source, f->epoch)};
	uint32_t at = find_source(im, f->source);
	int bad;

	if (!src.evr)
		src.evr = xstrdup(f->evr);
	if (at == MAP_NONE) {
		add_source(im, &src);
	} else if (evr_cmp(src.evr, im->sources.p[at].evr, &bad) > 0) {
		free(im->sources.p[at].evr);
		im->sources.p[at].evr = STEAL(src.evr);
	}
}

int
import_begin(struct import *im, struct store *s, struct repository *repository, struct err *err)
{
	AUTO(source_list_fini) struct source_list known = {0};
	size_t n = repository->arches.n;

	*im = (struct import){.s = s, .repository = repository, .base = repository->serial};
	im->states = xcalloc(n, sizeof(*im->states));
	im->files = xcalloc(n, sizeof(*im->files));
	if (repository->serial && source_find(s, repository->name, &known, err) < 0)
		return -1;
	for (size_t i = 0; i < known.n; i++)
		add_source(im, &known.p[i]);
	return 0;
}

void
import_fini(struct import *im)
{
	for (size_t a = 0; im->states && a < im->repository->arches.n; a++)
		state_fini(&im->states[a]);
	free(im->states);
	free(im->files);
	strs_fini(&im->identities);
	source_list_fini(&im->sources);
	map_fini(&im->by_name);
	*im = (struct import){0};
}

/* Files of a folder, as its metadata list them, or as they lie there. */

struct entry {
	char *href;			/* below the folder */
	char *sha256;			/* "": not said */
};

struct listing {
	struct entry *p;
	size_t n, cap;
	const char *dir, *arch;		/* arch: of binary packages; NULL: source packages are wanted */
};

static void
listing_fini(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].href);
		free(l->p[i].sha256);
	}
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct listing, listing_fini);

/* i386 to i686 are one. */
static bool
arch_fits(const char *arch, const char *of)
{
	bool x86 = strlen(arch) == 4 && arch[0] == 'i' && strcmp(arch + 2, "86") == 0;

	return strcmp(arch, of) == 0 || strcmp(arch, "noarch") == 0 ||
	    (x86 && strlen(of) == 4 && of[0] == 'i' && strcmp(of + 2, "86") == 0);
}

static int
take_entry(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct listing *l = arg;

	if (rpmmd_is_source(p) == (l->arch != NULL))
		return 0;
	if (!repomd_inside(p->href))
		return err_set(err, EBADMSG, "%s: `%s` leads out of the repository", l->dir, p->href);
	if (l->arch && !arch_fits(p->arch, l->arch))
		return err_set(err, EBADMSG, "%s: %s is for %s, not for %s: name the folder of each architecture, or make one "
		    "without the others (createrepo_c --excludes)", l->dir, p->href, p->arch, l->arch);
	vec_push(l, ((struct entry){xstrdup(p->href), xstrdup(p->sha256)}));
	return 0;
}

static int
differs(const char *path, const char *is, const char *said, struct err *err)
{
	return err_set(err, EBADMSG, "%s: its SHA-256 is %s, the repository says %s: corrupt, or the metadata is older than the file",
	    path, is, said);
}

static int
import_one(struct import *im, const struct listing *l, const struct entry *e, struct state *st, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/%s", l->dir, e->href);
	const char *slash = strrchr(path, '/');
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str packed = {0};
	struct sha256 sum, facts_sum;
	int got = facts_from_rpm(path, slash + 1, &f, err);

	/* Why it cannot be read matters less than that it is another file. */
	if (f.sha256 && strcmp(f.sha256, e->sha256) != 0)
		return differs(path, f.sha256, e->sha256, err);
	if (got < 0)
		return -1;
	if (!arch_fits(f.arch, l->arch))
		return err_set(err, EBADMSG, "%s: it is for %s, not for %s", path, f.arch, l->arch);
	facts_pack(&packed, &f);
	if (artefact_put_file(im->s->dir, path, false, &sum, err) < 0 ||
	    artefact_put(im->s->dir, packed.p, packed.n, &facts_sum, err) < 0)
		return -1;
	/* It may have been written to since it was hashed. */
	if (strcmp(sum.hex, e->sha256) != 0)
		return differs(path, sum.hex, e->sha256, err);
	repo_add(&st->repo, &f, facts_sum.hex, 0);
	note_source(im, &f);
	strs_add(&im->identities, f.sha256);
	strs_add(&im->identities, f.identity);
	im->packages++;
	return 0;
}

int
import_packages(struct import *im, size_t arch, const char *dir, import_progress *progress, void *arg, struct err *err)
{
	AUTO(listing_fini) struct listing l = {.dir = dir, .arch = im->repository->arches.p[arch]};

	if (rpmmd_primary(dir, take_entry, &l, err) < 0)
		return -1;
	if (l.n == 0)
		return err_set(err, ENOENT, "%s: there is no package in it", dir);
	for (size_t i = 0; i < l.n; i++) {
		if (import_one(im, &l, &l.p[i], &im->states[arch], err) < 0)
			return err_ctx(err, "import");
		if (progress)
			progress(arg, i + 1, l.n);
	}
	return 0;
}

/* Source packages. */

AUTO_DEFINE(FTS *, fts_close);

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

static int
by_path(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Source RPMs wherever they lie below the folder; links are followed. */
static int
list_files(struct listing *l, struct err *err)
{
	char *roots[] = {(char *)l->dir, NULL};
	AUTO(fts_close) FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_path);
	FTSENT *e;

	if (!walk)
		return err_sys(err, "read %s", l->dir);
	while ((e = fts_read(walk))) {
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || (e->fts_info == FTS_NS && e->fts_level == 0)) {
			errno = e->fts_errno;
			return err_sys(err, "read %s", e->fts_path);
		}
		if (e->fts_info == FTS_F && (ends_with(e->fts_name, ".src.rpm") || ends_with(e->fts_name, ".nosrc.rpm")))
			vec_push(l, ((struct entry){xstrdup(e->fts_path + strlen(l->dir) + 1), xstrdup("")}));
	}
	return errno ? err_sys(err, "read %s", l->dir) : 0;
}

/* An SRPM belongs to a source of its own name, version and release; the first one that does is taken. */
static int
import_srpm(struct import *im, const struct listing *l, const struct entry *e, struct import_count *n, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/%s", l->dir, e->href);
	const char *slash = strrchr(path, '/');
	AUTO(srpm_facts_fini) struct srpm_facts f = {0};
	struct source *src;
	struct sha256 sum;
	uint32_t at;

	if (facts_from_srpm(path, &f, err) < 0)
		return -1;
	at = find_source(im, f.name);
	if (at == MAP_NONE || strcmp(without_epoch(im->sources.p[at].evr), without_epoch(f.evr)) != 0) {
		n->others++;
		return 0;
	}
	src = &im->sources.p[at];
	if (src->srpm && *src->srpm)
		return 0;
	if (strpbrk(slash + 1, " \t\n") || !text_is_printable(slash + 1))
		return err_set(err, EBADMSG, "%s: a name that a file of a source RPM cannot have", path);
	if (artefact_put_file(im->s->dir, path, false, &sum, err) < 0)
		return -1;
	if (*e->sha256 && strcmp(sum.hex, e->sha256) != 0)
		return differs(path, sum.hex, e->sha256, err);
	free(src->srpm);
	free(src->srpm_file);
	free(src->evr);
	src->srpm = xstrdup(sum.hex);
	src->srpm_file = xstrdup(slash + 1);
	src->evr = STEAL(f.evr);
	map_add(&im->with_srpm, src->name);
	n->taken++;
	return 0;
}

int
import_srpms(struct import *im, const char *dir, import_progress *progress, void *arg, struct import_count *n, struct err *err)
{
	AUTO(free) char *clean = xstrdup(dir);
	AUTO(free) char *repomd = NULL;
	AUTO(listing_fini) struct listing l = {.dir = clean};

	for (size_t end = strlen(clean); end > 1 && clean[end - 1] == '/'; end--)
		clean[end - 1] = '\0';
	repomd = xasprintf("%s/repodata/repomd.xml", clean);
	if ((file_exists(AT_FDCWD, repomd) ? rpmmd_primary(clean, take_entry, &l, err) : list_files(&l, err)) < 0)
		return -1;
	if (l.n == 0)
		return err_set(err, ENOENT, "%s: there is no source RPM in it", clean);
	for (size_t i = 0; i < l.n; i++) {
		if (import_srpm(im, &l, &l.p[i], n, err) < 0)
			return err_ctx(err, "import");
		if (progress)
			progress(arg, i + 1, l.n);
	}
	return 0;
}

/* Recording. */

size_t
import_sourceless(const struct import *im)
{
	size_t n = 0;

	for (size_t i = 0; i < im->sources.n; i++)
		n += !im->sources.p[i].srpm || !*im->sources.p[i].srpm;
	return n;
}

/* Nothing may have happened to the repository since the import began. */
static int
check_base(struct import *im, struct err *err)
{
	AUTO(repository_fini) struct repository now = {0};

	if (repository_get(im->s, im->repository->name, &now, err))
		return -1;
	if (now.serial != im->base)
		return err_set(err, EBUSY, "%s became state %lld in the meantime; nothing was imported", now.name, (long long)now.serial);
	return 0;
}

static int
record_identities(struct import *im, struct err *err)
{
	const struct strs *l = &im->identities;

	for (size_t i = 0; i + 1 < l->n; i += 2)
		if (package_identify(im->s, l->p[i], l->p[i + 1], err) < 0)
			return -1;
	return 0;
}

static int
record_state(struct import *im, int64_t serial, struct err *err)
{
	const struct repository *r = im->repository;

	for (size_t a = 0; a < r->arches.n; a++)
		if (state_record(im->s, r->name, r->arches.p[a], serial, &im->states[a].repo, 0, &im->files[a], err) < 0)
			return -1;
	for (size_t i = 0; i < im->sources.n; i++)
		if (source_add(im->s, r->name, &im->sources.p[i], serial, err) < 0)
			return -1;
	if (record_identities(im, err) < 0 || repository_set_serial(im->s, r->name, serial, err) < 0)
		return -1;
	return event_add(im->s, "repo", 0, 0, "", err, "repository %s: state %lld, %zu packages of %zu sources, %zu of them without "
	    "an SRPM%s%s", r->name, (long long)serial, im->packages, im->sources.n, import_sourceless(im), im->also ? "; " : "",
	    im->also ? im->also : "");
}

/* Where the packages are here already: SRPMs that came for them. */
static int
record_srpms(struct import *im, struct err *err)
{
	if (im->with_srpm.n == 0 && !im->also)
		return 0;
	for (size_t i = 0; i < im->sources.n; i++)
		if (map_find(&im->with_srpm, im->sources.p[i].name) != MAP_NONE &&
		    source_set_srpm(im->s, im->repository->name, &im->sources.p[i], err) < 0)
			return -1;
	return event_add(im->s, "repo", 0, 0, "", err, "repository %s: %u SRPMs of imported sources, %zu sources have none%s%s",
	    im->repository->name, im->with_srpm.n, import_sourceless(im), im->also ? "; " : "", im->also ? im->also : "");
}

static int
record(struct import *im, int64_t serial, struct err *err)
{
	if ((im->base ? check_base(im, err) : repository_add(im->s, im->repository, err)) < 0)
		return -1;
	return serial == im->base ? record_srpms(im, err) : record_state(im, serial, err);
}

int
import_end(struct import *im, struct err *err)
{
	struct repository *r = im->repository;
	int64_t when = now_ms() / 1000, serial = im->base == 0 || im->packages ? im->base + 1 : im->base;

	for (size_t a = 0; a < r->arches.n && serial != im->base; a++)
		if (state_prepare(im->s, r, r->arches.p[a], serial, 0, when, &im->states[a], &im->files[a], err) < 0)
			return -1;
	if (store_begin(im->s, err) < 0)
		return -1;
	if (record(im, serial, err) < 0)
		return store_rollback(im->s);
	if (store_commit(im->s, err) < 0)
		return -1;
	r->serial = serial;
	return state_switch(im->s, r, err);
}

int
import_repository(struct store *s, struct repository *repository, const char *const *dirs, import_progress *progress,
	void *arg, struct err *err)
{
	AUTO(import_fini) struct import im = {0};

	if (import_begin(&im, s, repository, err) < 0)
		return -1;
	for (size_t a = 0; a < repository->arches.n; a++)
		if (dirs[a] && import_packages(&im, a, dirs[a], progress, arg, err) < 0)
			return -1;
	return import_end(&im, err);
}
