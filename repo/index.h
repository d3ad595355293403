/*
 * The index: a repository of one architecture as flat arrays, written once and
 * mapped. Texts, names, versions and requirements are interned and known by
 * number; lists are runs of an array. Nothing in it is ever changed: what comes
 * and goes lies beside it, in struct repo.
 *
 * A name ("key") is whatever can be required: a capability, a path, or, behind
 * the byte INDEX_SYMBOL, an ELF symbol. Of the file paths only those that something
 * requires are names; all others are known by their hash.
 */
#ifndef ARTEL_REPO_INDEX_H
#define ARTEL_REPO_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct err;
struct str;

enum { INDEX_VERSION = 3, INDEX_SYMBOL = 1 };
#define INDEX_NONE UINT32_MAX

/* A run of another array. */
struct index_run {
	uint32_t at, n;
};

struct index_package {
	uint32_t name, source;		/* keys */
	uint32_t evr;			/* version */
	uint32_t arch, file;		/* text */
	uint32_t next_named, next_of_source;	/* packages with the same, or INDEX_NONE */
	struct index_run provides;	/* of provides; wanted paths among them */
	struct index_run requires;	/* of requires */
	struct index_run conflicts;	/* of conflicts */
	uint32_t elf_known;		/* 0: what its ELF files define was never looked at */
};

struct index_hashes {
	unsigned char rpm[32];
	unsigned char facts[32];	/* zeros: there are none */
};

/* What a package provides, or conflicts with or obsoletes. flags: DEP_LESS, DEP_GREATER, DEP_EQUAL. */
struct index_relation {
	uint32_t key, version, flags;
};
#define RELATION_FILE (1u << 31)	/* not said by the package: it has a file of that path */
#define RELATION_OBSOLETES (1u << 30)	/* of conflicts: it takes the place of packages of that name */

struct index_key {
	uint32_t text, hash;
	uint32_t named, of_source;	/* first package of that name, of that source, or INDEX_NONE */
	struct index_run providers;	/* of providers */
	struct index_run askers;	/* of askers: requirements that speak of it */
	uint32_t wanted_path;		/* 1: every package with this file is among the providers */
};

struct index_provider {
	uint32_t package, version, flags;
};

struct index_requirement {
	uint32_t key, version, flags;
	uint32_t rich;			/* 1 + its node in rich; 0: simple */
	struct index_run requirers;	/* of requirers */
};

/* A version; 0 is none. v and r are texts in normal form (package/version.h), r 0 without release. */
struct index_version {
	uint32_t text, hash, epoch, v, r;
};

/* A node of a rich dependency. */
struct index_rich {
	uint32_t op;			/* enum rich_op */
	uint32_t key, version, flags;	/* RICH_SIMPLE */
	struct index_run children;	/* of rich_children */
};

/* A file of a package. */
struct index_path {
	uint64_t hash;
	uint32_t package;
	uint32_t print;			/* PRINT_*, or a hash of kind and content */
};
enum { PRINT_FREE, PRINT_FOLDER, PRINT_UNKNOWN, PRINT_FIRST };	/* FREE: a ghost, conflicts with nothing */

#define INDEX_SECTIONS(X)			\
	X(text, char)				\
	X(packages, struct index_package)	\
	X(hashes, struct index_hashes)		\
	X(provides, struct index_relation)	\
	X(requires, uint32_t)			\
	X(conflicts, struct index_relation)	\
	X(keys, struct index_key)		\
	X(key_slots, uint32_t)			\
	X(providers, struct index_provider)	\
	X(askers, uint32_t)			\
	X(requirements, struct index_requirement) \
	X(requirement_slots, uint32_t)		\
	X(requirers, uint32_t)			\
	X(satisfied, uint32_t)			\
	X(versions, struct index_version)	\
	X(version_slots, uint32_t)		\
	X(rich, struct index_rich)		\
	X(rich_children, uint32_t)		\
	X(wanted, struct index_path)		\
	X(paths, struct index_path)		\
	X(path_starts, uint32_t)

struct index {
#define MEMBER(name, type) const type *name; size_t n_##name;
	INDEX_SECTIONS(MEMBER)
#undef MEMBER
	void *memory;
	size_t size;
	bool mapped;			/* munmap, not free */
};
void index_fini(struct index *x);
AUTO_DEFINE_EMBEDDED(struct index, index_fini);

enum index_section {
#define SECTION(name, type) INDEX_SECTION_##name,
	INDEX_SECTIONS(SECTION)
#undef SECTION
	INDEX_SECTION_COUNT
};
/* The sections in their order, borrowed. */
struct index_image {
	struct {
		const void *p;
		size_t n;		/* elements */
	} part[INDEX_SECTION_COUNT];
};
/* Lay them out in one piece of memory: what is saved, and what is used. */
int index_join(const struct index_image *image, struct index *out, struct err *err);
/* Take over malloc'ed memory in the saved form. -1 if it is none: sections that do not fit. */
int index_take(struct index *x, void *memory, size_t size, struct err *err);
/* Map a saved one. What it says is believed: it is known by its SHA-256. */
int index_map(struct index *x, int fd, struct err *err);
/* Every number in it within its array: for one whose origin is in doubt. */
int index_verify(const struct index *x, struct err *err);

/* Look up; INDEX_NONE if there is none. */
uint32_t index_key(const struct index *x, const char *text, uint32_t hash);
uint32_t index_version(const struct index *x, const char *text, uint32_t hash);
uint32_t index_requirement(const struct index *x, uint32_t key, uint32_t version, uint32_t flags);
/* The first file with a hash not below; look on while the hash is the same. */
size_t index_path_at(const struct index *x, uint64_t hash);

/* Hashes as they are stored. */
uint32_t index_text_hash(const char *text);
uint32_t index_triple_hash(uint32_t key, uint32_t version, uint32_t flags);
uint64_t index_path_hash(const char *path, size_t n);
uint32_t index_print_hash(uint32_t kind, uint64_t size, const char *content);
/* 64 hex digits as bytes; anything else is zeros. */
void index_hash(unsigned char out[32], const char *hex);
/* Slots of an open-addressing table for n entries: a power of two, at most half full. */
size_t index_slots(size_t n);
/* How many bits of a path's hash name its entry in path_starts. */
unsigned index_path_bits(size_t n);

#endif
