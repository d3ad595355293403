#include <createrepo_c/createrepo_c.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/evr.h"
#include "repo/import.h"
#include "repo/state.h"
#include "schema/event.h"
#include "schema/repository.h"
#include "schema/store.h"

struct entry {
	char *href;
	char *sha256;
};

struct listing {
	struct entry *p;
	size_t n, cap;
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

static int
fail(GError *why, const char *what, struct err *err)
{
	err_set(err, EBADMSG, "%s: %s", what, why ? why->message : "unreadable");
	if (why)
		g_error_free(why);
	return -1;
}

static int
take_entry(cr_Package *pkg, void *arg, GError **why)
{
	struct listing *l = arg;

	if (pkg->arch && strcmp(pkg->arch, "src") != 0)
		vec_push(l, ((struct entry){xstrdup(pkg->location_href ? pkg->location_href : ""),
		    xstrdup(pkg->pkgId ? pkg->pkgId : "")}));
	cr_package_free(pkg);
	return CR_CB_RET_OK;
}

/* The path of a metadata file as repomd.xml names it; NULL with err set. */
static char *
locate(const char *dir, bool filelists, struct err *err)
{
	AUTO(free) char *slash = xasprintf("%s/", dir);
	AUTO(free) char *repomd = xasprintf("%s/repodata/repomd.xml", dir);
	struct cr_MetadataLocation *where;
	char *path = NULL;

	if (access(repomd, R_OK) < 0) {
		err_set(err, errno, "%s: not an rpm-md repository (no repodata/repomd.xml); run createrepo_c there", dir);
		return NULL;
	}
	where = cr_locate_metadata(slash, 1, NULL);
	if (where && (filelists ? where->fil_xml_href : where->pri_xml_href))
		path = xstrdup(filelists ? where->fil_xml_href : where->pri_xml_href);
	else
		err_set(err, EBADMSG, "%s: repodata/repomd.xml names no %s", dir, filelists ? "filelists" : "primary");
	if (where)
		cr_metadatalocation_free(where);
	return path;
}

static int
list_packages(const char *dir, struct listing *l, struct err *err)
{
	AUTO(free) char *primary = locate(dir, false, err);
	GError *why = NULL;

	if (!primary)
		return -1;
	cr_xml_parse_primary(primary, NULL, NULL, take_entry, l, NULL, NULL, 0, &why);
	return why ? fail(why, primary, err) : 0;
}

static bool
stays_inside(const char *href)
{
	AUTO(strs_fini) struct strs parts = {0};

	strs_split(&parts, href, "/");
	return *href && *href != '/' && !strs_has(&parts, "..");
}

static int
import_one(struct store *s, const char *dir, const struct entry *e, struct repo *r, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/%s", dir, e->href);
	const char *slash = strrchr(path, '/');
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str packed = {0};
	struct sha256 sum, facts_sum;
	int got;

	if (!stays_inside(e->href))
		return err_set(err, EBADMSG, "%s: `%s` leads out of the repository", dir, e->href);
	got = facts_from_rpm(path, slash + 1, &f, err);
	/* Why it cannot be read matters less than that it is another file. */
	if (f.sha256 && strcmp(f.sha256, e->sha256) != 0)
		return err_set(err, EBADMSG, "%s: its SHA-256 is %s, the repository says %s: corrupt, or the "
		    "metadata is older than the file", path, f.sha256, e->sha256);
	if (got < 0)
		return -1;
	facts_pack(&packed, &f);
	if (artefact_put_file(s->dir, path, false, &sum, err) < 0 ||
	    artefact_put(s->dir, packed.p, packed.n, &facts_sum, err) < 0)
		return -1;
	/* By -1: new to the database, though no task brought it. */
	repo_add(r, &f, facts_sum.hex, -1);
	return 0;
}

static int
record_sources(struct store *s, const char *repository, const struct repo *r, struct err *err)
{
	AUTO(map_fini) struct map seen = {0};

	for (size_t i = 0; i < r->packages.n; i++) {
		const struct facts *f = &r->packages.p[i].facts;
		const struct source src = {f->source, f->evr, NULL, NULL, 0};

		if (map_add(&seen, f->source) && source_add(s, repository, &src, 1, err) < 0)
			return -1;
	}
	return 0;
}

static int
record(struct store *s, struct repository *repository, const char *arch, const struct repo *r,
	const struct state_files *files, struct err *err)
{
	if (store_begin(s, err) < 0)
		return -1;
	if (repository_add(s, repository, err) < 0 ||
	    state_record(s, repository->name, arch, 1, r, files, err) < 0 ||
	    record_sources(s, repository->name, r, err) < 0 ||
	    repository_set_serial(s, repository->name, 1, err) < 0 ||
	    event_add(s, "repo", 0, 0, "", err, "repository %s: state 1, %zu packages", repository->name,
	    r->packages.n) < 0)
		return store_rollback(s);
	if (store_commit(s, err) < 0)
		return -1;
	repository->serial = 1;
	return state_switch(s, repository, err);
}

int
import_repository(struct store *s, struct repository *repository, const char *arch, const char *dir,
	import_progress *progress, void *arg, struct err *err)
{
	AUTO(listing_fini) struct listing l = {0};
	AUTO(repo_fini) struct repo r = {0};
	struct state_files files;

	if (dir && list_packages(dir, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		if (import_one(s, dir, &l.p[i], &r, err) < 0)
			return err_ctx(err, "import");
		if (progress)
			progress(arg, i + 1, l.n);
	}
	if (state_prepare(s, repository->name, arch, 1, &r, &files, err) < 0)
		return -1;
	return record(s, repository, arch, &r, &files, err);
}

/* Metadata only: enough for checks. */

static uint32_t
sense(const char *flags)
{
	static const struct {
		const char *text;
		uint32_t bits;
	} names[] = {{"LT", DEP_LESS}, {"LE", DEP_LESS | DEP_EQUAL}, {"EQ", DEP_EQUAL},
	    {"GE", DEP_GREATER | DEP_EQUAL}, {"GT", DEP_GREATER}};

	for (size_t i = 0; flags && i < ARRAY_SIZE(names); i++)
		if (strcmp(flags, names[i].text) == 0)
			return names[i].bits;
	return 0;
}

static void
take_deps(GSList *from, struct dep_list *to)
{
	for (; from; from = from->next) {
		const cr_Dependency *d = from->data;
		AUTO(free) char *vr = d->release && *d->release ?
		    xasprintf("%s-%s", d->version, d->release) : xstrdup(d->version ? d->version : "");

		vec_push(to, ((struct dep){xstrdup(d->name), *vr && d->epoch && *d->epoch && strcmp(d->epoch, "0") != 0 ?
		    xasprintf("%s:%s", d->epoch, vr) : xstrdup(vr), sense(d->flags)}));
	}
}

static char *
or_empty(const char *s)
{
	return xstrdup(s ? s : "");
}

/* "zlib-1.2-3.src.rpm" -> "zlib" */
static char *
source_name(const cr_Package *pkg)
{
	char *name = or_empty(pkg->rpm_sourcerpm && *pkg->rpm_sourcerpm ? pkg->rpm_sourcerpm : pkg->name), *dash;

	for (int i = 0; i < 2 && pkg->rpm_sourcerpm && *pkg->rpm_sourcerpm; i++)
		if ((dash = strrchr(name, '-')))
			*dash = '\0';
	return name;
}

static int
take_package(cr_Package *pkg, void *arg, GError **why)
{
	struct repo *r = arg;
	struct facts f = {.name = or_empty(pkg->name), .version = or_empty(pkg->version),
	    .release = or_empty(pkg->release), .arch = or_empty(pkg->arch), .sha256 = or_empty(pkg->pkgId),
	    .file = or_empty(pkg->location_href), .source = source_name(pkg)};

	f.epoch = or_empty(pkg->epoch && strcmp(pkg->epoch, "0") != 0 ? pkg->epoch : "");
	f.evr = evr_join(f.epoch, f.version, f.release);
	take_deps(pkg->provides, &f.dep[DEP_PROVIDES]);
	take_deps(pkg->requires, &f.dep[DEP_REQUIRES]);
	if (strcmp(f.arch, "src") != 0)
		repo_add(r, &f, "", 0);
	else
		facts_fini(&f);
	cr_package_free(pkg);
	return CR_CB_RET_OK;
}

struct file_match {
	struct repo *repo;
	struct map by_id;
};

static int
match_package(cr_Package **pkg, const char *id, const char *name, const char *arch, void *arg, GError **why)
{
	*pkg = cr_package_new();
	return CR_CB_RET_OK;
}

static int
take_files(cr_Package *pkg, void *arg, GError **why)
{
	struct file_match *m = arg;
	uint32_t at = pkg->pkgId ? map_get(&m->by_id, pkg->pkgId) : MAP_NONE;

	for (GSList *l = at == MAP_NONE ? NULL : pkg->files; l; l = l->next) {
		const cr_PackageFile *file = l->data;
		struct facts *f = &m->repo->packages.p[at].facts;

		vec_push(&f->files, ((struct fact_file){.path = xasprintf("%s%s", file->path ? file->path : "",
		    file->name ? file->name : ""), .content = xstrdup("")}));
	}
	cr_package_free(pkg);
	return CR_CB_RET_OK;
}

int
import_metadata(const char *dir, struct repo *out, struct err *err)
{
	AUTO(free) char *primary = locate(dir, false, err);
	AUTO(free) char *filelists = primary ? locate(dir, true, err) : NULL;
	struct file_match m = {.repo = out};
	size_t first = out->packages.n;
	GError *why = NULL;

	if (!primary || !filelists)
		return -1;
	cr_xml_parse_primary(primary, NULL, NULL, take_package, out, NULL, NULL, 0, &why);
	if (why)
		return fail(why, primary, err);
	for (size_t i = first; i < out->packages.n; i++)
		map_set(&m.by_id, out->packages.p[i].facts.sha256, (uint32_t)i);
	cr_xml_parse_filelists(filelists, match_package, NULL, take_files, &m, NULL, NULL, &why);
	map_fini(&m.by_id);
	return why ? fail(why, filelists, err) : 0;
}
