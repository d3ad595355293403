/* Take an existing rpm-md repository under management. */
#ifndef ARTEL_REPO_IMPORT_H
#define ARTEL_REPO_IMPORT_H

#include "base/map.h"
#include "repo/plan.h"
#include "repo/repo.h"
#include "repo/state.h"
#include "schema/repository.h"

struct err;
struct index_writer;
struct store;

/* Called after each package; may print. */
typedef void import_progress(void *arg, size_t done, size_t all);

/*
 * What is brought into a repository, until it is recorded: packages, where it has none yet, and source RPMs for the
 * sources that it has. A zeroed one may be given to import_fini().
 */
struct import {
	struct store *s;
	struct repository *repository;	/* the caller's */
	int64_t base;			/* the state that it is at; 0: it is not in the database yet */
	struct state *states;		/* one for each architecture, of what came */
	struct state_files *files;
	struct strs identities;		/* pairs of SHA-256 and identity */
	size_t packages;		/* that came */
	struct source_list sources;	/* of all packages */
	struct map by_name;		/* source -> its place there */
	struct map with_srpm;		/* sources that were given one */
	const char *also;		/* what else the journal says of it; NULL: nothing */
};
void import_fini(struct import *im);
AUTO_DEFINE_EMBEDDED(struct import, import_fini);

int import_begin(struct import *im, struct store *s, struct repository *repository, struct err *err);
/*
 * Take the packages of an rpm-md folder for one of its architectures. Every RPM is hashed, read and copied; the first that
 * does not fit the metadata, or is for another architecture, is an error. The repository must be empty.
 */
int import_packages(struct import *im, size_t arch, const char *dir, import_progress *progress, void *arg, struct err *err);

struct import_count {
	size_t taken, others;		/* others: of no source here, or of another version of one */
};
/*
 * Take source RPMs for sources that have none: of an rpm-md folder, or whatever is called *.src.rpm below a folder. One
 * belongs to the source of its name, version and release, and then says what its epoch is.
 */
int import_srpms(struct import *im, const char *dir, import_progress *progress, void *arg, struct import_count *n,
	struct err *err);
/* How many sources have no SRPM: they can be neither rebuilt nor copied. */
size_t import_sourceless(const struct import *im);
/*
 * Record all of it in one transaction: a new repository is state 1, packages that came make the next state. Before this
 * nothing but artefacts has been written.
 */
int import_end(struct import *im, struct err *err);

/* All of that for a new repository; dirs has one folder for each of its architectures, NULL where that begins empty. */
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
