/* Take an existing rpm-md repository under management. */
#ifndef ARTEL_REPO_IMPORT_H
#define ARTEL_REPO_IMPORT_H

#include "repo/plan.h"
#include "repo/repo.h"

struct err;
struct index_writer;
struct repository;
struct store;

/* Called after each package; may print. */
typedef void import_progress(void *arg, size_t done, size_t all);

/*
 * Create the repository with the packages of rpm-md folders as state 1: dirs has one for each of its architectures,
 * NULL where that begins empty. Every RPM is hashed and read; the first that does not fit the metadata ends it, and
 * nothing has changed.
 */
int import_repository(struct store *s, struct repository *repository, const char *const *dirs, import_progress *progress,
	void *arg, struct err *err);

/*
 * Read the metadata of rpm-md folders, without their RPMs, as one repository: for what-if checks.
 * all_files: with conflicts and every path, for trying changes; otherwise only what a check of the
 * whole needs, which is much less. Its counts are not filled in: repo_count_all().
 */
int import_metadata(const char *const *dirs, size_t n, bool all_files, struct repo *out, struct err *err);
/* The first half of that: all but making the index. w is an empty one; after an error it has to be given back too. */
int import_read(const char *const *dirs, size_t n, bool all_files, struct index_writer *w, struct err *err);
/* Packages of an rpm-md folder as what a task would bring: their sources count as built. */
int import_change(const char *dir, struct change *out, struct err *err);

#endif
