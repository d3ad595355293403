#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "builder/seen.h"

enum { TEXT_MAX = 1000 };

void
seen_list_fini(struct seen_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].package);
		free(l->p[i].what);
		free(l->p[i].detail);
	}
	vec_fini(l);
}

static char *
clean(const char *text)
{
	AUTO(str_fini) struct str out = {0};

	text_printable(&out, text);
	return xstrndup(str_c(&out), out.n < TEXT_MAX ? out.n : TEXT_MAX);
}

void
seen_add(struct seen_list *l, enum sanity_id check, const char *package, const char *what, const char *detail)
{
	if (l->n < SEEN_MAX)
		vec_push(l, ((struct seen){check, clean(package), clean(what), clean(detail)}));
}

void
seen_pack(struct str *out, const struct seen_list *l)
{
	pack_u32(out, (uint32_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		/* By name: numbers are of one version of the program. */
		pack_text(out, sanity_checks[l->p[i].check].name);
		pack_text(out, l->p[i].package);
		pack_text(out, l->p[i].what);
		pack_text(out, l->p[i].detail);
	}
}

int
seen_unpack(const void *data, size_t n, struct seen_list *l, struct err *err)
{
	struct unpack u = unpack_begin(data, n);
	uint32_t left = unpack_count(&u, 4 * sizeof(uint32_t));

	while (left-- > 0 && !u.bad) {
		AUTO(free) char *check = unpack_text(&u);
		AUTO(free) char *package = unpack_text(&u);
		AUTO(free) char *what = unpack_text(&u);
		AUTO(free) char *detail = unpack_text(&u);
		enum sanity_id id = sanity_find(check);

		if (id == SANITY_CHECKS || !sanity_checks[id].installed)
			u.bad = true;
		else
			seen_add(l, id, package, what, detail);
	}
	return unpack_end(&u, "what was seen of a package", err);
}

bool
seen_scriptlet(const struct seen_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].check == SANITY_SCRIPTLET)
			return true;
	return false;
}

void
seen_text(const struct seen_list *l, struct str *out)
{
	if (l->n)
		str_add(out, "%s of %s%s%s%s", l->p[0].what, l->p[0].package, *l->p[0].detail ? " (" : "", l->p[0].detail,
		    *l->p[0].detail ? ")" : "");
	if (l->n > 1)
		str_add(out, " (and %zu more)", l->n - 1);
}
