/* The strategies that need no estimate. Each is a function of what is known alone: whatever it needs to remember is in the trials. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"
#include "bisect/adaptive.h"
#include "bisect/prefix2.h"
#include "bisect/strategy.h"

void
plan_fini(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		set_fini(&p->p[i]);
	vec_fini(p);
}

void
plan_add(struct plan *p, const struct set *s)
{
	if (set_empty(s))
		return;
	for (size_t i = 0; i < p->n; i++)
		if (set_equal(&p->p[i], s))
			return;
	vec_push(p, set_copy(s));
}

/* The members from number `from` to before number `to`, counting members. */
static struct set
slice(const struct set *s, size_t limit, size_t from, size_t to)
{
	struct set out = set_new(limit);
	size_t at = 0;

	set_each(i, s) {
		if (at >= from && at < to)
			set_add(&out, i);
		at++;
	}
	return out;
}

static void
add_slice(const struct knowledge *k, const struct set *s, size_t from, size_t to, struct plan *out)
{
	AUTO(set_fini) struct set part = slice(s, k->n, from, to);

	plan_add(out, &part);
}

static void
plan_prefix2(const struct knowledge *k, struct plan *out)
{
	size_t sizes[PREFIX2_MAX], n = prefix2_sizes(set_count(&k->open), sizes);

	for (size_t i = 0; i < n; i++)
		add_slice(k, &k->open, 0, sizes[i], out);
}

/* How many of the open items, from the first on, are the shortest prefix known to fail; 0: none is. */
static size_t
failing_prefix(const struct knowledge *k)
{
	size_t best = 0, at = 0;
	AUTO(free) size_t *rank = xcalloc(k->n + 1, sizeof(*rank));

	set_each(i, &k->open)
		rank[i] = ++at;
	for (size_t t = k->since; t < k->trials.n; t++) {
		AUTO(set_fini) struct set left = set_copy(&k->trials.p[t].whole);
		size_t last = 0;

		set_less(&left, &k->accepted);
		if (k->trials.p[t].passed || !set_within(&left, &k->open))
			continue;
		set_each(i, &left)
			last = rank[i];
		if (last && (!best || last < best))
			best = last;
	}
	return best;
}

static void
plan_prefix(const struct knowledge *k, struct plan *out)
{
	size_t fails = failing_prefix(k), n = fails ? fails : set_count(&k->open), parts = k->testers + (fails > 0);

	for (size_t i = k->testers; i > 0; i--)
		add_slice(k, &k->open, 0, (n * i + parts - 1) / parts - (fails && n * i + parts - 1 >= n * parts), out);
}

/* The open items of blocks that failed, each the rest of it; smallest first wins where they overlap. */
static void
failed_blocks(const struct knowledge *k, struct plan *out)
{
	AUTO(set_fini) struct set seen = set_new(k->n);

	/* Later blocks are parts of earlier ones. */
	for (size_t t = k->trials.n; t-- > k->since;) {
		AUTO(set_fini) struct set rest = set_copy(&k->trials.p[t].added);

		set_meet(&rest, &k->open);
		if (k->trials.p[t].passed || set_meets(&rest, &seen))
			continue;
		set_join(&seen, &rest);
		plan_add(out, &rest);
	}
}

/* Open items of sets that passed, and the others. */
static struct set
passed_items(const struct knowledge *k)
{
	struct set good = set_new(k->n);

	for (size_t t = k->since; t < k->trials.n; t++)
		if (k->trials.p[t].passed)
			set_join(&good, &k->trials.p[t].added);
	set_meet(&good, &k->open);
	return good;
}

static void
split(const struct knowledge *k, const struct set *s, size_t parts, struct plan *out)
{
	size_t n = set_count(s);

	for (size_t i = 0; i < parts; i++)
		add_slice(k, s, n * i / parts, n * (i + 1) / parts, out);
}

static void
plan_blocks(const struct knowledge *k, struct plan *out)
{
	AUTO(set_fini) struct set good = passed_items(k);
	AUTO(set_fini) struct set left = set_copy(&k->open);
	AUTO(plan_fini) struct plan failed = {0};
	size_t testers = k->testers;

	if (!set_empty(&good) && !knowledge_fails(k, &good)) {
		plan_add(out, &good);
		testers -= testers > 1;
		set_less(&left, &good);
	}
	failed_blocks(k, &failed);
	/* With fewer testers than two a block, the last blocks wait. */
	for (size_t b = failed.n; b-- > 0;) {
		size_t share = testers / (b + 1) > 2 ? testers / (b + 1) : 2;

		set_meet(&failed.p[b], &left);
		set_less(&left, &failed.p[b]);
		if (set_count(&failed.p[b]) < share)
			share = set_count(&failed.p[b]);
		if (testers < share && out->n > 0)
			continue;
		split(k, &failed.p[b], share, out);
		testers -= share < testers ? share : testers;
	}
	split(k, &left, testers, out);
}

/* The part of the batch from item lo to before hi that is next: the first with open items of which not all was tried together. */
static void
halve(const struct knowledge *k, size_t lo, size_t hi, struct plan *out)
{
	AUTO(set_fini) struct set part = set_new(k->n);
	size_t mid = lo + (hi - lo + 1) / 2;
	bool tried = false;

	for (size_t i = lo; i < hi; i++)
		set_add(&part, i);
	for (size_t t = k->since; t < k->trials.n; t++)
		tried |= set_equal(&k->trials.p[t].added, &part);
	set_meet(&part, &k->open);
	if (set_empty(&part))
		return;
	tried |= knowledge_fails(k, &part);
	if (!tried || hi - lo == 1) {
		plan_add(out, &part);
		return;
	}
	halve(k, lo, mid, out);
	if (out->n == 0)
		halve(k, mid, hi, out);
}

static void
plan_serial(const struct knowledge *k, struct plan *out)
{
	halve(k, 0, k->n, out);
}

const struct strategy strategies[] = {
	{"auto", adaptive_plan}, {"prefix2", plan_prefix2}, {"prefix", plan_prefix}, {"blocks", plan_blocks},
	{"serial", plan_serial},
};
const size_t n_strategies = ARRAY_SIZE(strategies);

const struct strategy *
strategy_find(const char *name)
{
	for (size_t i = 0; i < n_strategies; i++)
		if (strcmp(strategies[i].name, name) == 0)
			return &strategies[i];
	return NULL;
}

char *
strategy_names(void)
{
	AUTO(str_fini) struct str s = {0};

	for (size_t i = 0; i < n_strategies; i++)
		str_add(&s, "%s%s", i ? ", " : "", strategies[i].name);
	return str_steal(&s);
}
