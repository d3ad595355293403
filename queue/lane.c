#include "queue/lane.h"

enum { LOOK_AT = 64 };		/* hosts, for one that has the root */

static bool
job_before(const void *x, const void *y)
{
	const struct live *a = x, *b = y;

	return a->submitted != b->submitted ? a->submitted < b->submitted : a->job < b->job;
}

const struct heap_order lane_jobs = {job_before, offsetof(struct live, at)};

struct lane *
lane_new(const char *repository, const char **arches, size_t n_arches, const char **features, size_t n_features, int64_t memory)
{
	struct lane *l = xcalloc(1, sizeof(*l));

	l->repository = xstrdup(repository);
	for (size_t i = 0; i < n_arches; i++)
		strs_add(&l->arches, arches[i]);
	for (size_t i = 0; i < n_features; i++)
		strs_add(&l->features, features[i]);
	l->memory = memory;
	l->root = xstrdup("");
	return l;
}

void
lane_free(struct lane *l)
{
	free(l->repository);
	free(l->root);
	strs_fini(&l->arches);
	strs_fini(&l->features);
	for (int c = 0; c < QUEUE_CLASSES; c++)
		heap_fini(&l->turn[c]);
	vec_fini(&l->fits);
	free(l);
}

bool
lane_suits(const struct lane *l, const struct kind *k)
{
	bool arch = l->arches.n == 0;

	for (size_t i = 0; i < l->arches.n && !arch; i++)
		arch = strs_has(&k->arches, l->arches.p[i]);
	for (size_t i = 0; i < l->features.n && arch; i++)
		if (!strs_has(&k->features, l->features.p[i]))
			return false;
	return arch;
}

/* Builders that have what is asked for, or do not know what they have; if there are none, those that have most. */
void
lane_refresh(struct lane *l, const struct fleet *f)
{
	int64_t most = 0;

	if (l->generation == f->generation)
		return;
	l->generation = f->generation;
	l->fits.n = 0;
	for (size_t i = 0; i < f->kinds.n; i++) {
		const struct kind *k = f->kinds.p[i];
		int64_t has = k->memory ? k->memory : INT64_MAX;

		if (k->known > 0 && lane_suits(l, k) && has > most)
			most = has;
	}
	for (size_t i = 0; i < f->kinds.n; i++) {
		const struct kind *k = f->kinds.p[i];
		int64_t has = k->memory ? k->memory : INT64_MAX;

		if (k->known > 0 && lane_suits(l, k) && has >= (most < l->memory ? most : l->memory))
			vec_push(&l->fits, ((struct fit){k, most < l->memory ? most : l->memory, most < l->memory}));
	}
}

const struct fit *
lane_fit(const struct lane *l, const struct kind *k)
{
	for (size_t i = 0; i < l->fits.n; i++)
		if (l->fits.p[i].kind == k)
			return &l->fits.p[i];
	return NULL;
}

struct search {
	const struct fit *fit;
	const struct host *except;
	const char *root;		/* "": any will do */
	struct host *first, *warm;
	int looked;			/* of this kind */
};

static bool
look(void *arg, struct host *h)
{
	struct search *s = arg;

	if (s->fit->whole && h->busy > 0)
		return false;
	if (h == s->except)
		return true;
	if (!s->first || fleet_before(h, s->first))
		s->first = h;
	if (!*s->root)
		return false;
	if (!strs_has(&h->roots, s->root))
		return ++s->looked < LOOK_AT;
	if (!s->warm || fleet_before(h, s->warm))
		s->warm = h;
	return false;
}

static struct search
search(const struct lane *l, const struct host *except, const char *root)
{
	struct search s = {.except = except, .root = root};

	for (size_t i = 0; i < l->fits.n; i++) {
		s.fit = &l->fits.p[i];
		s.looked = 0;
		fleet_walk(s.fit->kind->tree, s.fit->need, look, &s);
	}
	s.fit = l->kept ? lane_fit(l, l->kept->kind) : NULL;
	if (s.fit && l->kept->open && l->kept->busy < l->kept->slots && l->kept->free >= s.fit->need)
		look(&s, l->kept);
	return s;
}

struct host *
lane_host(const struct lane *l, const struct host *except)
{
	return search(l, except, "").first;
}

struct host *
lane_warm_host(const struct lane *l, const struct host *except, bool *warm)
{
	struct search s = search(l, except, l->root);

	*warm = s.warm;
	return s.warm ? s.warm : s.first;
}

size_t
lane_open(const struct lane *l, const struct host *except)
{
	size_t n = 0;

	for (size_t i = 0; i < l->fits.n; i++)
		n += l->fits.p[i].kind->open;
	return n - (except && except->open && except->kind && lane_fit(l, except->kind));
}
