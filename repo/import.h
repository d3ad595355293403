/* Take an existing rpm-md repository under management. */
#ifndef ARTEL_REPO_IMPORT_H
#define ARTEL_REPO_IMPORT_H

#include "repo/repo.h"

struct err;
struct repository;
struct store;

/* Called after each package; may print. */
typedef void import_progress(void *arg, size_t done, size_t all);

/*
 * Create the repository with the packages of an rpm-md folder as state 1 of the architecture.
 * Every RPM is hashed and read; the first that does not fit the metadata ends it, and nothing has
 * changed. dir NULL: an empty state 1.
 */
int import_repository(struct store *s, struct repository *repository, const char *arch, const char *dir,
	import_progress *progress, void *arg, struct err *err);

/* Read an rpm-md folder's primary and filelists only, without its RPMs: for what-if checks. */
int import_metadata(const char *dir, struct repo *out, struct err *err);

#endif
