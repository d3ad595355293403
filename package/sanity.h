/*
 * Sanity: what is wrong with one binary package whatever else is in the
 * repository. A table of checks, each with a level that a repository may change:
 * what is found by a fatal one fails the build or test of the package, what is
 * found by a warning is told. Single findings are allowed by the allow-list of
 * the repository (repo/finding.h), whose lines may begin with the name of a check.
 */
#ifndef ARTEL_PACKAGE_SANITY_H
#define ARTEL_PACKAGE_SANITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct err;
struct facts;
struct str;

enum sanity_level { SANITY_OFF, SANITY_WARNING, SANITY_FATAL, SANITY_LEVELS };
const char *sanity_level_name(enum sanity_level l);

enum sanity_id {
	SANITY_NAME, SANITY_VERSION, SANITY_SUMMARY, SANITY_SUMMARY_STYLE, SANITY_DESCRIPTION, SANITY_LICENSE,
	SANITY_CHANGELOG_TIME, SANITY_UNVERSIONED_PROVIDES, SANITY_UNVERSIONED_OBSOLETES, SANITY_SELF_DEPENDENCY,
	SANITY_EMPTY_PACKAGE,
	SANITY_LOCATION, SANITY_CONTROL_CHARACTER, SANITY_ENCODING, SANITY_DEVICE, SANITY_WORLD_WRITABLE, SANITY_SETUID,
	SANITY_SETGID, SANITY_NO_PERMISSIONS, SANITY_NOT_EXECUTABLE, SANITY_WRITABLE_CONFIG, SANITY_OWNER, SANITY_HARD_LINK,
	SANITY_LINK_ESCAPES, SANITY_LINK_TEMPORARY, SANITY_LINK_ABSOLUTE, SANITY_DEBUG_FILES,
	SANITY_ELF_BROKEN, SANITY_ELF_LOCATION, SANITY_ELF_NOARCH, SANITY_RUNPATH,
	SANITY_SCRIPTLET, SANITY_LEFT_BEHIND, SANITY_DANGLING_LINK,
	SANITY_CHECKS
};

struct sanity_check {
	const char *name;
	enum sanity_level level;	/* of a repository that says nothing */
	bool installed;			/* found when the package is installed; else in the package itself */
	const char *text;		/* what is found, for people: one line */
};
extern const struct sanity_check sanity_checks[SANITY_CHECKS];
/* SANITY_CHECKS: there is none of that name. */
enum sanity_id sanity_find(const char *name);

/* Which level each check has in a repository. */
struct sanity_policy {
	enum sanity_level level[SANITY_CHECKS];
};
/*
 * Blank-separated CHECK=LEVEL over the table's own levels; `all=LEVEL` sets every check, later words go over
 * earlier ones. -1 with the word that is wrong.
 */
int sanity_parse(const char *text, struct sanity_policy *out, struct err *err);

struct sanity_finding {
	enum sanity_id check;
	enum sanity_level level;
	char *package;		/* its name */
	char *what;		/* path, dependency, owner, ...: what the allow-list is held against; never "" */
	char *detail;		/* more for people; "" if the check says it all */
};

struct sanity_list {
	struct sanity_finding *p;
	size_t n, cap;
	size_t cut;		/* how many more there are than SANITY_MAX of one check in one package */
};
enum { SANITY_MAX = 64 };

void sanity_list_fini(struct sanity_list *l);
AUTO_DEFINE_EMBEDDED(struct sanity_list, sanity_list_fini);
/* A finding of a check that is not off. */
void sanity_found(struct sanity_list *l, const struct sanity_policy *p, enum sanity_id check, const char *package,
	const char *what, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* "setuid: sudo: /usr/bin/sudo (mode 4755): runs with ..." */
void sanity_text(const struct sanity_finding *f, struct str *out);

/*
 * All checks of the package itself, on an RPM file and its facts, fresh from facts_from_rpm(). now_s: Unix
 * seconds. -1 if the file cannot be read. librpm parses it: in a sandbox for RPMs from strangers.
 */
int sanity_rpm(const char *path, const struct facts *f, const struct sanity_policy *p, int64_t now_s, struct sanity_list *out,
	struct err *err);

#endif
