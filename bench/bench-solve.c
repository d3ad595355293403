/*
 * bench_solve [--verify N] DIR: which packages a build root has, out of a repository of distribution size: from the
 * saved index, as builders do it, beside libsolv over the whole of it. --verify: N random lists of BuildRequires,
 * and both answers compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/data.h"
#include "bench/sample.h"
#include "bench/solv-root.h"
#include "builder/solve.h"

/* What every root has, and what a build of a middling package wants. */
#define BASE "bash coreutils tar gzip bzip2 xz-utils patch binutils cpp-12 make"
#define WANTED BASE " libgtk-3-dev python3-dev cmake"

static bool
ask_index(struct repo *r, const struct strs *names, struct pkgset *out, bool must_be)
{
	const struct solve s = {.repo = r, .arch = "x86_64", .overlay = INDEX_NONE};
	struct err err;
	int rc = solve_for(&s, names, INDEX_NONE, out, &err);

	must(must_be && rc ? -1 : rc, &err);
	return rc == 0;
}

/* Begun from nothing each time, as each job does: the index mapped, the base group and the whole solved. */
static void
measure_index(int fd, size_t rounds)
{
	AUTO(samples_fini) struct samples took = {0};
	AUTO(strs_fini) struct strs base = {0};
	AUTO(strs_fini) struct strs wanted = {0};

	strs_split(&base, BASE, " ");
	strs_split(&wanted, WANTED, " ");
	for (size_t i = 0; i < rounds; i++) {
		AUTO(pkgset_fini) struct pkgset small = {0};
		AUTO(pkgset_fini) struct pkgset large = {0};
		AUTO(repo_fini) struct repo r = {0};
		double begin = sample_now_ms();

		data_open(fd, &r);
		ask_index(&r, &base, &small, true);
		ask_index(&r, &wanted, &large, true);
		samples_add(&took, sample_now_ms() - begin);
		if (i == 0)
			printf("packages-base %zu\npackages-wanted %zu\n", small.n, large.n);
	}
	samples_print(&took, "solve", "ms");
}

static void
measure_peer(const char *dir, bool cached, size_t rounds, const char *name)
{
	AUTO(samples_fini) struct samples took = {0};
	AUTO(strs_fini) struct strs base = {0};
	AUTO(strs_fini) struct strs wanted = {0};

	strs_split(&base, BASE, " ");
	strs_split(&wanted, WANTED, " ");
	for (size_t i = 0; i < rounds; i++) {
		AUTO(pkgset_fini) struct pkgset set = {0};
		double begin = sample_now_ms();
		struct solv_root *s = solv_root_open(dir, cached);

		if (!solv_root_ask(s, &base, &set) || !solv_root_ask(s, &wanted, &set))
			exit(1);
		samples_add(&took, sample_now_ms() - begin);
		solv_root_close(s);
	}
	samples_print(&took, name, "ms");
}

static bool
same(struct pkgset *a, struct pkgset *b)
{
	AUTO(str_fini) struct str x = {0};
	AUTO(str_fini) struct str y = {0};

	pkgset_sort(a);
	pkgset_sort(b);
	for (size_t i = 0; i < a->n; i++)
		str_add(&x, "%s\n", a->p[i].sha256);
	for (size_t i = 0; i < b->n; i++)
		str_add(&y, "%s\n", b->p[i].sha256);
	return strcmp(str_c(&x), str_c(&y)) == 0;
}

/* How many of them differ. */
static size_t
verify(const char *dir, struct repo *r, size_t rounds)
{
	struct solv_root *peer = solv_root_open(dir, false);
	size_t differ = 0, unmet = 0;
	unsigned seed = 1;

	for (size_t i = 0; i < rounds; i++) {
		AUTO(pkgset_fini) struct pkgset a = {0};
		AUTO(pkgset_fini) struct pkgset b = {0};
		AUTO(strs_fini) struct strs wanted = {0};
		bool can, could;

		strs_split(&wanted, BASE, " ");
		for (unsigned n = sample_dice(&seed, 8); n > 0; n--)
			strs_add(&wanted, repo_name(r, sample_dice(&seed, repo_packages(r))));
		can = ask_index(r, &wanted, &a, false);
		could = solv_root_ask(peer, &wanted, &b);
		unmet += !could;
		if (can == could && (!can || same(&a, &b)))
			continue;
		differ++;
		AUTO(free) char *words = strs_join(&wanted, " ");
		printf("differs: %s: %s %zu, %s %zu packages\n", words, can ? "yes" : "no", a.n, could ? "yes" : "no", b.n);
	}
	solv_root_close(peer);
	printf("verified %zu\nunsatisfiable %zu\ndiffer %zu\n", rounds, unmet, differ);
	return differ;
}

int
main(int argc, char **argv)
{
	size_t rounds = argc == 4 && strcmp(argv[1], "--verify") == 0 ? strtoul(argv[2], NULL, 10) : 0;
	const char *dir = argv[argc - 1];
	AUTO(repo_fini) struct repo r = {0};
	AUTO(close) int fd = -1;

	if (argc != 2 && rounds == 0) {
		fprintf(stderr, "usage: bench_solve [--verify N] DIR\n");
		return 2;
	}
	data_repository(dir, &r);
	if (rounds)
		return verify(dir, &r, rounds) > 0;
	fd = data_save(dir, &r);
	measure_index(fd, sample_number("ROUNDS", 50));
	measure_peer(dir, false, 3, "libsolv-xml");
	measure_peer(dir, true, 10, "libsolv-cache");
	return 0;
}
