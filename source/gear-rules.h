/*
 * The rules file of a package, .gear-rules or .gear/rules, read but not
 * executed: what to copy, to archive and to compare. Pure.
 */
#ifndef ARTEL_SOURCE_GEAR_RULES_H
#define ARTEL_SOURCE_GEAR_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/vec.h"

struct err;

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_BZIP2,
	COMPRESSION_LZMA,
	COMPRESSION_XZ,
	COMPRESSION_ZSTD,
	COMPRESSIONS,
};

/* ".gz" and so on; "" for none. */
const char *compression_suffix(enum compression c);

enum rule_kind { RULE_COPY, RULE_TAR, RULE_ZIP, RULE_DIFF };

struct rule {
	enum rule_kind kind;
	int line;
	bool optional;			/* with a `?`: nothing there is no error */
	enum compression compression;
	int level;			/* 0: the usual one */
	struct strs paths;		/* copy: patterns; tar, zip: the tree; diff: the old tree and the new */
	struct strs exclude;		/* patterns of glob_match_path() */
	char *spec, *name, *base, *suffix;	/* options as given; NULL: not given */
};

struct gear_rules {
	char *spec;			/* path; NULL: not given */
	char *tags;			/* folder; NULL: not given */
	struct strs exclude;		/* patterns of glob_match(), for every copy */
	struct strs specsubst;		/* names of variables */
	VEC(struct rule) rules;		/* in the order of the file */
};

void gear_rules_fini(struct gear_rules *r);
AUTO_DEFINE_EMBEDDED(struct gear_rules, gear_rules_fini);

/* -1 naming the line; what is ignored is told in notes. */
int gear_rules_parse(const char *text, struct gear_rules *out, struct strs *notes, struct err *err);

/* Add a note, made printable, unless it is there; only the first few dozens are kept. */
void gear_note(struct strs *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A relative path that names something below: no empty one, no leading `/`, no `..`, no control characters. */
bool gear_path_valid(const char *path);

/*
 * Replace @keyword@ by its value; other text between @ stays. -1 if a keyword
 * without a value is used, or the result has more than max bytes.
 */
struct gear_keyword {
	const char *name;	/* "version" */
	const char *value;	/* NULL: it has none here */
};

int gear_expand(const char *text, const struct gear_keyword *keywords, size_t n, size_t max, char **out,
	struct err *err);

#endif
