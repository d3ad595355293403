/*
 * An annotated tag, the only thing that a gear subtask may name: read as its
 * raw bytes are, so that what is verified is what is used.
 */
#ifndef ARTEL_SOURCE_TAG_H
#define ARTEL_SOURCE_TAG_H

#include <stdint.h>

#include <git2.h>

#include "base/auto.h"
#include "base/str.h"

struct err;

enum { GIT_HEX = 40 };

AUTO_DEFINE(git_repository *, git_repository_free);

struct tag {
	char *name;			/* as inside the object; equals the ref's name */
	char id[GIT_HEX + 1];		/* the tag object */
	char commit[GIT_HEX + 1];	/* the commit it points to */
	char *tagger;			/* "Joe Hacker <joe@example.org>"; "" if absent */
	int64_t when;			/* tagger's date, Unix seconds; else the committer's */
	struct str payload;		/* the signed bytes: the object without its signature */
	struct str signature;		/* armoured, PGP or SSH; empty: unsigned */
};

void tag_fini(struct tag *t);
AUTO_DEFINE_EMBEDDED(struct tag, tag_fini);

/*
 * Open a repository of a user, who need not own it on disk. One clear error for what is
 * absent or is not a repository. The caller frees *repo.
 */
int tag_repository(const char *path, git_repository **repo, struct err *err);

enum { TAG_ABSENT = 1 };

/*
 * Read refs/tags/NAME. TAG_ABSENT (err says so too) if there is none; an error if the name is
 * malformed, it is a lightweight tag, the name inside differs from the ref's, or it points
 * to something other than a commit.
 */
int tag_read(git_repository *repo, const char *name, struct tag *out, struct err *err);

/* The same of a tag object that no ref of the repository has. */
int tag_read_object(git_repository *repo, const char *name, const git_oid *id, struct tag *out, struct err *err);

/* The raw bytes of a tag object; pure. The id stays empty, and without a tagger tagger is NULL and when 0. */
int tag_parse(const void *raw, size_t n, struct tag *out, struct err *err);

#endif
