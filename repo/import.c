#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <rpm/rpmfiles.h>
#include <sodium.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/evr.h"
#include "package/rpmmd.h"
#include "repo/import.h"
#include "repo/index-write.h"
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
take_entry(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct listing *l = arg;

	if (strcmp(p->arch, "src") != 0)
		vec_push(l, ((struct entry){xstrdup(p->href), xstrdup(p->sha256)}));
	return 0;
}

static bool
stays_inside(const char *href)
{
	AUTO(strs_fini) struct strs parts = {0};

	strs_split(&parts, href, "/");
	return *href && *href != '/' && !strs_has(&parts, "..");
}

static int
import_one(struct store *s, const char *dir, const struct entry *e, struct state *st, struct err *err)
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
	repo_add(&st->repo, &f, facts_sum.hex, 0);
	return 0;
}

static int
record_sources(struct store *s, const char *repository, const struct repo *r, struct err *err)
{
	AUTO(map_fini) struct map seen = {0};

	for (uint32_t i = 0; i < repo_packages(r); i++) {
		const struct source src = {(char *)repo_source(r, i), (char *)repo_evr(r, i), NULL, NULL, 0};

		if (map_add(&seen, src.name) && source_add(s, repository, &src, 1, err) < 0)
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
	    state_record(s, repository->name, arch, 1, r, 0, files, err) < 0 ||
	    record_sources(s, repository->name, r, err) < 0 ||
	    repository_set_serial(s, repository->name, 1, err) < 0 ||
	    event_add(s, "repo", 0, 0, "", err, "repository %s: state 1, %u packages", repository->name,
	    (unsigned)repo_packages(r)) < 0)
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
	AUTO(state_fini) struct state st = {0};
	struct state_files files;

	if (dir && rpmmd_primary(dir, take_entry, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		if (import_one(s, dir, &l.p[i], &st, err) < 0)
			return err_ctx(err, "import");
		if (progress)
			progress(arg, i + 1, l.n);
	}
	if (state_prepare(s, repository, arch, 1, 0, now_ms() / 1000, &st, &files, err) < 0)
		return -1;
	return record(s, repository, arch, &st.repo, &files, err);
}

/* Metadata only: enough for checks of dependencies. */

struct reading {
	struct index_writer w;
	struct map by_id;		/* pkgid -> package */
	struct str evr;			/* of the package at hand */
	bool all;			/* every path, not only those that something requires */
};

static void
take_dependencies(struct reading *in, const struct rpmmd_package *p)
{
	const struct rpmmd_dep *d = p->dep[DEP_PROVIDES].p;

	for (size_t i = 0; i < p->dep[DEP_PROVIDES].n; i++)
		index_add_provide(&in->w, d[i].name, d[i].evr, d[i].flags);
	d = p->dep[DEP_REQUIRES].p;
	for (size_t i = 0; i < p->dep[DEP_REQUIRES].n; i++)
		index_add_require(&in->w, d[i].name, d[i].evr, d[i].flags);
	for (int k = DEP_CONFLICTS; k <= DEP_OBSOLETES && in->all; k++)
		for (size_t i = 0; i < p->dep[k].n; i++)
			index_add_conflict(&in->w, p->dep[k].p[i].name, p->dep[k].p[i].evr, p->dep[k].p[i].flags);
}

/* As evr_join() does it, which is too slow here. */
static void
join_evr(struct str *out, const struct rpmmd_package *p)
{
	str_clear(out);
	if (*p->epoch) {
		str_puts(out, p->epoch);
		str_putc(out, ':');
	}
	str_puts(out, p->version);
	str_putc(out, '-');
	str_puts(out, p->release);
}

static int
take_package(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct reading *in = arg;
	uint32_t id;

	if (strcmp(p->arch, "src") == 0 || strcmp(p->arch, "nosrc") == 0)
		return 0;
	join_evr(&in->evr, p);
	id = index_add_package(&in->w, &(struct index_names){p->name, p->source, in->evr.p, p->arch, p->href, p->sha256, ""});
	take_dependencies(in, p);
	/* All paths come with filelists; otherwise only those that primary has. */
	for (size_t i = 0; i < p->files.n && !in->all; i++)
		index_add_path(&in->w, id, index_path_hash(p->files.p[i].path, strlen(p->files.p[i].path)), PRINT_UNKNOWN);
	return 0;
}

/* Paths that primary always has: createrepo_c's rule. */
static bool
in_primary(const char *path)
{
	return strncmp(path, "/etc/", 5) == 0 || strcmp(path, "/usr/lib/sendmail") == 0 || strstr(path, "bin/");
}

static bool
need_filelists(const struct index_writer *w)
{
	for (size_t i = 0; i < w->keys.n; i++)
		if (w->keys.p[i].wanted_path && !in_primary(w->text.p + w->keys.p[i].text))
			return true;
	return false;
}

static int
take_files(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct reading *in = arg;
	uint32_t id = map_get(&in->by_id, p->sha256);

	for (size_t i = 0; id != MAP_NONE && i < p->files.n; i++) {
		const struct rpmmd_file *f = &p->files.p[i];
		uint32_t key = in->all ? 0 : index_writer_key(&in->w, f->path);

		if (!in->all && (key == INDEX_NONE || !in->w.keys.p[key].wanted_path || in_primary(f->path)))
			continue;
		index_add_path(&in->w, id, index_path_hash(f->path, strlen(f->path)),
		    f->kind == RPMMD_DIR ? PRINT_FOLDER : f->kind == RPMMD_GHOST ? PRINT_FREE : PRINT_UNKNOWN);
	}
	return 0;
}

static void
number_packages(struct reading *in)
{
	char text[SHA256_HEX + 1];

	for (uint32_t i = 0; i < in->w.packages.n; i++) {
		sodium_bin2hex(text, sizeof(text), in->w.hashes.p[i].rpm, sizeof(in->w.hashes.p[i].rpm));
		map_set(&in->by_id, text, i);
	}
}

int
import_read(const char *const *dirs, size_t n, bool all_files, struct index_writer *w, struct err *err)
{
	struct reading in = {.w = *w, .all = all_files};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = rpmmd_primary(dirs[i], take_package, &in, err);
	if (r == 0 && (all_files || need_filelists(&in.w))) {
		number_packages(&in);
		for (size_t i = 0; i < n && r == 0; i++)
			r = rpmmd_filelists(dirs[i], take_files, &in, err);
	}
	map_fini(&in.by_id);
	str_fini(&in.evr);
	*w = in.w;
	return r;
}

int
import_metadata(const char *const *dirs, size_t n, bool all_files, struct repo *out, struct err *err)
{
	AUTO(index_writer_fini) struct index_writer w = {0};
	AUTO(index_fini) struct index x = {0};

	if (import_read(dirs, n, all_files, &w, err) < 0 || index_write(&w, &x, err) < 0)
		return -1;
	repo_open(out, &x);
	return 0;
}

/* One task's packages out of metadata. */

struct collecting {
	struct change *c;
	struct map by_id;
};

static void
copy_deps(struct facts *f, const struct rpmmd_package *p)
{
	for (int k = 0; k < DEP_KINDS; k++)
		for (size_t i = 0; i < p->dep[k].n; i++)
			vec_push(&f->dep[k], ((struct dep){xstrdup(p->dep[k].p[i].name), xstrdup(p->dep[k].p[i].evr), p->dep[k].p[i].flags}));
}

static int
collect_package(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct collecting *in = arg;
	struct facts f = {.name = xstrdup(p->name), .epoch = xstrdup(p->epoch), .version = xstrdup(p->version),
	    .release = xstrdup(p->release), .arch = xstrdup(p->arch), .evr = evr_join(p->epoch, p->version, p->release),
	    .source = xstrdup(p->source), .file = xstrdup(p->href), .sha256 = xstrdup(p->sha256)};

	if (strcmp(p->arch, "src") == 0 || strcmp(p->arch, "nosrc") == 0) {
		facts_fini(&f);
		return 0;
	}
	copy_deps(&f, p);
	map_set(&in->by_id, p->sha256, (uint32_t)in->c->packages.n);
	if (!strs_has(&in->c->builds, f.source))
		strs_add(&in->c->builds, f.source);
	change_add(in->c, &f, "");
	return 0;
}

static int
collect_files(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct collecting *in = arg;
	uint32_t at = map_get(&in->by_id, p->sha256);

	for (size_t i = 0; at != MAP_NONE && i < p->files.n; i++)
		vec_push(&in->c->packages.p[at].facts.files, ((struct fact_file){.path = xstrdup(p->files.p[i].path),
		    .mode = p->files.p[i].kind == RPMMD_DIR ? S_IFDIR | 0755 : 0,
		    .flags = p->files.p[i].kind == RPMMD_GHOST ? RPMFILE_GHOST : 0, .content = xstrdup("")}));
	return 0;
}

int
import_change(const char *dir, struct change *out, struct err *err)
{
	struct collecting in = {.c = out};
	int r = rpmmd_primary(dir, collect_package, &in, err);

	if (r == 0)
		r = rpmmd_filelists(dir, collect_files, &in, err);
	map_fini(&in.by_id);
	return r;
}
