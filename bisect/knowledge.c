#include "base/alloc.h"
#include "base/vec.h"
#include "bisect/knowledge.h"

void
knowledge_init(struct knowledge *k, size_t n, size_t testers)
{
	*k = (struct knowledge){.n = n, .testers = testers ? testers : 1, .accepted = set_new(n), .open = set_new(n)};
	for (size_t i = 0; i < n; i++)
		set_add(&k->open, i);
}

void
knowledge_fini(struct knowledge *k)
{
	for (size_t t = 0; t < k->trials.n; t++) {
		set_fini(&k->trials.p[t].whole);
		set_fini(&k->trials.p[t].added);
		set_fini(&k->trials.p[t].named);
	}
	vec_fini(&k->trials);
	set_fini(&k->accepted);
	set_fini(&k->open);
}

void
knowledge_learn(struct knowledge *k, const struct set *added, bool passed, const struct set *named)
{
	struct trial t = {.whole = set_copy(&k->accepted), .added = set_copy(added), .passed = passed};

	set_join(&t.whole, added);
	t.named = named ? set_copy(named) : set_new(k->n);
	vec_push(&k->trials, t);
}

bool
knowledge_fails(const struct knowledge *k, const struct set *added)
{
	AUTO(set_fini) struct set whole = set_copy(&k->accepted);

	set_join(&whole, added);
	for (size_t t = k->since; t < k->trials.n; t++)
		if (!k->trials.p[t].passed && set_within(&k->trials.p[t].whole, &whole))
			return true;
	return false;
}

void
knowledge_proofs(const struct knowledge *k, size_t *proof)
{
	for (size_t i = 0; i < k->n; i++)
		proof[i] = SIZE_MAX;
	for (size_t t = k->since; t < k->trials.n; t++) {
		AUTO(set_fini) struct set left = {0};

		if (k->trials.p[t].passed)
			continue;
		left = set_copy(&k->trials.p[t].whole);
		set_less(&left, &k->accepted);
		if (set_count(&left) == 1)
			proof[set_next(&left, 0)] = t;
	}
}
