/*
 * What a check found, one finding each: who, what, who had it before, and which
 * tasks have a part in it. A report is a list of them.
 */
#ifndef ARTEL_REPO_FINDING_H
#define ARTEL_REPO_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

enum finding_kind {
	FINDING_UNMET,		/* package requires what nothing provides */
	FINDING_SYMBOL,		/* package uses an ELF symbol that nothing defines */
	FINDING_DUPLICATE,	/* package and other provide the same, and may be installed together */
	FINDING_FILE,		/* package and other have different files of one path, and may be installed together */
	FINDING_EVR,		/* package is older than other, which it replaces */
	FINDING_PLAN,		/* a task contradicts itself */
	FINDING_KINDS
};
const char *finding_kind_name(enum finding_kind k);

struct finding {
	enum finding_kind kind;
	char *package;		/* name-evr.arch; "" for a plan */
	char *source;		/* of package */
	int64_t by;		/* task that brings package; 0: none */
	char *what;		/* requirement, symbol, capability, path, or a sentence */
	char *other;		/* unmet: who provided it before; else the other package; "" if unknown */
	int64_t other_by;	/* task that took other away (unmet, symbol), or brings it; 0: none */
};

void finding_fini(struct finding *f);

struct finding_list {
	struct finding *p;
	size_t n, cap;
};
void finding_list_fini(struct finding_list *l);

struct report {
	struct finding_list broken;	/* not empty: failed */
	struct finding_list repaired;	/* unmets and symbols that the change mends */
	struct finding_list allowed;	/* would be broken, but the allow-list names them */
	struct strs notes;		/* of the plan */
	size_t cut;			/* how many more are broken: too many to list */
};
void report_fini(struct report *r);
AUTO_DEFINE_EMBEDDED(struct report, report_fini);
/* Saved form, for pipes. */
void report_pack(struct str *out, const struct report *r);
int report_unpack(const void *data, size_t n, struct report *r, struct err *err);

/* A sentence for people. */
void finding_text(const struct finding *f, struct str *out);
/* A plan that contradicts itself. by: the task, or 0 where the sentence names it. */
void report_refuse(struct report *r, int64_t by, const char *sentence);
/* The first as a sentence, and how many more there are. */
void report_summary(const struct report *r, struct str *out);
/* Sources whose packages are in `broken` as the requirer, without repeats. */
void report_sources(const struct report *r, struct strs *out);

/*
 * What a repository tolerates: lines "KIND PACKAGE WHAT" of shell patterns, KIND unmet, symbol,
 * duplicate, file or evr, or the name of a check of package/sanity.h; PACKAGE a name without
 * version. `#` begins a comment.
 */
struct allow {
	struct strs words;	/* three a line */
};
void allow_fini(struct allow *a);
AUTO_DEFINE_EMBEDDED(struct allow, allow_fini);
/* -1 with the line that is wrong. */
int allow_parse(struct allow *a, const char *text, struct err *err);
/* name: of f's package, without version. */
int allow_has(const struct allow *a, const struct finding *f, const char *name);
/* The same by words. a may be NULL. */
bool allow_names(const struct allow *a, const char *kind, const char *name, const char *what);

#endif
