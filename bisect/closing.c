/*
 * The accepted set against what it leaves out: each alone, all, each two, then
 * exchanges. What an item conflicts with the report says, if it names one accepted item;
 * else prefixes of the accepted set are halved: the item passes after nothing and fails
 * after all of it. (A prefix that ends between an item and its repair fails by itself,
 * and misleads.) Every change makes the set larger or brings earlier items into it, and
 * exchanges are counted, so it ends.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "bisect/settling.h"

enum { EXCHANGES_MAX = 32 };

/* A set in which some item is tried. */
struct trials {
	struct plan sets;
	struct {
		size_t *p, n, cap;
	} of;			/* the item of each set */
	size_t *which;
};

static void
trials_fini(struct trials *t)
{
	plan_fini(&t->sets);
	vec_fini(&t->of);
	free(t->which);
}
AUTO_DEFINE_EMBEDDED(struct trials, trials_fini);

static void
trials_add(struct trials *t, const struct set *whole, size_t item)
{
	size_t before = t->sets.n;

	plan_add(&t->sets, whole);
	if (t->sets.n > before)
		vec_push(&t->of, item);
}

static int
trials_run(struct trials *t, struct settling *st, struct err *err)
{
	t->which = xrealloc(t->which, (t->sets.n + 1) * sizeof(*t->which));
	return settling_try(st, &t->sets, true, t->which, err);
}

static bool
trials_passed(const struct trials *t, const struct settling *st, size_t i)
{
	return st->verdicts.p[t->which[i]].passed;
}

static struct set
left_out(const struct settling *st)
{
	struct set left = set_new(st->n);

	for (size_t i = 0; i < st->n; i++)
		set_add(&left, i);
	set_less(&left, &st->k.accepted);
	return left;
}

/* What passes on top of the accepted set is open again, and what was concluded before is not concluded any more. 1: some is. */
static int
reopen_singles(struct settling *st, const struct set *left, struct err *err)
{
	AUTO(trials_fini) struct trials t = {0};
	int r = 0;

	set_each(i, left) {
		AUTO(set_fini) struct set with = set_copy(&st->k.accepted);

		set_add(&with, i);
		if (settling_fits(st, i, &with))
			trials_add(&t, &with, i);
		else
			st->out->state[st->item[i]] = SETTLED_NEEDS_ASIDE;
	}
	if (trials_run(&t, st, err) < 0)
		return -1;
	for (size_t i = 0; i < t.sets.n; i++) {
		settling_aside(st, t.of.p[i], t.which[i]);
		if (trials_passed(&t, st, i)) {
			st->out->state[st->item[t.of.p[i]]] = SETTLED_LEFT;
			set_add(&st->k.open, t.of.p[i]);
			r = 1;
		}
	}
	if (!r)
		return 0;
	st->k.since = st->k.trials.n;
	/* What waits for one of them may go again too. */
	set_each(i, left) {
		AUTO(set_fini) struct set reach = set_copy(&st->k.accepted);

		set_join(&reach, &st->k.open);
		if (st->out->state[st->item[i]] == SETTLED_NEEDS_ASIDE && settling_fits(st, i, &reach)) {
			st->out->state[st->item[i]] = SETTLED_LEFT;
			set_add(&st->k.open, i);
		}
	}
	return 1;
}

/* Accept a set and look at all that is left out anew. */
static void
grow(struct settling *st, const struct set *whole)
{
	settling_accept(st, whole);
	vec_push(&st->out->merged, set_count(whole));
}

/* All that is left out at once, or any two of it. 1: that passed. */
static int
try_together(struct settling *st, const struct set *left, struct err *err)
{
	AUTO(trials_fini) struct trials t = {0};
	AUTO(set_fini) struct set all = set_copy(&st->k.accepted);

	set_join(&all, left);
	trials_add(&t, &all, 0);
	if (set_count(left) <= SETTLE_CLOSE_MAX)
		set_each(i, left)
			set_each(j, left) {
				AUTO(set_fini) struct set with = set_copy(&st->k.accepted);

				set_add(&with, i);
				set_add(&with, j);
				if (i < j && settling_fits(st, i, &with) && settling_fits(st, j, &with))
					trials_add(&t, &with, i);
			}
	if (trials_run(&t, st, err) < 0)
		return -1;
	for (size_t i = 0; i < t.sets.n; i++)
		if (trials_passed(&t, st, i)) {
			grow(st, &t.sets.p[i]);
			return 1;
		}
	return 0;
}

/* An item that conflicts with accepted ones, and where in the accepted set the first failing prefix ends. */
struct rival {
	size_t item;
	size_t passes, fails;	/* after so many accepted items */
	size_t against;		/* the accepted item */
	bool sole;		/* it fails because of nothing else */
};

struct rivals {
	struct rival *p;
	size_t n, cap;
};

static void
rivals_fini(struct rivals *r)
{
	vec_fini(r);
}
AUTO_DEFINE_EMBEDDED(struct rivals, rivals_fini);

/* The first so many accepted items, and one that is left out with what it needs. */
static struct set
after_prefix(const struct settling *st, size_t item, size_t n)
{
	struct set s = set_copy(&st->with[item]);
	size_t at = 0;

	set_each(i, &st->k.accepted)
		if (at++ < n)
			set_add(&s, i);
	return s;
}

/* The one accepted item that the report on an item after all of them names, or SIZE_MAX. */
static size_t
named_opponent(const struct settling *st, size_t item)
{
	AUTO(set_fini) struct set whole = set_copy(&st->k.accepted);
	AUTO(free) size_t *items = xcalloc(st->n + 1, sizeof(*items));
	AUTO(free) bool *suspect = xcalloc(st->n + 1, sizeof(*suspect));
	size_t v = 0, n = 0, found = SIZE_MAX, named = 0;

	set_add(&whole, item);
	while (v < st->verdicts.n && !set_equal(&st->verdicts.p[v].whole, &whole))
		v++;
	if (v == st->verdicts.n || !st->s->suspects)
		return SIZE_MAX;
	set_each(i, &whole)
		items[n++] = st->item[i];
	st->s->suspects(st->s->arg, items, n, &st->verdicts.p[v].report, suspect);
	n = 0;
	set_each(i, &whole)
		if (suspect[n++] && !set_has(&st->with[item], i)) {
			found = i;
			named++;
		}
	return named == 1 ? found : SIZE_MAX;
}

/* Items that pass without the others. */
static int
find_rivals(struct settling *st, const struct set *left, struct rivals *out, struct err *err)
{
	AUTO(trials_fini) struct trials t = {0};

	set_each(i, left) {
		AUTO(set_fini) struct set others = set_copy(&st->with[i]);

		set_less(&others, &st->k.accepted);
		set_drop(&others, i);
		if (set_empty(&others))
			trials_add(&t, &st->with[i], i);
	}
	if (trials_run(&t, st, err) < 0)
		return -1;
	for (size_t i = 0; i < t.sets.n; i++) {
		struct rival r = {.item = t.of.p[i], .fails = set_count(&st->k.accepted), .against = SIZE_MAX};

		if (!trials_passed(&t, st, i))
			continue;
		r.against = named_opponent(st, r.item);
		vec_push(out, r);
	}
	return 0;
}

/* By halving, of those whose report does not say it. */
static int
find_opponents(struct settling *st, struct rivals *all, struct err *err)
{
	for (bool more = true; more;) {
		AUTO(trials_fini) struct trials t = {0};
		size_t at = 0;

		more = false;
		for (size_t i = 0; i < all->n; i++) {
			const struct rival *r = &all->p[i];
			AUTO(set_fini) struct set s = after_prefix(st, r->item, (r->passes + r->fails) / 2);

			if (r->against == SIZE_MAX)
				vec_push(&t.sets, ((struct set){STEAL(s.w), s.words}));
		}
		if (trials_run(&t, st, err) < 0)
			return -1;
		for (size_t i = 0; i < all->n; i++) {
			struct rival *r = &all->p[i];
			size_t mid = (r->passes + r->fails) / 2;

			if (r->against != SIZE_MAX)
				continue;
			if (r->fails - r->passes > 1)
				*(trials_passed(&t, st, at) ? &r->passes : &r->fails) = mid;
			at++;
			more |= r->fails - r->passes > 1;
		}
	}
	for (size_t i = 0; i < all->n; i++) {
		size_t at = 0;

		set_each(k, &st->k.accepted)
			if (++at == all->p[i].fails && all->p[i].against == SIZE_MAX)
				all->p[i].against = k;
	}
	return 0;
}

/* The accepted set without an item and what needs it. */
static struct set
accepted_without(const struct settling *st, size_t item)
{
	struct set s = set_copy(&st->k.accepted);

	set_each(i, &st->k.accepted)
		if (set_has(&st->with[i], item))
			set_drop(&s, i);
	return s;
}

static void
exchange_for(const struct settling *st, size_t against, const struct rival *a, const struct rival *b, struct trials *t)
{
	AUTO(set_fini) struct set s = accepted_without(st, against);

	set_add(&s, a->item);
	if (b)
		set_add(&s, b->item);
	if (settling_fits(st, a->item, &s) && (!b || settling_fits(st, b->item, &s)))
		trials_add(t, &s, a->item);
}

/* Each rival instead of its opponent, all rivals of one opponent, and any two of them. */
static int
try_exchanges(struct settling *st, struct rivals *all, struct trials *t, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		exchange_for(st, all->p[i].against, &all->p[i], NULL, t);
	if (trials_run(t, st, err) < 0)
		return -1;
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < t->sets.n; k++)
			all->p[i].sole |= t->of.p[k] == all->p[i].item && trials_passed(t, st, k);
	for (size_t i = 0; i < all->n; i++) {
		AUTO(set_fini) struct set whole = accepted_without(st, all->p[i].against);
		size_t n = 0;

		for (size_t j = 0; j < all->n; j++) {
			if (!all->p[i].sole || !all->p[j].sole || all->p[i].against != all->p[j].against)
				continue;
			if (j > i)
				exchange_for(st, all->p[i].against, &all->p[i], &all->p[j], t);
			if (settling_fits(st, all->p[j].item, &whole)) {
				set_add(&whole, all->p[j].item);
				n++;
			}
		}
		if (n > 1)
			trials_add(t, &whole, all->p[i].item);
	}
	return trials_run(t, st, err);
}

/* 1: a better set was found by exchange. */
static int
exchange(struct settling *st, const struct set *left, struct err *err)
{
	AUTO(rivals_fini) struct rivals all = {0};
	AUTO(trials_fini) struct trials t = {0};
	const struct set *best = &st->k.accepted;

	if (st->exchanges >= EXCHANGES_MAX || set_count(left) > SETTLE_CLOSE_MAX)
		return 0;
	if (find_rivals(st, left, &all, err) < 0)
		return -1;
	if (all.n == 0)
		return 0;
	if (find_opponents(st, &all, err) < 0 || try_exchanges(st, &all, &t, err) < 0)
		return -1;
	for (size_t i = 0; i < t.sets.n; i++) {
		size_t n = set_count(&t.sets.p[i]), most = set_count(best);

		if (trials_passed(&t, st, i) && (n > most || (n == most && set_before(&t.sets.p[i], best))))
			best = &t.sets.p[i];
	}
	if (best == &st->k.accepted)
		return 0;
	st->exchanges++;
	grow(st, best);
	return 1;
}

int
closing_check(struct settling *st, struct err *err)
{
	for (;;) {
		AUTO(set_fini) struct set left = left_out(st);
		int r;

		if (set_empty(&left))
			return 0;
		r = reopen_singles(st, &left, err);
		if (r)
			return r;
		r = try_together(st, &left, err);
		if (r == 0)
			r = exchange(st, &left, err);
		if (r <= 0)
			return r;
	}
}
