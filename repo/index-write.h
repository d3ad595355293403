/*
 * Making an index: packages one after another, each followed by what it
 * provides, requires, conflicts with and contains; then index_write(). A zeroed
 * writer is an empty one.
 */
#ifndef ARTEL_REPO_INDEX_WRITE_H
#define ARTEL_REPO_INDEX_WRITE_H

#include "base/str.h"
#include "base/vec.h"
#include "repo/index.h"

struct dep;
struct rich;

struct slots {
	uint32_t *p;
	size_t n;
};

struct index_writer {
	struct str text;
	VEC(struct index_package) packages;
	VEC(struct index_hashes) hashes;
	VEC(struct index_relation) provides;
	VEC(uint32_t) requires;
	VEC(struct index_relation) conflicts;
	VEC(struct index_key) keys;
	VEC(struct index_requirement) requirements;
	VEC(struct index_version) versions;
	VEC(struct index_rich) rich;
	VEC(uint32_t) rich_children;
	VEC(struct index_path) paths;
	struct slots key_slots, requirement_slots, version_slots;
};
void index_writer_fini(struct index_writer *w);
AUTO_DEFINE_EMBEDDED(struct index_writer, index_writer_fini);

struct index_names {
	const char *name, *source, *evr, *arch, *file;
	const char *sha256, *facts_sha;		/* "" if unknown */
};
uint32_t index_add_package(struct index_writer *w, const struct index_names *names);
/* All of these speak of the package added last. evr "": any. */
void index_add_provide(struct index_writer *w, const char *name, const char *evr, uint32_t flags);
void index_add_require(struct index_writer *w, const char *name, const char *evr, uint32_t flags);
void index_add_conflict(struct index_writer *w, const char *name, const char *evr, uint32_t flags);
void index_add_path(struct index_writer *w, uint32_t package, uint64_t hash, uint32_t print);
/* The number of a name that was added, or INDEX_NONE. */
uint32_t index_writer_key(const struct index_writer *w, const char *text);

/*
 * The index of all that was added; the writer is empty then. Its `satisfied` are
 * zeros: repo_count() fills them.
 */
int index_write(struct index_writer *w, struct index *out, struct err *err);

/* A file's fingerprint: of its kind, size and content (RPM's rule of what is the same file). */
struct fact_file;
uint32_t index_print(const struct fact_file *file);

#endif
