#include <dirent.h>
#include <errno.h>
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/repo_rpmmd.h>
#include <solv/repo_solv.h>
#include <solv/repo_write.h>
#include <solv/solv_xfopen.h>
#include <solv/solver.h>
#include <solv/transaction.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "bench/solv-root.h"

struct solv_root {
	Pool *pool;
};

AUTO_DEFINE(Solver *, solver_free);
AUTO_DEFINE(Transaction *, transaction_free);
AUTO_DEFINE(DIR *, closedir);
AUTO_DEFINE_EMBEDDED(Queue, queue_free);

static void __attribute__((noreturn))
die(const char *what)
{
	fprintf(stderr, "solv-root: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The one file there whose name ends so; malloc'ed. */
static char *
metadata(const char *dir, const char *suffix)
{
	AUTO(free) char *folder = xasprintf("%s/debian/repodata", dir);
	AUTO(closedir) DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strlen(e->d_name) >= strlen(suffix) && strcmp(e->d_name + strlen(e->d_name) - strlen(suffix), suffix) == 0)
			return xasprintf("%s/%s", folder, e->d_name);
	die(folder);
}

static void
read_xml(Repo *repo, const char *dir, const char *cache)
{
	AUTO(free) char *path = metadata(dir, "primary.xml.gz");
	AUTO(fclose) FILE *xml = solv_xfopen(path, "r");
	AUTO(fclose) FILE *out = fopen(cache, "we");

	if (!xml || repo_add_rpmmd(repo, xml, NULL, 0) != 0)
		die(path);
	if (!out || repo_write(repo, out) != 0)
		die(cache);
}

struct solv_root *
solv_root_open(const char *dir, bool cached)
{
	AUTO(free) char *cache = xasprintf("%s/root.solv", dir);
	struct solv_root *s = xcalloc(1, sizeof(*s));
	Repo *repo;

	s->pool = pool_create();
	pool_setdisttype(s->pool, DISTTYPE_RPM);
	pool_setarch(s->pool, "x86_64");
	repo = repo_create(s->pool, "base");
	if (cached) {
		AUTO(fclose) FILE *in = fopen(cache, "re");

		if (!in || repo_add_solv(repo, in, 0) != 0)
			die(cache);
	} else {
		read_xml(repo, dir, cache);
	}
	pool_addfileprovides(s->pool);
	pool_createwhatprovides(s->pool);
	return s;
}

void
solv_root_close(struct solv_root *s)
{
	pool_free(s->pool);
	free(s);
}

bool
solv_root_ask(struct solv_root *s, const struct strs *names, struct pkgset *out)
{
	AUTO(solver_free) Solver *solver = solver_create(s->pool);
	AUTO(transaction_free) Transaction *t = NULL;
	AUTO(queue_free) Queue job;
	AUTO(queue_free) Queue got;

	queue_init(&job);
	queue_init(&got);
	for (size_t i = 0; i < names->n; i++)
		queue_push2(&job, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, pool_str2id(s->pool, names->p[i], 1));
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	if (solver_solve(solver, &job))
		return false;
	t = solver_create_transaction(solver);
	transaction_installedresult(t, &got);
	for (int i = 0; i < got.count; i++) {
		Id type = 0;

		pkgset_add(out, solvable_lookup_checksum(pool_id2solvable(s->pool, got.elements[i]), SOLVABLE_CHECKSUM, &type),
		    pool_solvid2str(s->pool, got.elements[i]));
	}
	return true;
}
