/*
 * libsolv's answer to our whole-repository check: which requirements of which packages
 * has no package of the same repository.
 *
 *	peer-solv [--print] [--cache FILE] DIR
 *
 * DIR is an rpm-md repository. It is read from XML, and from FILE in libsolv's own format,
 * which is written when it is absent or older than repomd.xml. Times are lines `name value
 * unit`; --print prints the set from XML instead, sorted: package, tab, requirement.
 *
 * The filelists are read only if a file is required that primary.xml does not list. A rich
 * dependency is met if pool_whatprovides() finds anything for it; that is exact for `or`.
 */
#include <errno.h>
#include <getopt.h>
#include <solv/chksum.h>
#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/repo.h>
#include <solv/repo_repomdxml.h>
#include <solv/repo_rpmmd.h>
#include <solv/repo_solv.h>
#include <solv/repo_write.h>
#include <solv/solv_xfopen.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

/* One reading and checking, in ms. */
struct times {
	double load, provides, check;
};

AUTO_DEFINE(Pool *, pool_free);

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Where repomd.xml says that a kind of metadata is; NULL with err set. */
static char *
locate(const char *dir, const char *kind, struct err *err)
{
	AUTO(pool_free) Pool *pool = pool_create();
	AUTO(free) char *path = xasprintf("%s/repodata/repomd.xml", dir);
	AUTO(fclose) FILE *file = fopen(path, "re");
	Repo *repo = repo_create(pool, "repomd");
	const char *found = NULL;
	Dataiterator di;
	char *full = NULL;

	if (!file || repo_add_repomdxml(repo, file, 0) != 0) {
		err_set(err, file ? EBADMSG : errno, "%s: %s", path, file ? pool_errstr(pool) : strerror(errno));
		return NULL;
	}
	dataiterator_init(&di, pool, repo, SOLVID_META, REPOSITORY_REPOMD_TYPE, kind, SEARCH_STRING);
	dataiterator_prepend_keyname(&di, REPOSITORY_REPOMD);
	if (dataiterator_step(&di)) {
		dataiterator_setpos_parent(&di);
		found = pool_lookup_str(pool, SOLVID_POS, REPOSITORY_REPOMD_LOCATION);
	}
	if (found)
		full = xasprintf("%s/%s", dir, found);
	else
		err_set(err, EBADMSG, "%s names no %s", path, kind);
	dataiterator_free(&di);
	return full;
}

static int
add_xml(Repo *repo, const char *dir, const char *kind, int flags, struct err *err)
{
	AUTO(free) char *path = locate(dir, kind, err);
	AUTO(fclose) FILE *file = path ? solv_xfopen(path, "r") : NULL;

	if (!path)
		return -1;
	if (!file)
		return err_sys(err, "%s", path);
	return repo_add_rpmmd(repo, file, NULL, flags) ?
	    err_set(err, EBADMSG, "%s: %s", path, pool_errstr(repo->pool)) : 0;
}

/* Whether a dependency names a file that is not among those of primary.xml. */
static bool
needs_filelists(const Pool *pool)
{
	for (Id id = 1; id < pool->ss.nstrings; id++) {
		const char *name = pool_id2str(pool, id);

		if (*name == '/' && strncmp(name, "/etc/", 5) != 0 && !strstr(name, "bin/") &&
		    strcmp(name, "/usr/lib/sendmail") != 0)
			return true;
	}
	return false;
}

static int
load_xml(Repo *repo, const char *dir, struct err *err)
{
	if (add_xml(repo, dir, "primary", 0, err) < 0)
		return -1;
	if (needs_filelists(repo->pool))
		return add_xml(repo, dir, "filelists", REPO_EXTEND_SOLVABLES | REPO_LOCALPOOL, err);
	return 0;
}

static int
load_cache(Repo *repo, const char *cache, struct err *err)
{
	AUTO(fclose) FILE *file = fopen(cache, "re");

	if (!file)
		return err_sys(err, "%s", cache);
	return repo_add_solv(repo, file, 0) ? err_set(err, EBADMSG, "%s: %s", cache, pool_errstr(repo->pool)) : 0;
}

static bool
cache_is_new(const char *cache, const char *dir)
{
	AUTO(free) char *repomd = xasprintf("%s/repodata/repomd.xml", dir);
	struct stat have, of;

	return stat(cache, &have) == 0 && stat(repomd, &of) == 0 && (have.st_mtim.tv_sec > of.st_mtim.tv_sec ||
	    (have.st_mtim.tv_sec == of.st_mtim.tv_sec && have.st_mtim.tv_nsec >= of.st_mtim.tv_nsec));
}

static int
write_cache(Repo *repo, const char *cache, struct err *err)
{
	AUTO(free) char *part = xasprintf("%s.part", cache);
	AUTO(fclose) FILE *file = fopen(part, "we");

	if (!file || repo_write(repo, file) != 0 || fflush(file) != 0)
		return err_sys(err, "%s", part);
	return rename(part, cache) < 0 ? err_sys(err, "%s", cache) : 0;
}

/* The set is appended to out as lines, if it is given. The number of unmets. */
static size_t
check(Pool *pool, Repo *repo, struct strs *out)
{
	Solvable *s;
	size_t n = 0;
	Id p;

	FOR_REPO_SOLVABLES(repo, p, s) {
		if (!s->requires)
			continue;
		for (const Id *dep = s->repo->idarraydata + s->requires; *dep; dep++) {
			if (*dep == SOLVABLE_PREREQMARKER || *pool_whatprovides_ptr(pool, *dep))
				continue;
			if (strncmp(pool_id2str(pool, *dep), "rpmlib(", 7) == 0)
				continue;
			n++;
			if (out)
				strs_take(out, xasprintf("%s\t%s", pool_solvable2str(pool, s), pool_dep2str(pool, *dep)));
		}
	}
	return n;
}

/* Read from the cache if there is a name of one, else from XML; the number of unmets. */
static int
run(const char *dir, const char *cache, struct strs *out, const char *write_to, struct times *t, size_t *unmets,
	struct err *err)
{
	AUTO(pool_free) Pool *pool = pool_create();
	Repo *repo = repo_create(pool, "peer");
	double start = now();

	pool_setdisttype(pool, DISTTYPE_RPM);
	if (cache ? load_cache(repo, cache, err) : load_xml(repo, dir, err))
		return -1;
	t->load = now() - start;
	if (write_to && write_cache(repo, write_to, err) < 0)
		return -1;
	start = now();
	pool_addfileprovides(pool);
	pool_createwhatprovides(pool);
	t->provides = now() - start;
	start = now();
	*unmets = check(pool, repo, out);
	t->check = now() - start;
	return 0;
}

static void
print_times(const char *from, const struct times *t, size_t unmets)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("peer-solv-%s-load %.1f ms\n", from, t->load);
	printf("peer-solv-%s-provides %.1f ms\n", from, t->provides);
	printf("peer-solv-%s-check %.1f ms\n", from, t->check);
	printf("peer-solv-%s %.1f ms\n", from, t->load + t->provides + t->check);
	printf("peer-solv-%s-unmets %zu unmets\n", from, unmets);
	printf("peer-solv-%s-peak %ld KiB\n", from, usage.ru_maxrss);
}

/* From the cache first: the peak of memory only grows. */
static int
measure(const char *dir, const char *cache, struct err *err)
{
	struct times xml, solv;
	size_t unmets;

	if (!cache_is_new(cache, dir) && run(dir, NULL, NULL, cache, &xml, &unmets, err) < 0)
		return -1;
	if (run(dir, cache, NULL, NULL, &solv, &unmets, err) < 0)
		return -1;
	print_times("cached", &solv, unmets);
	if (run(dir, NULL, NULL, NULL, &xml, &unmets, err) < 0)
		return -1;
	print_times("xml", &xml, unmets);
	return 0;
}

static int
print_set(const char *dir, struct err *err)
{
	AUTO(strs_fini) struct strs out = {0};
	struct times t;
	size_t unmets;

	if (run(dir, NULL, &out, NULL, &t, &unmets, err) < 0)
		return -1;
	strs_sort(&out);
	for (size_t i = 0; i < out.n; i++)
		puts(out.p[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"print", no_argument, NULL, 'p'},
	    {"cache", required_argument, NULL, 'c'}, {0}};
	AUTO(free) char *cache = NULL;
	bool print = false;
	struct err err = {0};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p') {
			print = true;
		} else if (c == 'c') {
			free(cache);
			cache = xstrdup(optarg);
		} else {
			return 2;
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: peer-solv [--print] [--cache FILE] DIR\n");
		return 2;
	}
	if (!cache)
		cache = xasprintf("%s/peer.solv", argv[optind]);
	if ((print ? print_set(argv[optind], &err) : measure(argv[optind], cache, &err)) < 0) {
		fprintf(stderr, "peer-solv: %s\n", err.msg);
		return 1;
	}
	return 0;
}
