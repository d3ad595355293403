/*
 * Answers are drawn by Gibbs sampling: chains start at a random answer that hits
 * every failed set, then items are put in and taken out by their odds as long as
 * every failed set stays hit, and swapped within failed sets.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "bisect/guess.h"

enum { CHAINS = 16, BURN = 5, THIN = 1, PER_CHAIN = GUESS_SAMPLES / CHAINS, SWAPS = 16, SWAP_TRIES = 64 };

/* Chosen by simulation: bench/bench-bisect.c. */
static const double SUSPECT_ODDS = 9, CLEARED_ODDS = 0.004, MEAN = 2, MEAN_NAMED = 1;

/* Sets of open items of which one must be left out, none within another. */
struct model {
	const struct guess *g;
	size_t n;			/* open items */
	size_t *item;
	struct {
		struct set *p;
		size_t n, cap;
	} fails;
	size_t *at;			/* of item[i]: where its fails begin in of[]; n + 1 of them */
	size_t *of;
	size_t unknown;			/* items neither suspect nor cleared */
	double bad, good;		/* what is known of the others, with the prior */
};

struct chain {
	const struct model *m;
	struct set out;
	unsigned *hits;			/* of each failed set: how many of it are out */
	size_t unknown_out;
	uint64_t seed;
};

uint64_t
guess_random(uint64_t *seed)
{
	uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

size_t
guess_below(uint64_t *seed, size_t n)
{
	return (size_t)((guess_random(seed) >> 32) * n >> 32);
}

static double
uniform(uint64_t *seed)
{
	return (double)(guess_random(seed) >> 11) / (double)(UINT64_C(1) << 53);
}

void
guess_fini(struct guess *g)
{
	free(g->out);
	set_fini(&g->suspects);
	set_fini(&g->cleared);
	*g = (struct guess){0};
}

static void
model_fini(struct model *m)
{
	for (size_t i = 0; i < m->fails.n; i++)
		set_fini(&m->fails.p[i]);
	vec_fini(&m->fails);
	free(m->item);
	free(m->at);
	free(m->of);
}
AUTO_DEFINE_EMBEDDED(struct model, model_fini);

/* Items that passed in different sets can still fail together, two that conflict: these are as good as unknown. */
static void
doubt(struct guess *g, const struct knowledge *k)
{
	for (size_t t = k->since; t < k->trials.n; t++) {
		AUTO(set_fini) struct set left = set_copy(&k->trials.p[t].whole);

		set_less(&left, &k->accepted);
		if (!k->trials.p[t].passed && set_within(&left, &g->cleared))
			set_less(&g->cleared, &left);
	}
}

static void
classify(struct guess *g, const struct knowledge *k)
{
	g->suspects = set_new(k->n);
	g->cleared = set_new(k->n);
	for (size_t t = k->since; t < k->trials.n; t++) {
		const struct trial *x = &k->trials.p[t];

		set_join(x->passed ? &g->cleared : &g->suspects, x->passed ? &x->whole : &x->named);
	}
	set_meet(&g->suspects, &k->open);
	set_meet(&g->cleared, &k->open);
	doubt(g, k);
	set_less(&g->suspects, &g->cleared);
}

/* Keep the smaller where one holds the other. */
static void
must_hit(struct model *m, const struct set *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->fails.n; i++)
		if (set_within(&m->fails.p[i], s))
			return;
	for (size_t i = 0; i < m->fails.n; i++)
		if (set_within(s, &m->fails.p[i]))
			set_fini(&m->fails.p[i]);
		else
			m->fails.p[kept++] = m->fails.p[i];
	m->fails.n = kept;
	vec_push(&m->fails, set_copy(s));
}

/*
 * Whom a failure is put down to: those it names; if it names nobody, those whom no report names,
 * as reports of the same culprit are alike; else anybody in it.
 */
static void
blame(struct model *m, const struct knowledge *k, const struct trial *t)
{
	AUTO(set_fini) struct set all = set_copy(&t->whole);
	AUTO(set_fini) struct set some = {0};

	set_less(&all, &k->accepted);
	if (t->passed || set_empty(&all) || !set_within(&all, &k->open))
		return;
	some = set_copy(&all);
	if (!set_meets(&t->named, &m->g->suspects))
		set_less(&some, &m->g->suspects);
	else {
		set_meet(&some, &t->named);
		set_meet(&some, &m->g->suspects);
	}
	must_hit(m, set_empty(&some) ? &all : &some);
}

static void
index_fails(struct model *m)
{
	size_t total = 0;

	m->at = xcalloc(m->n + 1, sizeof(*m->at));
	for (size_t f = 0; f < m->fails.n; f++)
		total += set_count(&m->fails.p[f]);
	m->of = xcalloc(total + 1, sizeof(*m->of));
	total = 0;
	for (size_t i = 0; i < m->n; i++) {
		m->at[i] = total;
		for (size_t f = 0; f < m->fails.n; f++)
			if (set_has(&m->fails.p[f], m->item[i]))
				m->of[total++] = f;
	}
	m->at[m->n] = total;
}

static bool
any_named(const struct knowledge *k)
{
	for (size_t t = k->since; t < k->trials.n; t++)
		if (!set_empty(&k->trials.p[t].named))
			return true;
	return false;
}

static void
model_make(struct model *m, const struct guess *g, const struct knowledge *k, const struct set *assumed)
{
	m->g = g;
	m->item = xcalloc(k->n + 1, sizeof(*m->item));
	set_each(i, &k->open)
		m->item[m->n++] = i;
	for (size_t t = k->since; t < k->trials.n; t++)
		blame(m, k, &k->trials.p[t]);
	if (assumed && !set_empty(assumed))
		must_hit(m, assumed);
	index_fails(m);
	m->unknown = m->n - set_count(&g->suspects) - set_count(&g->cleared);
	m->good = (double)k->n / (any_named(k) ? MEAN_NAMED : MEAN) + (double)(set_count(&k->accepted) + set_count(&g->cleared));
	m->bad = 1 + (double)(k->n - set_count(&k->accepted) - m->n);
}

static bool
unknown(const struct chain *c, size_t item)
{
	return !set_has(&c->m->g->suspects, item) && !set_has(&c->m->g->cleared, item);
}

/* Of being left out, given the other items. */
static double
odds(const struct chain *c, size_t item)
{
	size_t out = c->unknown_out, n = c->m->unknown;

	if (set_has(&c->m->g->suspects, item))
		return SUSPECT_ODDS;
	if (set_has(&c->m->g->cleared, item))
		return CLEARED_ODDS;
	out -= set_has(&c->out, item);
	return (c->m->bad + (double)out) / (c->m->good + (double)(n - 1 - out));
}

static void
flip(struct chain *c, size_t i)
{
	size_t item = c->m->item[i];
	bool in = set_has(&c->out, item);

	(in ? set_drop : set_add)(&c->out, item);
	for (size_t a = c->m->at[i]; a < c->m->at[i + 1]; a++)
		c->hits[c->m->of[a]] += in ? -1u : 1u;
	if (unknown(c, item))
		c->unknown_out += in ? -(size_t)1 : 1;
}

static bool
needed(const struct chain *c, size_t i)
{
	for (size_t a = c->m->at[i]; a < c->m->at[i + 1]; a++)
		if (c->hits[c->m->of[a]] == 1)
			return true;
	return false;
}

/* Take one of a failed set out, by odds. */
static void
hit(struct chain *c, const struct set *fail)
{
	const struct model *m = c->m;
	double total = 0, at;
	size_t last = 0;

	for (size_t i = 0; i < m->n; i++)
		if (set_has(fail, m->item[i]))
			total += odds(c, m->item[i]);
	at = uniform(&c->seed) * total;
	for (size_t i = 0; i < m->n && at >= 0; i++)
		if (set_has(fail, m->item[i])) {
			at -= odds(c, m->item[i]);
			last = i;
		}
	flip(c, last);
}

static void
start(struct chain *c)
{
	size_t n = c->m->fails.n, from = n ? guess_below(&c->seed, n) : 0;

	for (size_t i = 0; i < n; i++)
		if (c->hits[(from + i) % n] == 0)
			hit(c, &c->m->fails.p[(from + i) % n]);
}

/* Item i is out: rather another of one of its failed sets, if that hits all that only i hits. */
static void
swap(struct chain *c, size_t i)
{
	const struct model *m = c->m;
	size_t n = m->at[i + 1] - m->at[i], j = guess_below(&c->seed, m->n);
	const struct set *fail = n ? &m->fails.p[m->of[m->at[i] + guess_below(&c->seed, n)]] : NULL;
	double was, is;

	if (!fail)
		return;
	for (size_t tries = 0; tries < SWAP_TRIES && (set_has(&c->out, m->item[j]) || !set_has(fail, m->item[j])); tries++)
		j = (j + 1) % m->n;
	if (set_has(&c->out, m->item[j]) || !set_has(fail, m->item[j]))
		return;
	for (size_t a = m->at[i]; a < m->at[i + 1]; a++)
		if (c->hits[m->of[a]] == 1 && !set_has(&m->fails.p[m->of[a]], m->item[j]))
			return;
	was = odds(c, m->item[i]);
	flip(c, i);
	is = odds(c, m->item[j]);
	flip(c, uniform(&c->seed) * was < is ? j : i);
}

static void
sweep(struct chain *c)
{
	const struct model *m = c->m;

	for (size_t i = 0; i < m->n; i++) {
		bool out = set_has(&c->out, m->item[i]);
		double o = odds(c, m->item[i]);

		if ((!out || !needed(c, i)) && (uniform(&c->seed) * (1 + o) < o) != out)
			flip(c, i);
	}
	/* Some of those that are out; which is by chance, as all would be slow where many are. */
	for (size_t n = 0, at = m->n ? guess_below(&c->seed, m->n) : 0, i = 0; i < m->n && n < SWAPS; i++)
		if (set_has(&c->out, m->item[(at + i) % m->n])) {
			swap(c, (at + i) % m->n);
			n++;
		}
}

static void
run_chain(const struct model *m, size_t which, const struct knowledge *k, struct mask *out)
{
	AUTO(free) unsigned *hits = xcalloc(m->fails.n + 1, sizeof(*hits));
	AUTO(set_fini) struct set members = set_new(k->n);
	struct chain c = {.m = m, .out = members, .hits = hits, .seed = which << 32 ^ k->trials.n << 16 ^ m->n};

	start(&c);
	for (size_t s = 0; s < BURN; s++)
		sweep(&c);
	for (size_t s = 0; s < PER_CHAIN; s++) {
		size_t answer = which * PER_CHAIN + s;

		for (size_t i = 0; i < THIN; i++)
			sweep(&c);
		set_each(i, &c.out)
			out[i].w[answer / 64] |= UINT64_C(1) << answer % 64;
	}
}

void
guess_make(struct guess *g, const struct knowledge *k, const struct set *assumed)
{
	AUTO(model_fini) struct model m = {0};

	*g = (struct guess){.out = xcalloc(k->n + 1, sizeof(*g->out))};
	classify(g, k);
	model_make(&m, g, k, assumed);
	for (size_t c = 0; c < CHAINS && m.n; c++)
		run_chain(&m, c, k, g->out);
}

struct mask
guess_failing(const struct guess *g, const struct set *s)
{
	struct mask m = {0};

	set_each(i, s)
		mask_join(&m, &g->out[i]);
	return m;
}
