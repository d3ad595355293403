/*
 * What the steps of inside.h share: the files of a job as they are seen from
 * inside, the cache, and the package's own fault.
 */
#ifndef ARTEL_BUILDER_STEP_H
#define ARTEL_BUILDER_STEP_H

#include "builder/inside.h"
#include "builder/pkgset.h"
#include "repo/state.h"

struct err;
struct facts;
struct str;

/* Paths inside; malloc'ed: a file of the job, and an artefact of the cache. */
char *step_path(const struct inside *in, const char *what);
char *step_cached(const char *sha256);

int step_write(const struct inside *in, const char *what, const struct str *data, struct err *err);
/* The package's own fault: said in the file `failed`, not as an error. 0, or -1. */
int step_failed(const struct inside *in, const char *why, struct err *err);

int step_read_set(const struct inside *in, const char *what, struct pkgset *out, struct err *err);
/* Sorts the set. */
int step_write_set(const struct inside *in, const char *what, struct pkgset *set, struct err *err);

/* The base state of the job, as it was published. */
int step_open_state(const struct inside *in, struct state *out, struct err *err);
/* The facts of an overlay's package; without its ELF files they are read sooner. */
int step_read_facts(const struct wire_file *f, bool elf, struct facts *out, struct err *err);

/*
 * Copy a file that strangers made, to a name that is free: only a regular file, and no link on the way to it from dir.
 * Open one likewise; `flags` O_DIRECTORY: a folder.
 */
int step_copy_out(int dir, const char *from, const char *to, struct err *err);
int step_open(int dir, const char *path, int flags, struct err *err);
/* Copy an artefact of the cache. */
int step_copy_cached(const char *sha256, const char *to, struct err *err);

#endif
