#include <errno.h>
#include <fcntl.h>
#include <solv/bitmap.h>
#include <solv/pool.h>
#include <solv/pool_parserpmrichdep.h>
#include <solv/repo.h>
#include <solv/repo_rpmdb.h>
#include <solv/repo_rpmmd.h>
#include <solv/solv_xfopen.h>
#include <solv/solver.h>
#include <solv/transaction.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "builder/solve.h"

struct solve {
	Pool *pool;
	Repo *base, *overlay;
	Id *ids;			/* overlay solvable of each input */
	char **sha256;			/* and its hash */
	size_t n;
};

AUTO_DEFINE(Solver *, solver_free);
AUTO_DEFINE(Transaction *, transaction_free);
AUTO_DEFINE_EMBEDDED(Queue, queue_free);

static int
load_md(Repo *repo, const char *path, const char *what, int flags, struct err *err)
{
	static const unsigned char zstd[4] = {0x28, 0xb5, 0x2f, 0xfd};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char magic[4] = {0};
	bool is_zstd = fd >= 0 && pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, zstd, sizeof(zstd)) == 0;
	AUTO(fclose) FILE *f = fd < 0 ? NULL : solv_xfopen_fd(is_zstd ? "x.zst" : "x.gz", fd, "r");

	if (!f)
		return err_sys(err, "open %s", path);
	if (repo_add_rpmmd(repo, f, NULL, flags) != 0)
		return err_set(err, EBADMSG, "%s: %s", what, pool_errstr(repo->pool));
	return 0;
}

static int
load_overlay(struct solve *s, const struct solve_input *in, struct err *err)
{
	s->n = in->n_overlay;
	s->ids = xcalloc(s->n, sizeof(*s->ids));
	s->sha256 = xcalloc(s->n, sizeof(*s->sha256));
	for (size_t i = 0; i < s->n; i++) {
		s->sha256[i] = xstrdup(in->overlay[i].sha256);
		s->ids[i] = repo_add_rpm(s->overlay, in->overlay[i].path,
		    REPO_REUSE_REPODATA | REPO_NO_INTERNALIZE);
		if (!s->ids[i])
			return err_set(err, EBADMSG, "%s: %s", in->overlay[i].path, pool_errstr(s->pool));
	}
	repo_internalize(s->overlay);
	return 0;
}

/* "zlib-1.2-3.src" -> whether its name is in the list. */
static bool
source_removed(Solvable *v, const struct strs *removed)
{
	const char *source = solvable_lookup_sourcepkg(v);
	AUTO(free) char *name = xstrdup(source ? source : "");
	char *dash;

	for (int i = 0; i < 2; i++)
		if ((dash = strrchr(name, '-')))
			*dash = '\0';
	return strs_has(removed, name);
}

/* Only what is considered can be chosen: base packages whose sources leave are not. */
static void
hide_removed(struct solve *s, const struct strs *removed)
{
	Solvable *v;
	Id p;

	if (removed->n == 0)
		return;
	s->pool->considered = xcalloc(1, sizeof(Map));
	map_init(s->pool->considered, s->pool->nsolvables);
	map_setall(s->pool->considered);
	FOR_REPO_SOLVABLES(s->base, p, v)
		if (source_removed(v, removed))
			MAPCLR(s->pool->considered, p);
}

struct solve *
solve_open(const struct solve_input *in, struct err *err)
{
	AUTO(solve_close) struct solve *s = xcalloc(1, sizeof(*s));

	s->pool = pool_create();
	pool_setdisttype(s->pool, DISTTYPE_RPM);
	pool_setarch(s->pool, in->arch);
	s->base = repo_create(s->pool, "base");
	s->overlay = repo_create(s->pool, "overlay");
	s->overlay->priority = 1;
	if (load_md(s->base, in->primary, "primary", 0, err) < 0 ||
	    load_md(s->base, in->filelists, "filelists", REPO_EXTEND_SOLVABLES, err) < 0 ||
	    load_overlay(s, in, err) < 0)
		return NULL;
	hide_removed(s, in->removed);
	pool_addfileprovides(s->pool);
	pool_createwhatprovides(s->pool);
	return STEAL(s);
}

void
solve_close(struct solve *s)
{
	if (!s)
		return;
	if (s->pool && s->pool->considered) {
		map_free(s->pool->considered);
		free(s->pool->considered);
		s->pool->considered = NULL;
	}
	if (s->pool)
		pool_free(s->pool);
	for (size_t i = 0; i < s->n; i++)
		free(s->sha256[i]);
	free(s->sha256);
	free(s->ids);
	free(s);
}

/* "name", "name >= 1-2", "(rich)". 0 if it cannot be parsed. */
static Id
parse_dep(Pool *pool, const char *text)
{
	static const struct {
		const char *op;
		int flags;
	} ops[] = {{"=", REL_EQ}, {"<", REL_LT}, {">", REL_GT}, {"<=", REL_LT | REL_EQ}, {">=", REL_GT | REL_EQ}};
	AUTO(strs_fini) struct strs words = {0};

	if (*text == '(')
		return pool_parserpmrichdep(pool, text);
	strs_split(&words, text, " ");
	if (words.n == 1)
		return pool_str2id(pool, words.p[0], 1);
	for (size_t i = 0; i < ARRAY_SIZE(ops) && words.n == 3; i++)
		if (strcmp(words.p[1], ops[i].op) == 0)
			return pool_rel2id(pool, pool_str2id(pool, words.p[0], 1),
			    pool_str2id(pool, words.p[2], 1), ops[i].flags, 1);
	return 0;
}

static int
explain(Solver *solver, int problems, struct err *err)
{
	AUTO(str_fini) struct str text = {0};

	for (int i = 1; i <= problems && i <= 3; i++)
		str_add(&text, "%s%s", i > 1 ? "; " : "", solver_problem2str(solver, i));
	err_set(err, ENOENT, "%s", str_c(&text));
	return SOLVE_NOT;
}

static const char *
hash_of(const struct solve *s, Id p)
{
	const char *sum;
	Id type = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->ids[i] == p)
			return s->sha256[i];
	sum = solvable_lookup_checksum(pool_id2solvable(s->pool, p), SOLVABLE_CHECKSUM, &type);
	return sum && type == REPOKEY_TYPE_SHA256 ? sum : NULL;
}

static int
take_result(const struct solve *s, Solver *solver, struct pkgset *out, struct err *err)
{
	AUTO(transaction_free) Transaction *t = solver_create_transaction(solver);
	AUTO(queue_free) Queue q;
	struct pkgset found = {0};

	queue_init(&q);
	transaction_installedresult(t, &q);
	for (int i = 0; i < q.count; i++) {
		const char *sum = hash_of(s, q.elements[i]);

		if (!sum) {
			pkgset_fini(&found);
			return err_set(err, EBADMSG, "%s: no SHA-256 in the metadata", pool_solvid2str(s->pool, q.elements[i]));
		}
		pkgset_add(&found, sum, pool_solvid2str(s->pool, q.elements[i]));
	}
	pkgset_union(out, &found);
	pkgset_fini(&found);
	return 0;
}

static int
run(struct solve *s, Queue *job, struct pkgset *out, struct err *err)
{
	AUTO(solver_free) Solver *solver = solver_create(s->pool);
	int problems;

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	problems = solver_solve(solver, job);
	if (problems)
		return explain(solver, problems, err);
	return take_result(s, solver, out, err);
}

/* Any package that has the file: libsolv makes provides only of paths that some package requires. */
static void
push_path(struct solve *s, const char *path, Queue *job)
{
	AUTO(queue_free) Queue have;
	Dataiterator di;

	queue_init(&have);
	dataiterator_init(&di, s->pool, NULL, 0, SOLVABLE_FILELIST, path, SEARCH_STRING | SEARCH_FILES | SEARCH_COMPLETE_FILELIST);
	while (dataiterator_step(&di)) {
		if (!s->pool->considered || MAPTST(s->pool->considered, di.solvid))
			queue_pushunique(&have, di.solvid);
		dataiterator_skip_solvable(&di);
	}
	dataiterator_free(&di);
	if (have.count)
		queue_push2(job, SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF, pool_queuetowhatprovides(s->pool, &have));
	else
		queue_push2(job, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, pool_str2id(s->pool, path, 1));
}

static int
push_wanted(struct solve *s, const struct strs *wanted, Queue *job, struct err *err)
{
	for (size_t i = 0; i < wanted->n; i++) {
		Id dep;

		if (wanted->p[i][0] == '/') {
			push_path(s, wanted->p[i], job);
			continue;
		}
		dep = parse_dep(s->pool, wanted->p[i]);
		if (!dep)
			return err_set(err, EINVAL, "requirement `%s` cannot be understood", wanted->p[i]);
		queue_push2(job, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dep);
	}
	return 0;
}

int
solve_for(struct solve *s, const struct strs *wanted, struct pkgset *out, struct err *err)
{
	AUTO(queue_free) Queue job;

	queue_init(&job);
	if (push_wanted(s, wanted, &job, err) < 0)
		return -1;
	return run(s, &job, out, err);
}

int
solve_for_overlay(struct solve *s, size_t i, const struct strs *wanted, struct pkgset *out, struct err *err)
{
	AUTO(queue_free) Queue job;

	queue_init(&job);
	queue_push2(&job, SOLVER_INSTALL | SOLVER_SOLVABLE, s->ids[i]);
	if (push_wanted(s, wanted, &job, err) < 0)
		return -1;
	return run(s, &job, out, err);
}
