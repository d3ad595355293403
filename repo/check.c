#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "package/evr.h"
#include "repo/check.h"
#include "repo/unmet.h"

void
report_fini(struct report *r)
{
	strs_fini(&r->broken);
	strs_fini(&r->repaired);
	strs_fini(&r->notes);
	strs_fini(&r->sources);
}

void
report_pack(struct str *out, const struct report *r)
{
	pack_strs(out, &r->broken);
	pack_strs(out, &r->repaired);
	pack_strs(out, &r->notes);
	pack_strs(out, &r->sources);
}

int
report_unpack(const void *data, size_t n, struct report *r, struct err *err)
{
	struct unpack u = unpack_begin(data, n);

	unpack_strs(&u, &r->broken);
	unpack_strs(&u, &r->repaired);
	unpack_strs(&u, &r->notes);
	unpack_strs(&u, &r->sources);
	return unpack_end(&u, "report", err);
}

void
baseline_fini(struct baseline *b)
{
	map_fini(&b->unmets);
}

void
baseline_take(struct baseline *b, struct repo *base)
{
	AUTO(unmet_list_fini) struct unmet_list l = {0};

	unmet_find(base, &l);
	unmet_keys(base, &l, &b->unmets);
}

/* No package of the change may be older than the one of the same name that is there. */
static void
check_evr(const struct repo *r, const struct change *c, struct report *out)
{
	for (size_t i = 0; i < c->packages.n; i++) {
		const struct facts *f = &c->packages.p[i].facts;
		uint32_t old = repo_find(r, f->name);
		int bad;

		if (old != MAP_NONE && evr_cmp(r->packages.p[old].facts.evr, f->evr, &bad) > 0)
			strs_take(&out->broken, xasprintf("%s-%s (task #%lld) is older than %s-%s in the repository: raise "
			    "its version or release", f->name, f->evr, (long long)c->task, f->name,
			    r->packages.p[old].facts.evr));
	}
}

static void
check_unmets(struct repo *r, const struct baseline *b, struct report *out)
{
	AUTO(unmet_list_fini) struct unmet_list now = {0};
	AUTO(map_fini) struct map keys = {0};
	AUTO(str_fini) struct str text = {0};

	unmet_find(r, &now);
	for (size_t i = 0; i < now.n; i++) {
		const char *source = r->packages.p[now.p[i].package].facts.source;

		str_clear(&text);
		unmet_key(r, &now.p[i], &text);
		map_add(&keys, str_c(&text));
		if (map_find(&b->unmets, str_c(&text)) != MAP_NONE)
			continue;
		str_clear(&text);
		unmet_explain(r, &now.p[i], &text);
		strs_add(&out->broken, str_c(&text));
		if (!strs_has(&out->sources, source))
			strs_add(&out->sources, source);
	}
	for (uint32_t k = 0; k < b->unmets.n; k++)
		if (map_find(&keys, b->unmets.key[k].text) == MAP_NONE)
			strs_add(&out->repaired, b->unmets.key[k].text);
}

int
check_changes(struct repo *r, const struct baseline *b, struct change *const *changes, size_t n,
	struct report *out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (plan_check(changes[i], err) < 0)
			return err_ctx(err, "task #%lld", (long long)changes[i]->task);
		check_evr(r, changes[i], out);
		plan_apply(r, changes[i], NULL, &out->notes);
	}
	check_unmets(r, b, out);
	return 0;
}
