#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "builder/pkgset.h"

void
pkgset_fini(struct pkgset *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->p[i].nevra);
	vec_fini(s);
}

void
pkgset_add(struct pkgset *s, const char *sha256, const char *nevra)
{
	struct pkg p = {.nevra = xstrdup(nevra)};

	snprintf(p.sha256, sizeof(p.sha256), "%s", sha256);
	vec_push(s, p);
}

bool
pkgset_has(const struct pkgset *s, const char *sha256)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->p[i].sha256, sha256) == 0)
			return true;
	return false;
}

void
pkgset_union(struct pkgset *s, const struct pkgset *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!pkgset_has(s, from->p[i].sha256))
			pkgset_add(s, from->p[i].sha256, from->p[i].nevra);
}

void
pkgset_minus(const struct pkgset *a, const struct pkgset *b, struct pkgset *out)
{
	for (size_t i = 0; i < a->n; i++)
		if (!pkgset_has(b, a->p[i].sha256))
			pkgset_add(out, a->p[i].sha256, a->p[i].nevra);
}

static int
by_hash(const void *a, const void *b)
{
	return strcmp(((const struct pkg *)a)->sha256, ((const struct pkg *)b)->sha256);
}

void
pkgset_sort(struct pkgset *s)
{
	if (s->n)
		qsort(s->p, s->n, sizeof(*s->p), by_hash);
}

void
pkgset_text(const struct pkgset *s, struct str *out)
{
	for (size_t i = 0; i < s->n; i++)
		str_add(out, "%s\t%s\n", s->p[i].sha256, s->p[i].nevra);
}

int
pkgset_parse(const char *text, struct pkgset *out, struct err *err)
{
	AUTO(strs_fini) struct strs lines = {0};

	strs_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *tab = strchr(lines.p[i], '\t');

		if (tab)
			*tab = '\0';
		if (!tab || !hash_valid(lines.p[i]))
			return err_set(err, EBADMSG, "package set: line %zu is malformed", i + 1);
		pkgset_add(out, lines.p[i], tab + 1);
	}
	return 0;
}
