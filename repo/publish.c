#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "repo/before.h"
#include "repo/metadata.h"
#include "repo/pool.h"
#include "repo/publish.h"
#include "repo/repomd.h"

/* Everything of one publish while it lasts. */
struct work {
	const struct publish *p;
	struct before before;
	struct metadata file[PUBLISH_KINDS];
	struct metadata_output output[PUBLISH_KINDS];
	struct run_table table;
	struct sha256 runs;
	struct touched touched;
	struct publish_cost cost;
	const char **names;		/* of the packages */
	char *tmp, *repodata_path;	/* below the farm's root */
	int repodata;
};

static void
work_fini(struct work *w)
{
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		metadata_fini(&w->file[k]);
		metadata_output_fini(&w->output[k]);
	}
	before_fini(&w->before);
	run_table_fini(&w->table);
	touched_fini(&w->touched);
	free(w->names);
	free(w->tmp);
	free(w->repodata_path);
	if (w->repodata >= 0)
		close(w->repodata);
}
AUTO_DEFINE_EMBEDDED(struct work, work_fini);

/* Job i of making: the parts of all three files, those of the largest file first. */
static const enum publish_kind largest_first[PUBLISH_KINDS] = {PUBLISH_FILELISTS, PUBLISH_PRIMARY, PUBLISH_OTHER};

static int
make_part(void *arg, size_t i, struct err *err)
{
	struct work *w = arg;

	for (int k = 0; k < PUBLISH_KINDS; k++) {
		struct metadata *m = &w->file[largest_first[k]];

		if (i < m->parts.n)
			return metadata_make(m, i, err);
		i -= m->parts.n;
	}
	return 0;
}

/* Jobs of writing a file: the writer, and after it those that read what it writes. */
static size_t
steps_of(const struct publish *p)
{
	return p->open_checksum ? 3 : 2;
}

/* The table, as an artefact. */
static int
write_table(struct work *w, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};

	w->table.how = w->p->how;
	run_table_pack(&raw, &w->table);
	return artefact_put(w->p->dir, raw.p, raw.n, &w->runs, err);
}

static int
write_part(void *arg, size_t i, struct err *err)
{
	static int (*const steps[])(struct metadata *, struct metadata_output *, struct err *) = {
		metadata_write, metadata_hash, metadata_hash_open,
	};
	struct work *w = arg;
	size_t n = steps_of(w->p);
	enum publish_kind k;

	if (i == PUBLISH_KINDS * n)
		return write_table(w, err);
	k = largest_first[i / n];
	return steps[i % n](&w->file[k], &w->output[k], err);
}

static int
plan_file(void *arg, size_t i, struct err *err)
{
	struct work *w = arg;
	struct metadata *m = &w->file[i];

	*m = (struct metadata){.kind = (enum publish_kind)i, .publish = w->p, .before = &w->before, .cost = &w->cost};
	return metadata_plan(m, w->names, err);
}

static int
write_files(struct work *w, struct err *err)
{
	const struct publish *p = w->p;
	size_t parts = 0;

	if (parallel_run(PUBLISH_KINDS, p->threads, plan_file, w, err) < 0)
		return -1;
	for (int k = 0; k < PUBLISH_KINDS; k++)
		parts += w->file[k].parts.n;
	if (parallel_run(parts, p->threads, make_part, w, err) < 0)
		return -1;
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		struct metadata_output *o = &w->output[k];

		metadata_place(&w->file[k], &w->table.kind[k]);
		o->fd = openat(w->repodata, publish_kind_name(k), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (o->fd < 0)
			return err_sys(err, "create repodata/%s", publish_kind_name(k));
	}
	return parallel_run(PUBLISH_KINDS * steps_of(p) + 1, p->threads, write_part, w, err);
}

/* Name the files by their hashes, and keep them as artefacts. */
static int
name_files(struct work *w, struct repomd_file *file, char **names, struct published *out, struct err *err)
{
	const struct timespec times[2] = {{.tv_sec = w->p->when}, {.tv_sec = w->p->when}};

	out->runs = w->runs;
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		const struct metadata_output *o = &w->output[k];
		AUTO(free) char *path = NULL;

		names[k] = xasprintf("%s-%s.xml.%s", o->hash.hex, publish_kind_name(k), compression_extension(w->p->how));
		path = xasprintf("%s/%s", w->repodata_path, names[k]);
		if (renameat(w->repodata, publish_kind_name(k), w->repodata, names[k]) < 0 ||
		    futimens(o->fd, times) < 0)
			return err_sys(err, "rename to %s", path);
		if (artefact_link(w->p->dir, path, o->hash.hex, err) < 0)
			return -1;
		out->file[k] = o->hash;
		file[k] = (struct repomd_file){names[k], o->hash, o->open_hash, w->file[k].size, w->file[k].open_size};
	}
	return 0;
}

static int
describe(struct work *w, struct published *out, struct err *err)
{
	struct repomd_file file[PUBLISH_KINDS] = {0};
	char *names[PUBLISH_KINDS] = {0};
	const struct publish *p = w->p;
	int r = name_files(w, file, names, out, err);

	if (r == 0)
		r = repomd_write(w->repodata, p->when, file, &out->repomd, err);
	if (r == 0 && p->sign_key && *p->sign_key)
		r = repomd_sign(w->repodata, p->sign_key, p->sign_home, err);
	for (int k = 0; k < PUBLISH_KINDS; k++)
		free(names[k]);
	return r;
}

static int
write_tree(struct work *w, struct published *out, struct err *err)
{
	const struct publish *p = w->p;
	AUTO(free) char *packages = xasprintf("%s/Packages", w->tmp);
	AUTO(free) char *repomd = xasprintf("%s/repomd.xml", w->repodata_path);
	int64_t begin;

	if (file_remove_tree(p->dir, w->tmp, err) < 0 || file_mkdirs(p->dir, w->repodata_path, err) < 0 ||
	    (w->repodata = file_open_dir(p->dir, w->repodata_path, err)) < 0)
		return -1;
	if (symlinkat("../../../pool", p->dir, packages) < 0)
		return err_sys(err, "symlink %s", packages);
	if (write_files(w, err) < 0 || describe(w, out, err) < 0 || pool_retain(p, w->repodata, err) < 0 ||
	    pool_fill(p, &w->before, &w->touched, &w->cost.linked, err) < 0)
		return -1;
	begin = cost_now_us();
	touched_add(&w->touched, packages);
	touched_add(&w->touched, repomd);
	if (touched_sync(&w->touched, p->dir, err) < 0)
		return -1;
	cost_add(&w->cost.sync_us, cost_now_us() - begin);
	return 0;
}

/* All ids and names, in order; and that the order is what the files' bytes depend on. */
static int
take_ids(struct work *w, struct err *err)
{
	const struct publish *p = w->p;

	vec_reserve(&w->table.ids, p->n);
	w->names = xcalloc(p->n, sizeof(*w->names));
	for (size_t i = 0; i < p->n; i++) {
		int c = i ? strcmp(p->p[i - 1].name, p->p[i].name) : -1;

		assert(c < 0 || (c == 0 && strcmp(p->p[i - 1].sha256, p->p[i].sha256) <= 0));
		if (run_id_from(p->p[i].sha256, &w->table.ids.p[i], err) < 0)
			return err_ctx(err, "%s", p->p[i].file);
		w->names[i] = p->p[i].name;
	}
	w->table.ids.n = p->n;
	before_open(&w->before, p->dir, p->before, w->table.ids.p, p->n);
	return 0;
}

int
publish_write(const struct publish *p, struct published *out, struct err *err)
{
	AUTO(free) char *final = xasprintf("repo/%s/%s/state/%lld", p->repository, p->arch, (long long)p->serial);
	AUTO(work_fini) struct work w = {.p = p, .before = BEFORE_INIT, .repodata = -1,
	    .output = {METADATA_OUTPUT_INIT, METADATA_OUTPUT_INIT, METADATA_OUTPUT_INIT},
	    .tmp = xasprintf("%s.new", final), .repodata_path = xasprintf("%s.new/repodata", final)};
	int r = take_ids(&w, err);

	*out = (struct published){.serial = p->serial};
	if (r == 0)
		r = write_tree(&w, out, err);
	if (r == 0)
		r = file_remove_tree(p->dir, final, err);
	if (r == 0 && renameat(p->dir, w.tmp, p->dir, final) < 0)
		r = err_sys(err, "rename %s", w.tmp);
	if (r == 0)
		r = file_sync_parent(p->dir, final, err);
	out->cost = w.cost;
	return r < 0 ? err_ctx(err, "publish %s %s state %lld", p->repository, p->arch, (long long)p->serial) : 0;
}

int
publish_switch(int dir, const char *repository, const char *arch, int64_t serial, struct err *err)
{
	AUTO(free) char *link = xasprintf("repo/%s/%s/latest", repository, arch);
	AUTO(free) char *target = xasprintf("state/%lld", (long long)serial);
	char now[64];
	ssize_t n = readlinkat(dir, link, now, sizeof(now) - 1);

	if (n > 0) {
		now[n] = '\0';
		if (strcmp(now, target) == 0)
			return 0;
	}
	return file_relink(dir, link, target, err);
}

int
publish_abandon(int dir, const char *repository, const char *arch, int64_t serial, struct err *err)
{
	AUTO(free) char *final = xasprintf("repo/%s/%s/state/%lld", repository, arch, (long long)serial);
	AUTO(free) char *tmp = xasprintf("%s.new", final);

	if (file_remove_tree(dir, tmp, err) < 0)
		return -1;
	return file_remove_tree(dir, final, err);
}
