/* What the jobs of one source package need of a builder beyond what history tells: features, limits. */
#ifndef ARTEL_SCHEMA_NEEDS_H
#define ARTEL_SCHEMA_NEEDS_H

#include <stddef.h>

#include "base/auto.h"

struct err;
struct store;

struct needs {
	char *package;
	char *features;		/* blank-separated names */
	char *limits;		/* wire/limits.h; over those of the repository */
};
void needs_fini(struct needs *n);
AUTO_DEFINE_EMBEDDED(struct needs, needs_fini);

struct needs_list {
	struct needs *p;
	size_t n, cap;
};
void needs_list_fini(struct needs_list *l);
AUTO_DEFINE_EMBEDDED(struct needs_list, needs_list_fini);

/* Of every package of the repository that has any, by name. */
int needs_find(struct store *s, const char *repository, struct needs_list *out, struct err *err);
/* NEEDS_NONE: nothing beyond; *out is left alone. */
enum { NEEDS_NONE = 1 };
int needs_get(struct store *s, const char *repository, const char *package, struct needs *out, struct err *err);
/* Set both; two empty texts forget the package. Tasks that are being built with it get an event, for their jobs to be looked at again. */
int needs_set(struct store *s, const char *repository, const struct needs *n, struct err *err);

#endif
