/*
 * Metadata only: enough for checks of dependencies. One thread takes the XML apart
 * and lines up what an index needs of each package; another enters it there.
 */
#include <string.h>
#include <sys/stat.h>

#include <rpm/rpmfiles.h>
#include <sodium.h>

#include "base/alloc.h"
#include "base/belt.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/evr.h"
#include "package/rpmmd.h"
#include "repo/import.h"
#include "repo/index-write.h"

enum { BATCH = 256 * 1024 };

struct reading {
	struct index_writer w;		/* the thread's until the belt ends */
	struct belt *belt;
	struct map by_id;		/* pkgid -> package */
	bool all;			/* every path, not only those that something requires */
};

/* How much of each stands in a package's line. */
struct lined_up {
	uint32_t provides, requires, conflicts, paths;
};

static void
put_text(struct str *out, const char *text)
{
	str_put(out, text, strlen(text) + 1);
}

static void
put_deps(struct str *out, const struct rpmmd_package *p, enum dep_kind k)
{
	for (size_t i = 0; i < p->dep[k].n; i++) {
		uint32_t flags = p->dep[k].p[i].flags & ~RELATION_OBSOLETES;

		flags |= k == DEP_OBSOLETES ? RELATION_OBSOLETES : 0;
		str_put(out, &flags, sizeof(flags));
		put_text(out, p->dep[k].p[i].name);
		put_text(out, p->dep[k].p[i].evr);
	}
}

/* As evr_join() does it, without allocating. */
static void
put_evr(struct str *out, const struct rpmmd_package *p)
{
	if (*p->epoch) {
		str_puts(out, p->epoch);
		str_putc(out, ':');
	}
	str_puts(out, p->version);
	str_putc(out, '-');
	put_text(out, p->release);
}

static int
take_package(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct reading *in = arg;
	struct str *out = belt_batch(in->belt);
	const struct lined_up n = {
		.provides = (uint32_t)p->dep[DEP_PROVIDES].n, .requires = (uint32_t)p->dep[DEP_REQUIRES].n,
		.conflicts = in->all ? (uint32_t)(p->dep[DEP_CONFLICTS].n + p->dep[DEP_OBSOLETES].n) : 0,
		/* All paths come with filelists; otherwise only those that primary has. */
		.paths = in->all ? 0 : (uint32_t)p->files.n};

	if (rpmmd_is_source(p))
		return 0;
	str_put(out, &n, sizeof(n));
	put_text(out, p->name);
	put_text(out, p->source);
	put_evr(out, p);
	put_text(out, p->arch);
	put_text(out, p->href);
	put_text(out, p->sha256);
	put_deps(out, p, DEP_PROVIDES);
	put_deps(out, p, DEP_REQUIRES);
	for (int k = DEP_CONFLICTS; k <= DEP_OBSOLETES && in->all; k++)
		put_deps(out, p, k);
	for (size_t i = 0; i < n.paths; i++)
		put_text(out, p->files.p[i].path);
	if (out->n > BATCH)
		belt_send(in->belt);
	return 0;
}

static const char *
next_text(const char **at)
{
	const char *text = *at;

	*at += strlen(text) + 1;
	return text;
}

static void
enter_deps(struct index_writer *w, const char **at, uint32_t n,
	void (*add)(struct index_writer *w, const char *name, const char *evr, uint32_t flags))
{
	while (n-- > 0) {
		const char *name, *evr;
		uint32_t flags;

		memcpy(&flags, *at, sizeof(flags));
		*at += sizeof(flags);
		name = next_text(at);
		evr = next_text(at);
		add(w, name, evr, flags);
	}
}

/* In the belt's thread. */
static void
enter_packages(void *arg, struct str *batch)
{
	struct reading *in = arg;
	const char *at = str_c(batch), *end = at + batch->n;

	while (at < end) {
		struct index_names names = {.facts_sha = ""};
		struct lined_up n;
		uint32_t id;

		memcpy(&n, at, sizeof(n));
		at += sizeof(n);
		names.name = next_text(&at);
		names.source = next_text(&at);
		names.evr = next_text(&at);
		names.arch = next_text(&at);
		names.file = next_text(&at);
		names.sha256 = next_text(&at);
		id = index_add_package(&in->w, &names);
		enter_deps(&in->w, &at, n.provides, index_add_provide);
		enter_deps(&in->w, &at, n.requires, index_add_require);
		enter_deps(&in->w, &at, n.conflicts, index_add_conflict);
		for (; n.paths > 0; n.paths--) {
			const char *path = next_text(&at);

			index_add_path(&in->w, id, index_path_hash(path, (size_t)(at - path) - 1), PRINT_UNKNOWN);
		}
	}
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

	in.belt = belt_new(enter_packages, &in);
	for (size_t i = 0; i < n && r == 0; i++)
		r = rpmmd_primary(dirs[i], take_package, &in, err);
	belt_end(in.belt);
	if (r == 0 && (all_files || need_filelists(&in.w))) {
		number_packages(&in);
		for (size_t i = 0; i < n && r == 0; i++)
			r = rpmmd_filelists(dirs[i], take_files, &in, err);
	}
	map_fini(&in.by_id);
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

	if (rpmmd_is_source(p)) {
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
