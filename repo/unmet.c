#include "base/str.h"
#include "base/vec.h"
#include "repo/unmet.h"

void
unmet_list_fini(struct unmet_list *l)
{
	vec_fini(l);
}

void
unmet_find(struct repo *r, struct unmet_list *out)
{
	repo_index(r);
	for (uint32_t q = 0; q < r->requirements.n; q++) {
		const struct repo_requirement *req = &r->requirements.p[q];

		if (repo_satisfies(r, req))
			continue;
		for (size_t i = 0; i < req->requirers.n; i++)
			if (r->packages.p[req->requirers.p[i]].present)
				vec_push(out, ((struct unmet){req->requirers.p[i], q}));
	}
}

void
unmet_key(const struct repo *r, const struct unmet *u, struct str *out)
{
	const struct facts *f = &r->packages.p[u->package].facts;

	str_add(out, "%s.%s\t%s", f->name, f->arch, r->requirements.p[u->requirement].text);
}

void
unmet_keys(const struct repo *r, const struct unmet_list *l, struct map *out)
{
	AUTO(str_fini) struct str key = {0};

	for (size_t i = 0; i < l->n; i++) {
		str_clear(&key);
		unmet_key(r, &l->p[i], &key);
		map_set(out, str_c(&key), (uint32_t)i);
	}
}

static void
package_text(const struct repo_package *p, struct str *out)
{
	str_add(out, "%s-%s.%s", p->facts.name, p->facts.evr, p->facts.arch);
}

/* Who provided the name and is gone now. */
static void
lost_provider(const struct repo *r, const struct repo_requirement *q, struct str *out)
{
	const struct repo_name *name;

	if (q->rich)
		return;
	name = &r->names.p[q->name];
	for (size_t i = 0; i < name->providers.n; i++) {
		const struct repo_provider *p = &name->providers.p[i];
		const struct repo_package *pkg = &r->packages.p[p->package];

		if (pkg->present || !dep_overlap(p->version, p->flags, q->version, q->flags))
			continue;
		str_puts(out, "; it was in ");
		package_text(pkg, out);
		if (pkg->gone_by)
			str_add(out, ", which task #%lld takes away", (long long)pkg->gone_by);
		return;
	}
}

void
unmet_explain(const struct repo *r, const struct unmet *u, struct str *out)
{
	const struct repo_package *p = &r->packages.p[u->package];

	package_text(p, out);
	if (p->by)
		str_add(out, " (task #%lld)", (long long)p->by);
	str_add(out, " requires %s, which nothing provides", r->requirements.p[u->requirement].text);
	lost_provider(r, &r->requirements.p[u->requirement], out);
}
