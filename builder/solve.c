/*
 * libsolv knows of a repository what a closure of the wanted has, with all that
 * its packages say of each other.
 */
#include <errno.h>
#include <sodium.h>
#include <solv/pool.h>
#include <solv/pool_parserpmrichdep.h>
#include <solv/repo.h>
#include <solv/solver.h>
#include <solv/transaction.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "builder/closure.h"
#include "builder/solve.h"
#include "package/depend.h"

struct pool {
	Pool *pool;
	struct closure closure;
	Id first;			/* of its first package; the others follow */
};

AUTO_DEFINE(Solver *, solver_free);
AUTO_DEFINE(Transaction *, transaction_free);
AUTO_DEFINE_EMBEDDED(Queue, queue_free);

static void
pool_fini(struct pool *p)
{
	if (p->pool)
		pool_free(p->pool);
	closure_fini(&p->closure);
}
AUTO_DEFINE_EMBEDDED(struct pool, pool_fini);

static Id
dep_id(Pool *pool, const char *name, const char *evr, uint32_t flags)
{
	int op = (flags & DEP_LESS ? REL_LT : 0) | (flags & DEP_EQUAL ? REL_EQ : 0) | (flags & DEP_GREATER ? REL_GT : 0);
	Id id = *name == '(' ? pool_parserpmrichdep(pool, name) : 0;

	if (!id)
		id = pool_str2id(pool, name, 1);
	return op ? pool_rel2id(pool, id, pool_str2id(pool, evr, 1), op, 1) : id;
}

static void
add_lists(Solvable *v, const struct closure *c, const struct closure_package *p)
{
	Offset *lists[CLOSURE_LISTS] = {&v->provides, &v->requires, &v->conflicts, &v->obsoletes};

	for (size_t k = 0; k < CLOSURE_LISTS; k++)
		for (uint32_t i = 0; i < p->list[k].n; i++) {
			const struct closure_dep *d = &c->deps.p[p->list[k].at + i];

			*lists[k] = repo_addid_dep(v->repo, *lists[k], dep_id(v->repo->pool, d->name, d->evr, d->flags), 0);
		}
	v->provides = repo_addid_dep(v->repo, v->provides, pool_rel2id(v->repo->pool, v->name, v->evr, REL_EQ, 1), 0);
}

static void
fill(struct pool *p, const struct solve *s)
{
	Repo *base, *overlay;

	p->pool = pool_create();
	pool_setdisttype(p->pool, DISTTYPE_RPM);
	pool_setarch(p->pool, s->arch);
	base = repo_create(p->pool, "base");
	overlay = repo_create(p->pool, "overlay");
	overlay->priority = 1;
	p->first = p->pool->nsolvables;
	for (size_t i = 0; i < p->closure.packages.n; i++) {
		const struct closure_package *c = &p->closure.packages.p[i];
		Solvable *v = pool_id2solvable(p->pool, repo_add_solvable(c->number >= s->overlay ? overlay : base));

		v->name = pool_str2id(p->pool, c->name, 1);
		v->evr = pool_str2id(p->pool, c->evr, 1);
		v->arch = pool_str2id(p->pool, c->arch, 1);
		add_lists(v, &p->closure, c);
	}
}

static void
push_jobs(struct pool *p, const struct strs *wanted, uint32_t package, Queue *job)
{
	for (size_t i = 0; i < wanted->n; i++) {
		AUTO(dep_fini) struct dep d = {0};
		struct err ignored;

		/* The closure has read it before. */
		if (dep_parse(wanted->p[i], &d, &ignored) == 0)
			queue_push2(job, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dep_id(p->pool, d.name, d.evr, d.flags));
	}
	for (size_t i = 0; i < p->closure.packages.n; i++)
		if (p->closure.packages.p[i].number == package)
			queue_push2(job, SOLVER_INSTALL | SOLVER_SOLVABLE, p->first + (Id)i);
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

static void
take_result(const struct pool *p, Solver *solver, struct pkgset *out)
{
	AUTO(transaction_free) Transaction *t = solver_create_transaction(solver);
	AUTO(pkgset_fini) struct pkgset found = {0};
	AUTO(queue_free) Queue q;

	queue_init(&q);
	transaction_installedresult(t, &q);
	for (int i = 0; i < q.count; i++) {
		char hex[SHA256_HEX + 1];

		sodium_bin2hex(hex, sizeof(hex), p->closure.packages.p[q.elements[i] - p->first].rpm, SHA256_HEX / 2);
		pkgset_add(&found, hex, pool_solvid2str(p->pool, q.elements[i]));
	}
	pkgset_union(out, &found);
}

int
solve_for(const struct solve *s, const struct strs *wanted, uint32_t package, struct pkgset *out, struct err *err)
{
	AUTO(pool_fini) struct pool p = {0};
	AUTO(solver_free) Solver *solver = NULL;
	AUTO(queue_free) Queue job;
	int problems;

	queue_init(&job);
	if (closure_find(s->repo, wanted, package, &p.closure, err) < 0)
		return SOLVE_NOT;
	fill(&p, s);
	push_jobs(&p, wanted, package, &job);
	pool_createwhatprovides(p.pool);
	solver = solver_create(p.pool);
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	problems = solver_solve(solver, &job);
	if (problems)
		return explain(solver, problems, err);
	take_result(&p, solver, out);
	return 0;
}
