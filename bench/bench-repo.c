/*
 * A synthetic repository in memory: saved, loaded, checked whole, and one task tried on it.
 * Prints `name value unit` lines. PACKAGES (20000) packages, 6 requirements and 10 files each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "repo/check.h"
#include "repo/unmet.h"

enum { REQUIRES = 6, FILES = 10 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A fixed sequence: every run has the same repository. */
static unsigned
next(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
add_dep(struct dep_list *l, char *name, const char *evr, uint32_t flags)
{
	vec_push(l, ((struct dep){name, xstrdup(evr), flags}));
}

static struct facts
package(unsigned i, const char *version, unsigned *state)
{
	struct facts f = {.name = xasprintf("p%u", i), .epoch = xstrdup(""), .version = xstrdup(version),
	    .release = xstrdup("1"), .arch = xstrdup("x86_64"), .source = xasprintf("s%u", i / 3),
	    .file = xasprintf("p%u-%s-1.x86_64.rpm", i, version), .sha256 = xasprintf("%064x", i)};

	f.evr = xasprintf("%s-1", version);
	add_dep(&f.dep[DEP_PROVIDES], xasprintf("p%u", i), f.evr, DEP_EQUAL);
	add_dep(&f.dep[DEP_PROVIDES], xasprintf("libp%u.so.1()(64bit)", i), "", 0);
	for (int k = 0; k < REQUIRES && i; k++) {
		unsigned other = next(state) % i;

		if (k % 2)
			add_dep(&f.dep[DEP_REQUIRES], xasprintf("libp%u.so.1()(64bit)", other), "", 0);
		else
			add_dep(&f.dep[DEP_REQUIRES], xasprintf("p%u", other), "1", DEP_GREATER | DEP_EQUAL);
	}
	for (int k = 0; k < FILES; k++)
		vec_push(&f.files, ((struct fact_file){.path = xasprintf("/usr/share/p%u/file%d", i, k), .mode = 0100644,
		    .content = xstrdup("")}));
	return f;
}

int
main(void)
{
	const char *wanted = getenv("PACKAGES");
	unsigned n = wanted ? (unsigned)atoi(wanted) : 20000, state = 1;
	AUTO(repo_fini) struct repo built = {0};
	AUTO(repo_fini) struct repo r = {0};
	AUTO(baseline_fini) struct baseline base = {0};
	AUTO(change_fini) struct change change = {.task = 1};
	AUTO(report_fini) struct report report = {0};
	AUTO(str_fini) struct str saved = {0};
	struct change *changes[] = {&change};
	struct rusage usage;
	struct err err;
	double t;

	for (unsigned i = 0; i < n; i++) {
		struct facts f = package(i, "1", &state);

		repo_add(&built, &f, "", 0);
	}
	t = now();
	repo_save(&built, &saved);
	printf("repo-save %.1f ms\n", now() - t);
	t = now();
	if (repo_load(&r, saved.p, saved.n, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	printf("repo-load %.1f ms\n", now() - t);
	t = now();
	baseline_take(&base, &r);
	printf("repo-index-and-check %.1f ms\n", now() - t);
	for (unsigned i = 0; i < 3; i++) {
		struct facts f = package(i, "2", &state);

		change_add(&change, &f, "");
	}
	strs_add(&change.builds, "s0");
	t = now();
	if (check_changes(&r, &base, changes, 1, &report, &err) < 0)
		return 1;
	printf("repo-try-one-task %.1f ms\n", now() - t);
	printf("repo-packages %u packages\nrepo-broken %zu findings\n", n, report.broken.n);
	getrusage(RUSAGE_SELF, &usage);
	printf("repo-memory %ld KiB\n", usage.ru_maxrss);
	return 0;
}
