/*
 * Checking a whole repository for unmets: from its saved index, and from its metadata.
 *
 *   bench-check DIR
 *
 * DIR has been made by prepare (debian). ROUNDS (15). Each round begins with a file: `check-saved` maps the
 * index (which has every file) and checks; `check-xml` reads primary.xml, makes an index and checks. `check-xml-scan`
 * is the reading alone, by package/rpmmd.h with a function that does nothing. Prints `name value unit` lines; the
 * peers' are beside them in check.sh.
 */
#include <string.h>

#include "base/alloc.h"
#include "bench/data.h"
#include "bench/sample.h"
#include "package/rpmmd.h"
#include "repo/import.h"
#include "repo/index-write.h"
#include "repo/unmet.h"

enum phase { SCAN, READ, WRITE, OPEN, CHECK, XML, SAVED_OPEN, SAVED_CHECK, SAVED, PHASES };
static const char *const names[PHASES] = {
	[SCAN] = "check-xml-scan",
	[READ] = "check-xml-read",
	[WRITE] = "check-xml-index",
	[OPEN] = "check-xml-open",
	[CHECK] = "check-xml-check",
	[XML] = "check-xml",
	[SAVED_OPEN] = "check-saved-open",
	[SAVED_CHECK] = "check-saved-check",
	[SAVED] = "check-saved",
};

static double
since(double *mark)
{
	double now = sample_now_ms(), took = now - *mark;

	*mark = now;
	return took;
}

static int
nothing(void *arg, const struct rpmmd_package *p, struct err *err)
{
	return 0;
}

static void
scan(const char *path, struct samples *times)
{
	double mark = sample_now_ms();
	struct err err;

	must(rpmmd_primary(path, nothing, NULL, &err), &err);
	samples_add(&times[SCAN], since(&mark));
}

static size_t
from_xml(const char *path, struct samples *times)
{
	AUTO(index_writer_fini) struct index_writer w = {0};
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	AUTO(repo_fini) struct repo r = {0};
	struct index x = {0};
	const char *dirs[] = {path};
	double begin = sample_now_ms(), mark = begin;
	struct err err;

	must(import_read(dirs, 1, false, &w, &err), &err);
	samples_add(&times[READ], since(&mark));
	must(index_write(&w, &x, &err), &err);
	samples_add(&times[WRITE], since(&mark));
	repo_open(&r, &x);
	samples_add(&times[OPEN], since(&mark));
	unmet_find(&r, &l);
	samples_add(&times[CHECK], since(&mark));
	samples_add(&times[XML], mark - begin);
	return l.n;
}

static size_t
from_saved(int fd, struct samples *times)
{
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	AUTO(repo_fini) struct repo r = {0};
	double begin = sample_now_ms(), mark = begin;

	data_open(fd, &r);
	samples_add(&times[SAVED_OPEN], since(&mark));
	unmet_find(&r, &l);
	samples_add(&times[SAVED_CHECK], since(&mark));
	samples_add(&times[SAVED], mark - begin);
	return l.n;
}

int
main(int argc, char **argv)
{
	struct samples times[PHASES] = {0};
	AUTO(free) char *path = argc == 2 ? xasprintf("%s/debian", argv[1]) : NULL;
	AUTO(repo_fini) struct repo r = {0};
	AUTO(close) int fd = -1;
	size_t xml = 0, saved = 0;

	if (!path) {
		fprintf(stderr, "usage: bench-check DIR\n");
		return 2;
	}
	data_repository(argv[1], &r);
	fd = data_save(argv[1], &r);
	repo_fini(&r);
	for (size_t i = 0, n = sample_number("ROUNDS", 15); i < n; i++) {
		scan(path, times);
		xml = from_xml(path, times);
		saved = from_saved(fd, times);
	}
	printf("check-unmets %zu unmets\n", saved);
	for (int k = 0; k < PHASES; k++) {
		samples_print(&times[k], names[k], "ms");
		samples_fini(&times[k]);
	}
	if (xml != saved) {
		fprintf(stderr, "bench-check: %zu unmets from XML, %zu from the saved index\n", xml, saved);
		return 1;
	}
	return 0;
}
