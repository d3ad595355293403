#include <assert.h>
#include <string.h>

#include "queue/fleet.h"

void
fleet_fini(struct fleet *f)
{
	for (size_t i = 0; i < f->hosts.n; i++) {
		strs_fini(&f->hosts.p[i]->arches);
		strs_fini(&f->hosts.p[i]->features);
		strs_fini(&f->hosts.p[i]->roots);
		free(f->hosts.p[i]);
	}
	for (size_t i = 0; i < f->kinds.n; i++) {
		strs_fini(&f->kinds.p[i]->arches);
		strs_fini(&f->kinds.p[i]->features);
		free(f->kinds.p[i]);
	}
	vec_fini(&f->hosts);
	vec_fini(&f->kinds);
	map_fini(&f->names);
	map_fini(&f->offers);
}

/* The shape of the treap: any numbers will do, the same ones each time are best. */
static uint32_t
next_priority(struct fleet *f)
{
	f->seed = f->seed * 1664525u + 1013904223u;
	return f->seed ^ f->seed >> 15;
}

struct host *
fleet_host(struct fleet *f, const char *name)
{
	uint32_t i = map_intern(&f->names, name);
	struct host *h;

	if (i < f->hosts.n)
		return f->hosts.p[i];
	h = xcalloc(1, sizeof(*h));
	h->name = f->names.key[i].text;
	h->index = i;
	h->priority = next_priority(f);
	vec_push(&f->hosts, h);
	return h;
}

bool
fleet_before(const struct host *a, const struct host *b)
{
	int64_t x = (int64_t)a->busy * b->slots, y = (int64_t)b->busy * a->slots;

	return x != y ? x < y : a->index < b->index;
}

static void
pull(struct host *t)
{
	t->most = t->free;
	if (t->left && t->left->most > t->most)
		t->most = t->left->most;
	if (t->right && t->right->most > t->most)
		t->most = t->right->most;
}

/* What goes before h, and what after it. */
static void
split(struct host *t, const struct host *h, struct host **before, struct host **after)
{
	if (!t) {
		*before = *after = NULL;
		return;
	}
	if (fleet_before(t, h)) {
		split(t->right, h, &t->right, after);
		*before = t;
	} else {
		split(t->left, h, before, &t->left);
		*after = t;
	}
	pull(t);
}

static struct host *
merge(struct host *a, struct host *b)
{
	struct host *top = !b || (a && a->priority > b->priority) ? a : b;

	if (!a || !b)
		return top;
	if (top == a)
		a->right = merge(a->right, b);
	else
		b->left = merge(a, b->left);
	pull(top);
	return top;
}

static struct host *
insert(struct host *t, struct host *h)
{
	if (!t || h->priority > t->priority) {
		split(t, h, &h->left, &h->right);
		t = h;
	} else if (fleet_before(h, t)) {
		t->left = insert(t->left, h);
	} else {
		t->right = insert(t->right, h);
	}
	pull(t);
	return t;
}

static struct host *
extract(struct host *t, struct host *h)
{
	assert(t);
	if (t == h)
		return merge(h->left, h->right);
	if (fleet_before(h, t))
		t->left = extract(t->left, h);
	else
		t->right = extract(t->right, h);
	pull(t);
	return t;
}

void
fleet_out(struct host *h)
{
	if (h->listed)
		h->kind->tree = extract(h->kind->tree, h);
	h->listed = false;
}

void
fleet_in(struct host *h)
{
	if (!h->kind || !h->open || h->busy >= h->slots)
		return;
	h->free = h->memory ? h->memory - h->taken : INT64_MAX;
	if (h->kept)
		return;
	h->listed = true;
	h->kind->tree = insert(h->kind->tree, h);
}

void
fleet_open(struct host *h, bool open)
{
	if (h->kind)
		h->kind->open += (size_t)open - (size_t)h->open;
	h->open = open;
}

static void
copy_sorted(struct strs *to, const struct strs *from)
{
	for (size_t i = 0; i < from->n; i++)
		strs_add(to, from->p[i]);
	strs_sort(to);
}

/* The greatest step of queue_memory() that it has; below its least, halves of that. */
static int64_t
step_below(int64_t memory)
{
	int64_t p = 1;

	if (memory <= 0)
		return 0;
	while (p <= memory / 2)
		p *= 2;
	return p >= 2 && p / 2 * 3 <= memory ? p / 2 * 3 : p;
}

static struct kind *
find_kind(struct fleet *f, const struct strs *arches, const struct strs *features, int64_t memory)
{
	struct kind *k = xcalloc(1, sizeof(*k));
	AUTO(str_fini) struct str offer = {0};
	uint32_t i;

	copy_sorted(&k->arches, arches);
	copy_sorted(&k->features, features);
	k->memory = step_below(memory);
	for (size_t a = 0; a < k->arches.n; a++)
		str_add(&offer, "%s ", k->arches.p[a]);
	for (size_t a = 0; a < k->features.n; a++)
		str_add(&offer, "+%s ", k->features.p[a]);
	str_add(&offer, "%lld", (long long)k->memory);
	i = map_intern(&f->offers, offer.p);
	if (i < f->kinds.n) {
		strs_fini(&k->arches);
		strs_fini(&k->features);
		free(k);
	} else {
		vec_push(&f->kinds, k);
	}
	return f->kinds.p[i];
}

static void
change_kind(struct fleet *f, struct host *h, struct kind *k)
{
	struct kind *old = h->kind;

	if (old == k)
		return;
	if (old) {
		old->open -= h->open;
		f->generation += --old->known == 0;
	}
	if (k) {
		k->open += h->open;
		f->generation += k->known++ == 0;
	}
	h->kind = k;
}

void
fleet_offer(struct fleet *f, struct host *h, const struct strs *arches, const struct strs *features, int slots,
	int64_t memory)
{
	struct strs a = {0}, b = {0};

	for (size_t i = 0; i < arches->n; i++)
		strs_add(&a, arches->p[i]);
	for (size_t i = 0; i < features->n; i++)
		strs_add(&b, features->p[i]);
	strs_fini(&h->arches);
	strs_fini(&h->features);
	h->arches = a;
	h->features = b;
	h->slots = slots;
	h->memory = memory;
	change_kind(f, h, slots > 0 ? find_kind(f, &a, &b, memory) : NULL);
}

bool
fleet_walk(struct host *t, int64_t need, bool (*fn)(void *arg, struct host *h), void *arg)
{
	if (!t || t->most < need)
		return true;
	if (!fleet_walk(t->left, need, fn, arg))
		return false;
	if (t->free >= need && !fn(arg, t))
		return false;
	return fleet_walk(t->right, need, fn, arg);
}

int64_t
fleet_counts(const struct host *h, int64_t memory)
{
	return h->memory && h->memory < memory ? h->memory : memory;
}
