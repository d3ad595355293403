#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/map.h"
#include "base/text.h"
#include "base/vec.h"
#include "bench/data.h"
#include "bench/farm.h"
#include "package/artefact.h"
#include "package/rpmmd.h"
#include "repo/import.h"
#include "repo/publish.h"
#include "repo/state.h"
#include "schema/build.h"
#include "schema/repository.h"
#include "schema/store.h"
#include "schema/task.h"
#include "schema/user.h"
#include "wire/job.h"

static const char name[] = "debian", arch[] = "x86_64";

/* The packages of a folder, each with its records. */
struct records {
	struct map by_id;
	struct {
		struct facts *p;
		size_t n, cap;
	} facts;
};

static void
records_fini(struct records *r)
{
	for (size_t i = 0; i < r->facts.n; i++)
		facts_fini(&r->facts.p[i]);
	vec_fini(&r->facts);
	map_fini(&r->by_id);
}
AUTO_DEFINE_EMBEDDED(struct records, records_fini);

static int
take_primary(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct records *r = arg;
	const char *slash = strrchr(p->href, '/');
	struct facts f = {.name = xstrdup(p->name), .file = xstrdup(slash ? slash + 1 : p->href), .sha256 = xstrdup(p->sha256),
	    .primary = xstrndup(p->record, p->record_n)};

	map_set(&r->by_id, p->sha256, (uint32_t)r->facts.n);
	vec_push(&r->facts, f);
	return 0;
}

static int
take_filelists(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct records *r = arg;
	uint32_t i = map_get(&r->by_id, p->sha256);

	if (i != MAP_NONE)
		r->facts.p[i].filelists = xstrndup(p->record, p->record_n);
	return 0;
}

static int
take_other(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct records *r = arg;
	uint32_t i = map_get(&r->by_id, p->sha256);

	if (i != MAP_NONE)
		r->facts.p[i].other = xstrndup(p->record, p->record_n);
	return 0;
}

static void
read_records(const char *dir, struct records *r)
{
	struct err err;

	must(rpmmd_primary(dir, take_primary, r, &err), &err);
	must(rpmmd_filelists(dir, take_filelists, r, &err), &err);
	must(rpmmd_other(dir, take_other, r, &err), &err);
}

/* An artefact, unsynced; sha256 NULL: of its content. */
static struct sha256
store(int dir, const void *data, size_t n, const char *sha256)
{
	struct sha256 sum = sha256 ? (struct sha256){0} : hash_bytes(data, n);
	AUTO(close) int fd = -1;
	char folder[16];
	struct err err;

	if (sha256)
		memcpy(sum.hex, sha256, sizeof(sum.hex));
	snprintf(folder, sizeof(folder), "artefact/%.2s", sum.hex);
	mkdirat(dir, folder, 0755);
	fd = openat(dir, artefact_path(sum.hex).text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);
	must(fd < 0 ? err_sys(&err, "create %s", artefact_path(sum.hex).text) : file_write_fd(fd, data, n, &err), &err);
	return sum;
}

static struct sha256
store_facts(int dir, const struct facts *f)
{
	AUTO(str_fini) struct str raw = {0};

	facts_pack(&raw, f);
	store(dir, "", 0, f->sha256);
	return store(dir, raw.p, raw.n, NULL);
}

static int
order(const void *a, const void *b)
{
	const struct publish_package *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->sha256, y->sha256);
}

/* State 1 as readers see it. */
static void
publish(int dir, const char *path, struct published *out)
{
	AUTO(records_fini) struct records r = {0};
	AUTO(free) struct publish_package *p = NULL;
	AUTO(free) struct sha256 *facts = NULL;
	struct err err;

	read_records(path, &r);
	p = xcalloc(r.facts.n, sizeof(*p));
	facts = xcalloc(r.facts.n, sizeof(*facts));
	for (size_t i = 0; i < r.facts.n; i++) {
		struct facts *f = &r.facts.p[i];

		facts[i] = store_facts(dir, f);
		p[i] = (struct publish_package){f->name, f->file, f->sha256, facts[i].hex};
	}
	qsort(p, r.facts.n, sizeof(*p), order);
	must(publish_write(&(struct publish){.dir = dir, .repository = name, .arch = arch, .serial = 1, .when = 1700000000, .p = p,
	    .n = r.facts.n}, out, &err), &err);
}

/*
 * Leave only what names say, so that the farm is copied fast. The rest is put aside, not removed: ext4 without a
 * journal is slow to make files for minutes after many were removed.
 */
static void
put_aside(int dir, const struct state_files *files)
{
	const char *const keep[] = {files->index, files->published.file[0].hex, files->published.file[1].hex,
	    files->published.file[2].hex, files->published.runs.hex};
	struct err err;

	must(renameat(dir, "repo/debian/pool", dir, "../aside-pool") < 0 || renameat(dir, "artefact", dir, "../aside") < 0 ?
	    err_sys(&err, "put aside") : 0, &err);
	must(file_mkdirs(dir, "repo/debian/pool", &err), &err);
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		struct artefact_path path = artefact_path(keep[i]);
		AUTO(free) char *from = xasprintf("../aside/%s", strchr(path.text, '/') + 1);
		AUTO(free) char *folder = xasprintf("artefact/%.2s", keep[i]);

		must(file_mkdirs(dir, folder, &err), &err);
		must(renameat(dir, from, dir, path.text) < 0 ? err_sys(&err, "%s", from) : 0, &err);
	}
}

static void
record(struct store *s, const struct repo *r, const struct state_files *files)
{
	struct repository repository = {.name = xstrdup(name), .base_group = xstrdup(""), .sign_key = xstrdup(""), .allow = xstrdup(""),
	    .keep_states = 16};
	AUTO(map_fini) struct map seen = {0};
	struct err err;

	strs_add(&repository.arches, arch);
	must(store_begin(s, &err), &err);
	must(repository_add(s, &repository, &err), &err);
	must(state_record(s, name, arch, 1, r, 0, files, &err), &err);
	for (uint32_t i = 0; i < repo_packages(r); i++) {
		const struct source src = {(char *)repo_source(r, i), (char *)repo_evr(r, i), NULL, NULL, 0};

		if (map_add(&seen, src.name))
			must(source_add(s, name, &src, 1, &err), &err);
	}
	must(repository_set_serial(s, name, 1, &err), &err);
	must(store_commit(s, &err), &err);
	repository.serial = 1;
	must(state_switch(s, &repository, &err), &err);
	repository_fini(&repository);
}

void
farm_make(const char *root, const char *dir)
{
	AUTO(free) char *path = xasprintf("%s/debian", dir);
	AUTO(repo_fini) struct repo read = {0};
	AUTO(repo_fini) struct repo r = {0};
	struct state_files files = {0};
	struct store *s = NULL;
	struct index x;
	struct err err;

	must(store_create(root, &err), &err);
	must(store_open(root, &s, &err), &err);
	s->user = "bench";
	must(user_add(s, "bench", false, &err), &err);
	must(file_mkdirs(s->dir, "artefact", &err), &err);
	data_repository(dir, &read);
	must(repo_reindex(&read, &x, NULL, &err), &err);
	repo_open(&r, &x);
	repo_count_all(&r);
	memcpy(files.index, store(s->dir, r.base.memory, r.base.size, NULL).hex, sizeof(files.index));
	publish(s->dir, path, &files.published);
	put_aside(s->dir, &files);
	record(s, &r, &files);
	store_close(s);
}

/* What the builders left of one source: its source RPM's job, and its RPMs. */
static void
add_outputs(struct store *s, int64_t task, struct change *c, const struct records *records)
{
	const struct facts *first = &c->packages.p[0].facts;
	struct wire_result result = {.outcome = WIRE_OK, .reason = xstrdup(""), .log = xstrdup(""), .buildroot = xstrdup(""),
	    .package = xstrdup(c->builds.p[0]), .evr = xstrdup(first->evr)};
	AUTO(job_fini) struct job job = {.task = task, .subtask = 64, .arch = xstrdup(""), .kind = JOB_SRPM, .state = JOB_QUEUED,
	    .builder = xstrdup(""), .reason = xstrdup(""), .log = xstrdup("")};
	struct err err;

	must(job_add(s, &job, &job.id, &err), &err);
	job.state = JOB_DONE;
	wire_result_pack(&job.result, &result);
	must(job_save(s, &job, &err), &err);
	wire_result_fini(&result);
	for (size_t i = 0; i < c->packages.n; i++) {
		struct facts *f = &c->packages.p[i].facts;
		const struct facts *with = &records->facts.p[map_get(&records->by_id, f->sha256)];
		struct output o = {.subtask = 64, .arch = (char *)arch, .kind = (char *)"rpm", .file = with->file, .sha256 = f->sha256};
		struct sha256 sum;

		free(f->file);
		f->file = xstrdup(with->file);
		f->primary = xstrdup(with->primary);
		f->filelists = xstrdup(with->filelists);
		f->other = xstrdup(with->other);
		sum = store_facts(s->dir, f);
		o.facts = sum.hex;
		must(output_add(s, task, &o, &err), &err);
	}
}

static void
add_task(struct store *s, const char *dir)
{
	AUTO(change_fini) struct change c = {0};
	AUTO(records_fini) struct records records = {0};
	AUTO(task_fini) struct task t = {0};
	struct subtask sub = {.id = 64, .kind = SUBTASK_SRPM, .user = (char *)"bench"};
	int64_t id;
	struct err err;

	must(import_change(dir, &c, &err), &err);
	read_records(dir, &records);
	must(task_create(s, name, "bench", &id, &err), &err);
	must(task_get(s, id, &t, &err), &err);
	sub.task = id;
	sub.package = c.builds.p[0];
	sub.srpm_file = xasprintf("%s-%s.src.rpm", sub.package, c.packages.p[0].facts.evr);
	sub.srpm = xstrdup(hash_bytes(sub.srpm_file, strlen(sub.srpm_file)).hex);
	must(subtask_save(s, &sub, &err), &err);
	add_outputs(s, id, &c, &records);
	t.submitted = t.started = now_ms();
	t.base = 1;
	must(task_save(s, &t, &err), &err);
	must(task_move(s, &t, TASK_AWAITING, NULL, &err), &err);
	must(task_move(s, &t, TASK_BUILDING, NULL, &err), &err);
	must(task_move(s, &t, TASK_BUILT, NULL, &err), &err);
	free(sub.srpm_file);
	free(sub.srpm);
}

size_t
farm_batch(const char *root, const char *dir, const char *batch)
{
	AUTO(strs_fini) struct strs folders = {0};
	struct store *s = NULL;
	struct err err;

	data_folders(dir, batch, &folders);
	must(store_open(root, &s, &err), &err);
	s->user = "bench";
	must(store_begin(s, &err), &err);
	for (size_t i = 0; i < folders.n; i++)
		add_task(s, folders.p[i]);
	must(store_commit(s, &err), &err);
	store_close(s);
	return folders.n;
}
