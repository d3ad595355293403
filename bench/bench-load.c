/*
 * Having a repository ready for what-if checks: its saved index mapped, alone and with the changes of a batch
 * since.
 *
 *   bench-load DIR
 *
 * DIR has been made by prepare (debian, batch-128, batch-1000). The index has every file of the distribution. What is mapped
 * is read when it is first looked at, so that a first try is timed apart. ROUNDS (200). The cold one is made
 * once: the file is dropped from the page cache. Prints `name value unit` lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/hash.h"
#include "bench/data.h"
#include "bench/sample.h"
#include "repo/check.h"
#include "repo/state.h"

static void
try(struct repo *r, const struct change *c)
{
	AUTO(report_fini) struct report report = {0};
	struct err err;

	must(check_changes(r, &c, 1, NULL, &report, &err), &err);
	repo_undo(r);
}

/* The saved changes of a state that is `index` and a batch. */
static int
save_changes(const char *dir, int index, struct changes *batch)
{
	AUTO(state_fini) struct state st = {0};
	AUTO(str_fini) struct str raw = {0};
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	size_t packages = 0;
	struct err err;

	must(fd < 0 ? err_sys(&err, "a file in %s", dir) : state_open(&st, index, -1, &err), &err);
	repo_begin(&st.repo);
	for (size_t i = 0; i < batch->n; i++) {
		struct change *c = &batch->p[i];

		for (size_t k = 0; k < c->packages.n; k++) {
			struct facts *f = &c->packages.p[k].facts;
			AUTO(str_fini) struct str facts = {0};
			char *slash = strrchr(f->file, '/');

			/* Metadata tell where the file is; facts, its name. */
			if (slash)
				memmove(f->file, slash + 1, strlen(slash));
			facts_pack(&facts, f);
			free(c->packages.p[k].facts_sha);
			c->packages.p[k].facts_sha = xstrdup(hash_bytes(facts.p, facts.n).hex);
		}
		packages += c->packages.n;
		plan_apply(&st.repo, c, NULL, NULL);
		state_add(&st, (const struct change *const *)&c, 1);
	}
	repo_keep(&st.repo);
	state_pack_changes(&raw, &st);
	must(file_write_fd(fd, raw.p, raw.n, &err), &err);
	printf("load-changes-packages %zu packages\nload-changes-size %zu bytes\n", packages, raw.n);
	return fd;
}

/* One opening, and the first try after it. */
static void
open_once(int index, int changes, const struct change *c, struct samples *load, struct samples *first)
{
	AUTO(state_fini) struct state st = {0};
	double begin = sample_now_ms();
	struct err err;

	lseek(index, 0, SEEK_SET);
	if (changes >= 0)
		lseek(changes, 0, SEEK_SET);
	must(state_open(&st, index, changes, &err), &err);
	samples_add(load, sample_now_ms() - begin);
	begin = sample_now_ms();
	try(&st.repo, c);
	samples_add(first, sample_now_ms() - begin);
}

static void
rounds(const char *what, int index, int changes, const struct change *c, size_t n)
{
	AUTO(samples_fini) struct samples load = {0};
	AUTO(samples_fini) struct samples first = {0};
	AUTO(free) char *name = xasprintf("%s-first-try", what);

	for (size_t i = 0; i < n; i++)
		open_once(index, changes, c, &load, &first);
	samples_print(&load, what, "ms");
	samples_print(&first, name, "ms");
}

int
main(int argc, char **argv)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(changes_fini) struct changes batch = {0};
	AUTO(changes_fini) struct changes other = {0};
	AUTO(close) int index = -1;
	AUTO(close) int changes = -1;
	struct err err;
	double begin = sample_now_ms();
	size_t n = sample_number("ROUNDS", 200);

	if (argc != 2) {
		fprintf(stderr, "usage: bench-load DIR\n");
		return 2;
	}
	data_repository(argv[1], &r);
	printf("load-make %.0f ms\nload-packages %u packages\nload-files %zu files\nload-size %zu bytes\n", sample_now_ms() - begin,
	    repo_packages(&r), r.base.n_paths, r.base.size);
	index = data_save(argv[1], &r);
	repo_fini(&r);
	data_changes(argv[1], "batch-128", &batch);
	data_changes(argv[1], "batch-1000", &other);
	changes = save_changes(argv[1], index, &batch);
	errno = posix_fadvise(index, 0, 0, POSIX_FADV_DONTNEED);
	must(errno ? err_sys(&err, "posix_fadvise") : 0, &err);
	rounds("load-cold", index, -1, &other.p[500], 1);
	rounds("load", index, -1, &other.p[500], n);
	rounds("load-changed", index, changes, &other.p[500], n);
	return 0;
}
