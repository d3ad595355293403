/*
 * The loop over rounds. All that was tried is kept as verdicts on whole sets, so
 * that no set is tried twice; the model of it that strategies see is struct knowledge.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "bisect/settling.h"

enum { STALLED = 8 };		/* with 2 log2(n): rounds without anything settled before prefix2 takes one */

void
settled_fini(struct settled *s)
{
	for (size_t i = 0; i < s->n; i++)
		str_fini(&s->report[i]);
	free(s->state);
	free(s->report);
	free(s->order);
	vec_fini(&s->merged);
	*s = (struct settled){0};
}

static void
settling_fini(struct settling *st)
{
	for (size_t i = 0; i < st->n; i++)
		set_fini(&st->with[i]);
	for (size_t v = 0; v < st->verdicts.n; v++) {
		set_fini(&st->verdicts.p[v].whole);
		str_fini(&st->verdicts.p[v].report);
	}
	vec_fini(&st->verdicts);
	free(st->item);
	free(st->with);
	knowledge_fini(&st->k);
}
AUTO_DEFINE_EMBEDDED(struct settling, settling_fini);

/* The order to apply items in: as given, but after what they need. Those in a circle, or that need one, are left out. */
static void
put_in_order(struct settling *st)
{
	const struct settle *s = st->s;
	AUTO(free) size_t *place = xcalloc(s->n + 1, sizeof(*place));
	bool more = true;

	st->item = xcalloc(s->n + 1, sizeof(*st->item));
	st->with = xcalloc(s->n + 1, sizeof(*st->with));
	for (size_t i = 0; i < s->n; i++)
		place[i] = SIZE_MAX;
	while (more) {
		more = false;
		for (size_t a = 0; a < s->n; a++) {
			AUTO(set_fini) struct set with = set_new(s->n);
			size_t b = place[a] == SIZE_MAX ? 0 : s->n + 1;

			for (; b < s->n; b++) {
				if (a == b || !s->needs || !s->needs(s->arg, a, b))
					continue;
				if (place[b] == SIZE_MAX)
					break;
				set_join(&with, &st->with[place[b]]);
			}
			if (b != s->n)
				continue;
			place[a] = st->n;
			set_add(&with, st->n);
			st->with[st->n] = (struct set){STEAL(with.w), with.words};
			st->item[st->n++] = a;
			more = true;
		}
	}
	/* All sets of one size. */
	for (size_t i = 0; i < st->n; i++)
		st->with[i].words = st->n / 64 + 1;
}

bool
settling_fits(const struct settling *st, size_t i, const struct set *whole)
{
	AUTO(set_fini) struct set missing = set_copy(&st->with[i]);

	set_less(&missing, whole);
	set_drop(&missing, i);
	return set_empty(&missing);
}

static size_t
items_of(const struct settling *st, const struct set *whole, size_t *items)
{
	size_t n = 0;

	set_each(i, whole)
		items[n++] = st->item[i];
	return n;
}

/* The sets of one round that have to be tried. */
struct attempts {
	struct settling *st;
	const struct plan *wholes;
	size_t *which;		/* of them */
	size_t n;
};

static int
attempt(void *arg, size_t i, struct str *report)
{
	const struct attempts *a = arg;
	AUTO(free) size_t *items = xcalloc(a->st->n, sizeof(*items));
	size_t n = items_of(a->st, &a->wholes->p[a->which[i]], items);

	return a->st->s->fn(a->st->s->arg, items, n, report);
}

static bool
moot(void *arg, size_t passed, size_t other)
{
	const struct attempts *a = arg;

	return set_within(&a->wholes->p[a->which[other]], &a->wholes->p[a->which[passed]]);
}

static bool
never_moot(void *arg, size_t passed, size_t other)
{
	return false;
}

/* Takes the report. */
static size_t
judged(struct settling *st, const struct set *whole, bool passed, struct str *report)
{
	struct verdict v = {.whole = set_copy(whole), .passed = passed, .report = *report};

	*report = (struct str){0};
	vec_push(&st->verdicts, v);
	return st->verdicts.n - 1;
}

/* The verdict on a set that need not be tried, or SIZE_MAX. */
static size_t
known(struct settling *st, const struct set *whole)
{
	AUTO(free) size_t *items = xcalloc(st->n + 1, sizeof(*items));
	AUTO(str_fini) struct str report = {0};

	for (size_t v = 0; v < st->verdicts.n; v++)
		if (set_equal(&st->verdicts.p[v].whole, whole))
			return v;
	if (!st->s->known || !st->s->known(st->s->arg, items, items_of(st, whole, items), &report))
		return SIZE_MAX;
	return judged(st, whole, false, &report);
}

static void
take_results(struct attempts *a, struct runner_result *results, size_t *which)
{
	struct settling *st = a->st;
	AUTO(free) size_t *items = xcalloc(st->n + 1, sizeof(*items));

	for (size_t i = 0; i < a->n; i++) {
		const struct set *whole = &a->wholes->p[a->which[i]];
		size_t n = items_of(st, whole, items);

		*(st->closing ? &st->out->closing_attempts : &st->out->attempts) += results[i].started;
		if (results[i].how == RUNNER_KILLED)
			continue;
		if (results[i].how == RUNNER_FAILED && st->s->learn)
			st->s->learn(st->s->arg, items, n, &results[i].report);
		which[a->which[i]] = judged(st, whole, results[i].how == RUNNER_PASSED, &results[i].report);
	}
}

int
settling_try(struct settling *st, const struct plan *wholes, bool all, size_t *which, struct err *err)
{
	AUTO(free) size_t *ask = xcalloc(wholes->n + 1, sizeof(*ask));
	AUTO(free) struct runner_result *results = xcalloc(wholes->n + 1, sizeof(*results));
	struct attempts a = {.st = st, .wholes = wholes, .which = ask};
	runner *run = st->s->run ? st->s->run : runner_run;
	int rc = 0;

	for (size_t i = 0; i < wholes->n; i++)
		if ((which[i] = known(st, &wholes->p[i])) == SIZE_MAX)
			ask[a.n++] = i;
	if (a.n)
		rc = run(a.n, st->k.testers, attempt, all ? never_moot : moot, &a, results, err);
	*(st->closing ? &st->out->closing_rounds : &st->out->rounds) += a.n > 0;
	if (rc == 0)
		take_results(&a, results, which);
	runner_results_fini(results, a.n);
	return rc;
}

void
settling_accept(struct settling *st, const struct set *whole)
{
	AUTO(set_fini) struct set left = set_copy(&st->k.accepted);

	set_less(&left, whole);
	set_each(i, &left)
		st->out->state[st->item[i]] = SETTLED_ASIDE;
	set_each(i, whole)
		st->out->state[st->item[i]] = SETTLED_ACCEPTED;
	set_less(&st->k.accepted, &st->k.accepted);
	set_join(&st->k.accepted, whole);
	set_less(&st->k.open, whole);
}

void
settling_aside(struct settling *st, size_t i, size_t verdict)
{
	struct str *to = &st->out->report[st->item[i]];
	const struct str *from = &st->verdicts.p[verdict].report;

	set_drop(&st->k.open, i);
	st->out->state[st->item[i]] = SETTLED_ASIDE;
	str_clear(to);
	str_put(to, from->n ? from->p : "", from->n);
}

/* Feed what came of a set back; the sets of a round were tried on top of the same accepted ones. */
static void
learn(struct settling *st, const struct set *added, size_t verdict)
{
	const struct verdict *v = &st->verdicts.p[verdict];
	AUTO(set_fini) struct set named = set_new(st->n);

	if (!v->passed && st->s->suspects) {
		AUTO(free) size_t *items = xcalloc(st->n + 1, sizeof(*items));
		AUTO(free) bool *suspect = xcalloc(st->n + 1, sizeof(*suspect));
		size_t n = items_of(st, &v->whole, items), at = 0;

		st->s->suspects(st->s->arg, items, n, &v->report, suspect);
		set_each(i, &v->whole)
			if (suspect[at++])
				set_add(&named, i);
	}
	knowledge_learn(&st->k, added, v->passed, &named);
}

/* What failed with all else accepted is set aside, and what needs it cannot be tried. */
static void
set_aside(struct settling *st)
{
	AUTO(set_fini) struct set reach = set_new(st->n);
	AUTO(free) size_t *proof = xcalloc(st->n + 1, sizeof(*proof));

	knowledge_proofs(&st->k, proof);
	set_each(i, &st->k.open) {
		for (size_t v = 0; v < st->verdicts.n && proof[i] != SIZE_MAX; v++)
			if (set_equal(&st->verdicts.p[v].whole, &st->k.trials.p[proof[i]].whole))
				settling_aside(st, i, v);
	}
	set_join(&reach, &st->k.accepted);
	set_join(&reach, &st->k.open);
	set_each(i, &st->k.open)
		if (!settling_fits(st, i, &reach)) {
			set_drop(&st->k.open, i);
			st->out->state[st->item[i]] = SETTLED_NEEDS_ASIDE;
		}
}

/* The sets of a strategy, whole, without items that lack what they need; the sets as added beside. */
static void
make_wholes(const struct settling *st, const struct plan *from, struct plan *added, struct plan *wholes)
{
	for (size_t p = 0; p < from->n; p++) {
		AUTO(set_fini) struct set whole = set_copy(&from->p[p]);
		AUTO(set_fini) struct set closed = set_copy(&from->p[p]);
		size_t before = added->n;

		set_join(&whole, &st->k.accepted);
		set_each(i, &from->p[p])
			if (!settling_fits(st, i, &whole))
				set_drop(&closed, i);
		plan_add(added, &closed);
		set_join(&closed, &st->k.accepted);
		if (added->n > before)
			plan_add(wholes, &closed);
	}
}

/* Whether there is a set in it of which the outcome is not known. */
static bool
has_news(struct settling *st, const struct plan *wholes)
{
	for (size_t i = 0; i < wholes->n; i++)
		if (known(st, &wholes->p[i]) == SIZE_MAX)
			return true;
	return false;
}

static int
one_round(struct settling *st, const struct strategy *strategy, struct err *err)
{
	AUTO(plan_fini) struct plan plan = {0};
	AUTO(plan_fini) struct plan added = {0};
	AUTO(plan_fini) struct plan wholes = {0};
	AUTO(free) size_t *which = NULL;
	const struct set *best = NULL;

	strategy->plan(&st->k, &plan);
	make_wholes(st, &plan, &added, &wholes);
	if (!has_news(st, &wholes)) {
		plan_fini(&plan);
		plan_fini(&added);
		plan_fini(&wholes);
		strategy_find("prefix2")->plan(&st->k, &plan);
		make_wholes(st, &plan, &added, &wholes);
	}
	which = xcalloc(wholes.n, sizeof(*which));
	if (settling_try(st, &wholes, false, which, err) < 0)
		return -1;
	for (size_t i = 0; i < wholes.n; i++) {
		const struct set *w = &wholes.p[i];
		size_t n = set_count(w), most = best ? set_count(best) : 0;

		if (which[i] == SIZE_MAX)
			continue;
		learn(st, &added.p[i], which[i]);
		if (st->verdicts.p[which[i]].passed && (n > most || (n == most && set_before(w, best))))
			best = w;
	}
	if (best)
		settling_accept(st, best);
	set_aside(st);
	vec_push(&st->out->merged, set_count(&st->k.accepted));
	return 0;
}

static int
settle_open(struct settling *st, struct err *err)
{
	const struct strategy *strategy = st->s->strategy ? st->s->strategy : &strategies[0];
	size_t stalled = 0, patience = STALLED;

	for (size_t n = st->n; n; n /= 2)
		patience += 2;
	while (!set_empty(&st->k.open) && (!st->s->max_rounds || st->out->rounds < st->s->max_rounds)) {
		size_t before = set_count(&st->k.open);

		if (one_round(st, stalled < patience ? strategy : strategy_find("prefix2"), err) < 0)
			return -1;
		stalled = set_count(&st->k.open) < before ? 0 : stalled + 1;
	}
	return 0;
}

static int
settle_all(struct settling *st, struct err *err)
{
	int r = 1;

	while (r > 0) {
		if (settle_open(st, err) < 0)
			return -1;
		if (!set_empty(&st->k.open))
			break;
		st->closing = true;
		r = closing_check(st, err);
		st->closing = false;
	}
	st->out->n_accepted = items_of(st, &st->k.accepted, st->out->order);
	return r < 0 ? -1 : 0;
}

int
settle(const struct settle *s, struct settled *out, struct err *err)
{
	AUTO(settling_fini) struct settling st = {.s = s, .out = out};

	*out = (struct settled){.n = s->n};
	out->state = xcalloc(s->n + 1, sizeof(*out->state));
	out->report = xcalloc(s->n + 1, sizeof(*out->report));
	out->order = xcalloc(s->n + 1, sizeof(*out->order));
	put_in_order(&st);
	knowledge_init(&st.k, st.n, s->testers);
	for (size_t i = 0; i < s->n; i++)
		out->state[i] = SETTLED_NEEDS_ASIDE;
	for (size_t i = 0; i < st.n; i++)
		out->state[st.item[i]] = SETTLED_LEFT;
	return settle_all(&st, err);
}
