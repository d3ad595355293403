/*
 * The git repository of record of each source package, ROOT/git/<x>/<source>.git:
 * refs/heads/<repository> is what is published there (moved only by the merger),
 * refs/tags/<name> the tags that were merged, refs/task/<task>/<subtask> what
 * waits. Bare; made on first use.
 */
#ifndef ARTEL_SOURCE_RECORD_H
#define ARTEL_SOURCE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <git2.h>

#include "source/tag.h"

struct err;

/* Open the record of a source package under the farm's root; made if `make`. RECORD_ABSENT if not there. */
enum { RECORD_ABSENT = 1 };
int record_open(const char *root, const char *source, bool make, git_repository **repo, struct err *err);

/* Copy the tag object and all it needs from a user's repository to refs/task/TASK/SUBTASK (subtask in octal). */
int record_take(git_repository *record, const char *from_path, const struct tag *tag,
	int64_t task, int subtask, struct err *err);
/* Drop every refs/task/TASK/... ; absent is fine. */
int record_release(git_repository *record, int64_t task, struct err *err);

/* The head commit of the branch named as the repository: 0 and hex, or RECORD_ABSENT. */
int record_head(git_repository *record, const char *repository, char hex[GIT_HEX + 1], struct err *err);

/* May the tag name be used: RECORD_CONFLICT if the record has this name with another id. */
enum { RECORD_CONFLICT = 2 };
int record_check_tag(git_repository *record, const struct tag *tag, struct err *err);

/* Publish: set refs/heads/REPOSITORY to the commit and refs/tags/NAME to the tag object. Idempotent. */
int record_publish(git_repository *record, const char *repository, const char *tag_name,
	const char *tag_id, const char *commit, struct err *err);

#endif
