/*
 * A repository's numbered states between the database, the disk and memory.
 * Prepare writes everything beside the old state; record makes it current in the
 * database, inside the caller's transaction; switch lets readers see it.
 *
 * What is saved is an index and the changes since it, both artefacts: a state
 * that differs little from one with an index of its own has only changes, so that
 * saving it costs what changed, and builders fetch the index once for many states.
 */
#ifndef ARTEL_REPO_STATE_H
#define ARTEL_REPO_STATE_H

#include <stdint.h>

#include "repo/plan.h"
#include "repo/publish.h"
#include "repo/repo.h"

struct err;
struct repository;
struct store;

/* A package that came since the index: its facts without the rpm-md records, packed. */
struct state_added {
	char *facts_sha;
	struct str facts;
};

struct state {
	struct repo repo;
	struct {
		struct state_added *p;
		size_t n, cap;
	} added;
	char index_sha[SHA256_HEX + 1];		/* "" if it has none yet */
};
void state_fini(struct state *st);
AUTO_DEFINE_EMBEDDED(struct state, state_fini);

/* The lock that whoever changes a repository's states holds, until *fd is closed. STATE_BUSY if another has it. */
enum { STATE_BUSY = 1 };
int state_lock(struct store *s, const char *repository, int *fd, struct err *err);

/* Load a state of one architecture: serial 0 is the empty one. */
int state_load(struct store *s, const char *repository, const char *arch, int64_t serial, struct state *out, struct err *err);
/* The same from open files: the index, and the changes since it (-1: none). */
int state_open(struct state *st, int index, int changes, struct err *err);
/* What was added by these changes, which are applied: to be saved with the state. */
void state_add(struct state *st, const struct change *const *changes, size_t n);

/* What has come and gone since its index, in the form that state_open() reads. */
void state_pack_changes(struct str *out, const struct state *st);

/* Changes beside an index after which the next state gets an index of its own. */
enum { STATE_MAX_CHANGES = 1024 };

/* What a recorded state published; STATE_FILE_ABSENT if there is no such state. Its cost is not kept. */
int state_published(struct store *s, const char *repository, const char *arch, int64_t serial, struct published *out,
	struct err *err);

struct state_files {
	struct published published;
	char index[SHA256_HEX + 1], changes[SHA256_HEX + 1];	/* changes "": none */
};
/*
 * Write the state that `st` has become. when: Unix seconds that its files carry. before: the serial whose
 * published files may be copied from, 0 for none.
 */
int state_prepare(struct store *s, const struct repository *repository, const char *arch, int64_t serial, int64_t before,
	int64_t when, struct state *st, struct state_files *out, struct err *err);
/* Name the files of the state, and make the packages numbered `first` and up members of it; in a transaction. */
int state_record(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, uint32_t first, const struct state_files *files, struct err *err);
/*
 * Make the index of the current state anew, from the facts of its packages, where the one that there is cannot
 * be read: it is of an older version, or damaged. *renewed: how many architectures.
 */
int state_renew(struct store *s, const struct repository *repository, size_t *renewed, struct err *err);
/* Let `latest` of every architecture follow the database; idempotent. */
int state_switch(struct store *s, const struct repository *repository, struct err *err);

#endif
