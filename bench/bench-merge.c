/*
 * Merging a batch into a distribution, from the database to the published state.
 *
 *   bench-merge DIR MERGER BATCH[=MERGED]...
 *   bench-merge --phases|--write FARM NAME
 *
 * DIR has been made by prepare (debian and the batches), MERGER is the program. BENCH_ROOT (/tmp) is where the farms
 * are made: see farm.h for what they have and have not. ROUNDS (3): `artel-merger --once` on a new copy of the farm
 * each, from the start of the process to its end; with MERGED, that many tasks must be merged then, or the status
 * is 1. Once more the first fold of it is done by --phases, in a process of its own (a fork of a large one is slow),
 * to tell where time goes: `collect` (tasks and their facts read), `load` (the repository), `settle` (who may go
 * together), `commit` (all the rest). --write is the same, but for the commit, of which it does the writing of the
 * state alone: with what repo/cost.h counts, of all threads together. KEEP=1 leaves the farms, VERBOSE=1 shows what the merger
 * says. Prints `name value unit` lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "bench/data.h"
#include "bench/farm.h"
#include "bench/sample.h"
#include "merger/batch.h"
#include "merger/commit.h"
#include "merger/fold.h"
#include "repo/state.h"
#include "schema/store.h"

static void
run(const char *const *argv, struct str *said)
{
	struct ended ended;
	struct err err;

	must(spawn_run(&(struct spawn){.argv = argv}, NULL, said, 600000, &ended, &err), &err);
	if (ended.how != ENDED_EXIT || ended.code) {
		fprintf(stderr, "bench-merge: %s: %s\n", argv[0], str_c(said));
		exit(1);
	}
}

/* Artefacts are never written to again: linked. All is on the disk when it returns. */
static void
copy_farm(const char *from, const char *to)
{
	AUTO(free) char *db = xasprintf("%s/farm.db", from);
	AUTO(free) char *own = xasprintf("%s/farm.db", to);
	AUTO(str_fini) struct str said = {0};

	run((const char *const[]){"cp", "-al", from, to, NULL}, &said);
	run((const char *const[]){"cp", "--remove-destination", db, own, NULL}, &said);
	sync();
}

static size_t
merged_of(const struct str *said)
{
	const char *at = strstr(str_c(said), " merged,");

	while (at && at > said->p && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at ? strtoul(at, NULL, 10) : 0;
}

/* One round; how many were merged. */
static size_t
merge_once(const char *farm, size_t round, const char *merger, struct samples *times)
{
	AUTO(free) char *copy = xasprintf("%s.%zu", farm, round);
	AUTO(str_fini) struct str said = {0};
	double begin;

	copy_farm(farm, copy);
	begin = sample_now_ms();
	run((const char *const[]){merger, "--once", "--root", copy, NULL}, &said);
	samples_add(times, sample_now_ms() - begin);
	if (getenv("VERBOSE"))
		fprintf(stderr, "%s", str_c(&said));
	return merged_of(&said);
}

static double
since(double *mark)
{
	double now = sample_now_ms(), took = now - *mark;

	*mark = now;
	return took;
}

static void
settle_batch(const struct batch *b, struct repo *r, struct settled *out)
{
	AUTO(free) struct fold_item *items = xcalloc(b->items.n, sizeof(*items));
	struct fold f = {.repos = &r, .n_arches = 1, .items = items, .n = b->items.n, .testers = (size_t)sysconf(_SC_NPROCESSORS_ONLN)};
	struct err err;

	for (size_t i = 0; i < f.n; i++) {
		const struct candidate *c = &b->items.p[i];

		items[i] = (struct fold_item){c->task.id, c->changes, c->deps, c->n_deps};
	}
	must(fold_settle(&f, out, &err), &err);
}

/* Writing the state alone, as serial 3 that nobody hears of; it is thrown away with the copy. */
static void
write_state(struct store *s, const struct repository *repository, const struct batch *b, const struct settled *done,
	const char *name)
{
	AUTO(state_fini) struct state st = {0};
	const struct publish_cost *cost;
	struct state_files files;
	struct err err;
	double mark;

	must(state_load(s, repository->name, repository->arches.p[0], 1, &st, &err), &err);
	mark = sample_now_ms();
	repo_begin(&st.repo);
	for (size_t i = 0; i < done->n_accepted; i++) {
		const struct change *c = b->items.p[done->order[i]].changes;

		plan_apply(&st.repo, c, NULL, NULL);
		state_add(&st, &c, 1);
	}
	printf("%s-write-apply %.2f ms\n", name, since(&mark));
	must(state_prepare(s, repository, repository->arches.p[0], 3, 1, 1700000000, &st, &files, &err), &err);
	printf("%s-write %.2f ms\n", name, since(&mark));
	cost = &files.published.cost;
	printf("%s-write-verify %.2f ms\n%s-write-compress %.2f ms\n%s-write-copy %.2f ms\n%s-write-hash %.2f ms\n%s-write-sync %.2f ms\n",
	    name, (double)cost->verify_us / 1e3, name, (double)cost->compress_us / 1e3, name, (double)cost->write_us / 1e3,
	    name, (double)cost->hash_us / 1e3, name, (double)cost->sync_us / 1e3);
	printf("%s-write-runs-made %lld runs\n%s-write-runs-copied %lld runs\n%s-write-compressed %lld bytes\n", name,
	    (long long)cost->made, name, (long long)cost->copied, name, (long long)cost->made_bytes);
}

static void
phases(const char *farm, const char *name, bool write)
{
	AUTO(repository_fini) struct repository repository = {0};
	AUTO(state_fini) struct state st = {0};
	AUTO(settled_fini) struct settled done = {0};
	AUTO(batch_fini) struct batch b = {0};
	AUTO(store_close) struct store *s = NULL;
	double mark = sample_now_ms(), took[3];
	struct err err;

	must(store_open(farm, &s, &err), &err);
	s->user = "merger";
	must(repository_get(s, "debian", &repository, &err), &err);
	must(batch_collect(s, &repository, &b, &err), &err);
	took[0] = since(&mark);
	must(state_load(s, "debian", "x86_64", repository.serial, &st, &err), &err);
	took[1] = since(&mark);
	settle_batch(&b, &st.repo, &done);
	took[2] = since(&mark);
	if (write) {
		write_state(s, &repository, &b, &done, name);
		return;
	}
	must(commit_batch(s, &repository, &b, done.order, done.n_accepted, &st, now_ms(), &err), &err);
	printf("%s-collect %.2f ms\n%s-load %.2f ms\n%s-settle %.2f ms\n%s-commit %.2f ms\n%s-attempts %zu attempts\n", name, took[0],
	    name, took[1], name, took[2], name, since(&mark), name, done.attempts + done.closing_attempts);
}

/* The phases of a copy, in another process. */
static void
run_phases(const char *farm, const char *name, const char *which)
{
	AUTO(free) char *copy = xasprintf("%s%s", farm, which);
	AUTO(str_fini) struct str said = {0};

	copy_farm(farm, copy);
	run((const char *const[]){"/proc/self/exe", which, copy, name, NULL}, &said);
	fputs(str_c(&said), stdout);
}

/* 1: another number was merged than should have been. */
static int
measure(const char *base, const char *dir, const char *merger, const char *batch, const char *want)
{
	AUTO(free) char *farm = xasprintf("%s.%s", base, batch);
	AUTO(free) char *name = xasprintf("merge-%s", batch);
	AUTO(samples_fini) struct samples times = {0};
	size_t tasks, merged = 0;
	int wrong = 0;

	copy_farm(base, farm);
	tasks = farm_batch(farm, dir, batch);
	for (size_t i = 0, n = sample_number("ROUNDS", 3); i < n; i++) {
		merged = merge_once(farm, i, merger, &times);
		wrong |= want && merged != strtoul(want, NULL, 10);
	}
	printf("%s-tasks %zu tasks\n%s-merged %zu tasks\n", name, tasks, name, merged);
	samples_print(&times, name, "ms");
	run_phases(farm, name, "--phases");
	run_phases(farm, name, "--write");
	fflush(stdout);
	if (wrong)
		fprintf(stderr, "bench-merge: %s: %zu merged, not %s\n", batch, merged, want);
	return wrong;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("BENCH_ROOT");
	AUTO(free) char *root = xasprintf("%s/artel-merge.XXXXXX", top ? top : "/tmp");
	AUTO(free) char *base = NULL;
	struct err err;
	int wrong = 0;

	if (argc == 4 && (strcmp(argv[1], "--phases") == 0 || strcmp(argv[1], "--write") == 0)) {
		phases(argv[2], argv[3], strcmp(argv[1], "--write") == 0);
		return 0;
	}
	if (argc < 4) {
		fprintf(stderr, "usage: bench-merge DIR MERGER BATCH[=MERGED]...\n");
		return 2;
	}
	must(mkdtemp(root) ? 0 : err_sys(&err, "mkdtemp %s", root), &err);
	base = xasprintf("%s/f", root);
	farm_make(base, argv[1]);
	for (int i = 3; i < argc; i++) {
		char *want = strchr(argv[i], '=');

		if (want)
			*want++ = '\0';
		wrong |= measure(base, argv[1], argv[2], argv[i], want);
	}
	if (!getenv("KEEP"))
		must(file_remove_tree(AT_FDCWD, root, &err), &err);
	else
		printf("merge-root %s folder\n", root);
	return wrong;
}
