/*
 * A repository's numbered states between the database, the disk and memory.
 * Prepare writes everything beside the old state; record makes it current in the
 * database, inside the caller's transaction; switch lets readers see it.
 */
#ifndef ARTEL_REPO_STATE_H
#define ARTEL_REPO_STATE_H

#include <stdint.h>

#include "repo/publish.h"
#include "repo/repo.h"

struct err;
struct repository;
struct store;

/* Load the current state of one architecture. */
int state_load(struct store *s, const struct repository *repository, const char *arch, struct repo *out, struct err *err);

/* What a recorded state published; STATE_FILE_ABSENT if there is no such state. Its cost is not kept. */
int state_published(struct store *s, const char *repository, const char *arch, int64_t serial, struct published *out,
	struct err *err);

struct state_files {
	struct published published;
	struct sha256 index;
};
int state_prepare(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, struct state_files *out, struct err *err);
/* Name the files of the state and give it the members that differ from the base; in a transaction. */
int state_record(struct store *s, const char *repository, const char *arch, int64_t serial,
	const struct repo *r, const struct state_files *files, struct err *err);
/* Let `latest` of every architecture follow the database; idempotent. */
int state_switch(struct store *s, const struct repository *repository, struct err *err);

#endif
