/*
 * Dependencies: "name", "name >= 1:2-3", "/path", "(a or (b and c))". Matching
 * is rpm's own (rpmverOverlap of librpm); see rpm's docs on dependencies and
 * boolean dependencies.
 */
#ifndef ARTEL_PACKAGE_DEPEND_H
#define ARTEL_PACKAGE_DEPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rpm/rpmver.h>

#include "base/auto.h"

struct err;
struct str;

/* Bits of flags: rpm's RPMSENSE_*, of which these matter here. */
enum {
	DEP_LESS = 1 << 1,
	DEP_GREATER = 1 << 2,
	DEP_EQUAL = 1 << 3,
	DEP_COMPARE = DEP_LESS | DEP_GREATER | DEP_EQUAL,
	DEP_RPMLIB = 1 << 24,
};

struct dep {
	char *name;		/* or the whole rich expression */
	char *evr;		/* "" if none */
	uint32_t flags;
};

void dep_fini(struct dep *d);
AUTO_DEFINE_EMBEDDED(struct dep, dep_fini);
/* Read "name op evr"; -1 if it is no dependency. */
int dep_parse(const char *text, struct dep *out, struct err *err);
/* Append "name op evr". */
void dep_text(const struct dep *d, struct str *out);
bool dep_is_rich(const struct dep *d);

/* Whether a provide's version range and a requirement's overlap; NULL version: any. */
bool dep_overlap(rpmver provided, uint32_t provided_flags, rpmver required, uint32_t required_flags);
/* A whole comparison, names included. Neither may be rich. */
bool dep_match(const struct dep *provide, const struct dep *require);

/* A rich dependency as a tree. */
enum rich_op { RICH_SIMPLE, RICH_AND, RICH_OR, RICH_IF, RICH_UNLESS, RICH_WITH, RICH_WITHOUT };
struct rich {
	enum rich_op op;
	struct dep dep;		/* RICH_SIMPLE */
	struct rich **child;	/* IF and UNLESS: what, condition, and maybe else */
	size_t n;
};
/* NULL (err set) if malformed. */
struct rich *rich_parse(const char *text, struct err *err);
void rich_free(struct rich *r);
AUTO_DEFINE(struct rich *, rich_free);

#endif
