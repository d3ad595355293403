/*
 * A repository of one architecture (its own packages and noarch) in memory.
 *
 * Every distinct requirement stands once, with the list of its requirers; every
 * name that is provided has the list of its providers; of the file paths, those
 * that something requires count as provided names. Packages come and go by a
 * flag, so that a forked child tries a change on its copy-on-write pages.
 */
#ifndef ARTEL_REPO_REPO_H
#define ARTEL_REPO_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rpm/rpmver.h>

#include "base/map.h"
#include "package/facts.h"

struct err;
struct str;
struct strs;

struct repo_package {
	struct facts facts;
	char *facts_sha;	/* artefact of the whole facts; "" if unknown */
	bool present;
	int64_t by;		/* the task that added it; 0: the base */
	int64_t gone_by;	/* not present: the task that removed it */
};

/* One provider of a name. */
struct repo_provider {
	uint32_t package;
	uint32_t flags;
	rpmver version;		/* NULL: any */
};

struct repo_name {
	struct {
		struct repo_provider *p;
		size_t n, cap;
	} providers;
	bool wanted_path;	/* starts with / and is required */
};

/* One distinct requirement. */
struct repo_requirement {
	char *text;		/* "name op evr" or the rich expression */
	uint32_t name;		/* index into names; not rich */
	uint32_t flags;
	rpmver version;		/* NULL: any */
	struct rich *rich;	/* NULL: simple */
	struct {
		uint32_t *p;
		size_t n, cap;
	} requirers;
};

struct repo {
	struct {
		struct repo_package *p;
		size_t n, cap;
	} packages;
	struct map name_ids;		/* text -> index of names */
	struct {
		struct repo_name *p;
		size_t n, cap;
	} names;
	struct map requirement_ids;
	struct {
		struct repo_requirement *p;
		size_t n, cap;
	} requirements;
	size_t indexed;			/* packages before this one are in the lists */
};

void repo_fini(struct repo *r);
AUTO_DEFINE_EMBEDDED(struct repo, repo_fini);

/* Add a package; takes over *facts, which is empty then. facts_sha is copied. Its index. */
uint32_t repo_add(struct repo *r, struct facts *facts, const char *facts_sha, int64_t by);
/* Take the present packages of a source away; how many there were. */
size_t repo_remove_source(struct repo *r, const char *source, int64_t by);
/* The present package of a name: its index, or MAP_NONE. */
uint32_t repo_find(const struct repo *r, const char *name);
/* Bring the lists up to date with what was added; called by what needs them. */
void repo_index(struct repo *r);

/* Whether a present package satisfies it. */
bool repo_satisfies(const struct repo *r, const struct repo_requirement *q);

/* Saved form: everything but the rpm-md records, of the present packages. */
void repo_save(const struct repo *r, struct str *out);
int repo_load(struct repo *r, const void *data, size_t n, struct err *err);

#endif
