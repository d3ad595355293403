#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "scheduler/warm.h"

void
warm_fini(struct warm *w)
{
	for (size_t i = 0; i < w->last.n; i++) {
		free(w->last.p[i].jobs);
		free(w->last.p[i].root);
	}
	vec_fini(&w->last);
}

static char *
key(const char *repository, const struct strs *arches)
{
	AUTO(free) char *list = strs_join(arches, " ");

	return xasprintf("%s\n%s", repository, list);
}

static struct warm_last *
find(const struct warm *w, const char *jobs)
{
	for (size_t i = 0; i < w->last.n; i++)
		if (strcmp(w->last.p[i].jobs, jobs) == 0)
			return &w->last.p[i];
	return NULL;
}

void
warm_note(struct warm *w, const char *repository, const struct strs *arches, const char *root)
{
	char *jobs = key(repository, arches);
	struct warm_last *l = find(w, jobs);

	if (l) {
		free(jobs);
		free(l->root);
		l->root = xstrdup(root);
	} else {
		vec_push(&w->last, ((struct warm_last){jobs, xstrdup(root)}));
	}
}

bool
warm_at(const struct warm *w, const char *repository, const struct strs *arches, const struct strs *roots)
{
	AUTO(free) char *jobs = key(repository, arches);
	const struct warm_last *l = find(w, jobs);

	return l && strs_has(roots, l->root);
}
