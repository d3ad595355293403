#include "base/vec.h"
#include "repo/unmet.h"

void
unmet_list_fini(struct unmet_list *l)
{
	vec_fini(l);
}

/* Enough for the answer: one provider. */
static bool
has_provider(const struct repo *r, uint32_t requirement)
{
	const struct index_requirement *q = repo_requirement(r, requirement);

	if (q->rich)
		return repo_count(r, requirement) > 0;
	for (struct repo_walk w = repo_providers(r, q->key); repo_next_provider(&w);)
		if (r->present[w.value] && repo_overlap(r, w.version, w.flags, q->version, q->flags))
			return true;
	return false;
}

void
unmet_find(const struct repo *r, struct unmet_list *out)
{
	for (uint32_t q = 0; q < repo_requirements(r); q++) {
		if (has_provider(r, q))
			continue;
		for (struct repo_walk w = repo_requirers(r, q); repo_next_requirer(&w);)
			if (r->present[w.value])
				vec_push(out, ((struct unmet){w.value, q}));
	}
}

void
unmet_key(const struct repo *r, const struct unmet *u, struct str *out)
{
	str_add(out, "%s.%s\t", repo_name(r, u->package), repo_arch(r, u->package));
	repo_requirement_text(r, u->requirement, out);
}
