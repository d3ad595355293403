/*
 * A repository of one architecture (its own packages and noarch) in memory: an
 * index that never changes and, beside it, what has come and gone since.
 *
 * Every requirement carries how many present providers satisfy it. A change
 * touches only the names that its packages provide and require, so that trying
 * one takes time in proportion to it, and so does taking it back.
 */
#ifndef ARTEL_REPO_REPO_H
#define ARTEL_REPO_REPO_H

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "repo/chain.h"
#include "repo/index.h"

struct err;
struct facts;
struct strs;

/* A package that a change took away. */
struct repo_gone {
	uint32_t package;
	int64_t by;			/* task */
};

/* Lengths of everything that only grows. */
struct repo_mark {
	size_t text, packages, provides, requires, conflicts, paths, keys, requirements, versions, rich, rich_children;
	size_t keys_by_hash, versions_by_hash, triples, providers, askers, requirers, extra, named, of_source, paths_by_hash, wanted;
};

struct repo {
	struct index base;
	/* Behind the index: numbers and texts go on where its own end. */
	struct str text;
	VEC(struct index_package) packages;
	VEC(struct index_hashes) hashes;
	VEC(int64_t) by;			/* task that added each; 0: the repository itself */
	VEC(struct index_relation) provides, conflicts;
	VEC(uint32_t) requires;
	VEC(struct index_path) paths;
	VEC(struct index_key) keys;		/* lists are in the chains */
	VEC(struct index_requirement) requirements;
	VEC(struct index_version) versions;
	VEC(struct index_rich) rich;
	VEC(uint32_t) rich_children;
	struct chain keys_by_hash, versions_by_hash, triples;
	struct chain providers;			/* key -> one of `providing` */
	VEC(struct index_provider) providing;
	struct chain askers;			/* key -> requirement */
	struct chain requirers;			/* requirement -> package */
	struct chain extra;			/* package of the index -> key: paths wanted later */
	struct chain named, of_source;		/* key -> package */
	struct chain paths_by_hash;		/* low half of a hash -> one of `paths` */
	struct chain wanted;			/* key of the index or ours -> 1: wanted since */
	/* Of both. */
	uint8_t *present;
	uint32_t *satisfied;			/* by requirement */
	uint32_t *stamp;			/* by requirement: try that touched it last, */
	uint32_t *before;			/* and how well it was satisfied until then */
	size_t cap_packages, cap_requirements;
	uint32_t try;
	VEC(uint32_t) touched;			/* requirements */
	VEC(struct repo_gone) gone;
	struct repo_mark mark;			/* where the change began */
};

void repo_fini(struct repo *r);
AUTO_DEFINE_EMBEDDED(struct repo, repo_fini);
/* Stand on an index, which is taken over. A zeroed repo stands on an empty one. */
void repo_open(struct repo *r, struct index *base);

/*
 * A change: begin, add and remove, look at what it did (repo/check.h), then either undo it
 * or keep it, which makes it what later changes are compared with.
 */
void repo_begin(struct repo *r);
void repo_undo(struct repo *r);
void repo_keep(struct repo *r);
/* Add a package; its number. facts_sha "" if unknown. by: task, for the report. */
uint32_t repo_add(struct repo *r, const struct facts *facts, const char *facts_sha, int64_t by);
void repo_remove(struct repo *r, uint32_t package, int64_t by);
/* Take the present packages of a source away; how many there were. */
size_t repo_remove_source(struct repo *r, const char *source, int64_t by);

/* Looking. Numbers of packages go from 0 to repo_packages(). */
uint32_t repo_packages(const struct repo *r);
uint32_t repo_requirements(const struct repo *r);
const struct index_package *repo_package(const struct repo *r, uint32_t package);
const struct index_hashes *repo_hashes(const struct repo *r, uint32_t package);
const struct index_requirement *repo_requirement(const struct repo *r, uint32_t requirement);
const struct index_version *repo_version(const struct repo *r, uint32_t version);
const char *repo_text(const struct repo *r, uint32_t text);
const char *repo_key_text(const struct repo *r, uint32_t key);
const char *repo_name(const struct repo *r, uint32_t package);
const char *repo_source(const struct repo *r, uint32_t package);
const char *repo_evr(const struct repo *r, uint32_t package);
const char *repo_arch(const struct repo *r, uint32_t package);
const char *repo_file(const struct repo *r, uint32_t package);
int64_t repo_by(const struct repo *r, uint32_t package);
/* The SHA-256 of its RPM, in hex. */
void repo_sha256(const struct repo *r, uint32_t package, char out[SHA256_HEX + 1]);
/* The task that took a package away; 0 if it is present or was gone before the change. */
int64_t repo_gone_by(const struct repo *r, uint32_t package);
/* Whether it was there before the change began. */
bool repo_was_present(const struct repo *r, uint32_t package);
/* The present package of a name, or INDEX_NONE. */
uint32_t repo_find(const struct repo *r, const char *name);
uint32_t repo_find_key(const struct repo *r, const char *text);
/* A package's own lists; valid until something is added. */
const struct index_relation *repo_provides(const struct repo *r, const struct index_package *p);
const struct index_relation *repo_conflicts(const struct repo *r, const struct index_package *p);
const uint32_t *repo_requires(const struct repo *r, const struct index_package *p);

/* Going through a list that lies partly in the index: for (walk = ...; next(&walk);) */
struct repo_walk {
	const struct repo *r;
	uint32_t i, end;		/* in the index */
	uint32_t cell;			/* then in the chain */
	uint32_t value;			/* package or requirement */
	uint32_t version, flags;	/* providers */
};
/* Packages that provide a name, gone ones too. */
struct repo_walk repo_providers(const struct repo *r, uint32_t key);
bool repo_next_provider(struct repo_walk *w);
/* Requirements that speak of a name. */
struct repo_walk repo_askers(const struct repo *r, uint32_t key);
bool repo_next_asker(struct repo_walk *w);
/* Packages with a requirement, gone ones too. */
struct repo_walk repo_requirers(const struct repo *r, uint32_t requirement);
bool repo_next_requirer(struct repo_walk *w);
/* Packages of a name; of a source; gone ones too. */
struct repo_walk repo_named(const struct repo *r, uint32_t key);
bool repo_next_named(struct repo_walk *w);
struct repo_walk repo_of_source(const struct repo *r, uint32_t key);
bool repo_next_of_source(struct repo_walk *w);

/* Whether two ranges of versions overlap, by rpm's rule (rpmverOverlap). 0 or no comparison: any. */
bool repo_overlap(const struct repo *r, uint32_t version, uint32_t flags, uint32_t with_version, uint32_t with_flags);
/* How many present providers satisfy a requirement, counted anew; a rich one: 0 or 1. */
uint32_t repo_count(const struct repo *r, uint32_t requirement);
/* The count that is kept; a rich one that a change touched is looked at again. */
uint32_t repo_satisfied(const struct repo *r, uint32_t requirement);
/* Count everything anew, into the index too if it was just written: it is saved with its counts. */
void repo_count_all(struct repo *r);
/* Call fn with each name that a requirement speaks of, and its range. */
typedef void repo_name_fn(void *arg, uint32_t key, uint32_t version, uint32_t flags);
void repo_requirement_names(const struct repo *r, uint32_t requirement, repo_name_fn *fn, void *arg);
/* "name op evr", the rich expression, or "name@VERSION" of a symbol. */
void repo_requirement_text(const struct repo *r, uint32_t requirement, struct str *out);
/* "name-evr.arch". */
void repo_nevra(const struct repo *r, uint32_t package, struct str *out);

/* A new index of what is present. order (may be NULL) gets the number each of its packages had here; malloc'ed. */
int repo_reindex(const struct repo *r, struct index *out, uint32_t **order, struct err *err);

#endif
