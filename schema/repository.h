/* Repositories: their states, and which packages are in them. */
#ifndef ARTEL_SCHEMA_REPOSITORY_H
#define ARTEL_SCHEMA_REPOSITORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"

struct err;
struct store;

enum { REPOSITORY_ABSENT = 1, SOURCE_ABSENT = 1, STATE_FILE_ABSENT = 1 };

struct repository {
	char *name;
	int64_t serial;
	char *base_group;		/* blank-separated */
	bool accept_unsigned;
	bool zstd;			/* its metadata: zstd, not gzip */
	char *sign_key;			/* gpg's name of the key that signs repomd.xml; "" unsigned */
	int64_t keep_states;		/* how many gc leaves */
	char *allow;			/* what checks tolerate (repo/finding.h) */
	char *limits;			/* of its jobs, beside the scheduler's (wire/limits.h) */
	bool network;			/* its builds may reach the network */
	char *sanity;			/* levels of package checks that differ from the default */
	bool closed;			/* packages without a list may be changed by administrators only */
	bool no_new_owner;		/* who brings a new package does not get to lead its list */
	struct strs arches;
};
void repository_fini(struct repository *r);
AUTO_DEFINE_EMBEDDED(struct repository, repository_fini);

/* REPOSITORY_ABSENT (err names those there are) if there is none. */
int repository_get(struct store *s, const char *name, struct repository *out, struct err *err);
int repository_names(struct store *s, struct strs *out, struct err *err);
int repository_add(struct store *s, const struct repository *r, struct err *err);
/* Store its settings; what: which one was set to what, for the journal. */
int repository_save(struct store *s, const struct repository *r, const char *what, struct err *err);

/* A binary package as the database knows it; the rest is in its facts. */
struct member {
	char *sha256, *file, *name, *evr, *arch, *source, *facts;
	char *identity;		/* only package_put() looks at it; NULL: unknown */
};
struct member_list {
	struct member *p;
	size_t n, cap;
};
void member_fini(struct member *m);
AUTO_DEFINE_EMBEDDED(struct member, member_fini);
void member_list_fini(struct member_list *l);
AUTO_DEFINE_EMBEDDED(struct member_list, member_list_fini);

/* Remember a package by content; known already is fine. */
int package_put(struct store *s, const struct member *m, struct err *err);
/* Its identity (package/identity.h), where that was not known. */
int package_identify(struct store *s, const char *sha256, const char *identity, struct err *err);
/* Current members of one architecture, by name; of one source if source is not NULL. */
int member_find(struct store *s, const char *repository, const char *arch, const char *source,
	struct member_list *out, struct err *err);
/* The current member of a source with this identity: only sha256, file and facts are filled. MEMBER_ABSENT. */
enum { MEMBER_ABSENT = 1 };
int member_like(struct store *s, const char *repository, const char *arch, const char *source, const char *identity,
	struct member *out, struct err *err);
/* One that left with the same serial has not left. */
int member_add(struct store *s, const char *repository, const char *arch, const char *sha256,
	const char *source, int64_t since, struct err *err);
/* The binaries of a source leave an architecture with serial `until`. */
int member_close(struct store *s, const char *repository, const char *arch, const char *source, int64_t until,
	struct err *err);

struct source {
	char *name, *evr, *srpm, *srpm_file;	/* srpm: "" when imported without */
	int64_t task;				/* 0: imported */
};
void source_fini(struct source *s);
AUTO_DEFINE_EMBEDDED(struct source, source_fini);

struct source_list {
	struct source *p;
	size_t n, cap;
};
void source_list_fini(struct source_list *l);
AUTO_DEFINE_EMBEDDED(struct source_list, source_list_fini);

/* SOURCE_ABSENT if the repository has no such source now. */
int source_get(struct store *s, const char *repository, const char *name, struct source *out, struct err *err);
int source_add(struct store *s, const char *repository, const struct source *src, int64_t since, struct err *err);
/* All that it has now, by name. */
int source_find(struct store *s, const char *repository, struct source_list *out, struct err *err);
/* The SRPM of a current source that was imported without one, and the EVR that it says; no other source is changed. */
int source_set_srpm(struct store *s, const char *repository, const struct source *src, struct err *err);
int source_close(struct store *s, const char *repository, const char *name, int64_t until, struct err *err);

/* What was in state `to` is in state `serial` again, and what came since is not; in a transaction. */
int repository_back(struct store *s, const char *name, int64_t to, int64_t serial, struct err *err);
int repository_set_serial(struct store *s, const char *name, int64_t serial, struct err *err);

/* kind: primary, filelists, other, runs, repomd, index, changes. STATE_FILE_ABSENT if that state has none. */
int state_file_put(struct store *s, const char *repository, int64_t serial, const char *arch,
	const char *kind, const char *sha256, struct err *err);
int state_file_drop(struct store *s, const char *repository, int64_t serial, const char *arch,
	const char *kind, struct err *err);
int state_file_get(struct store *s, const char *repository, int64_t serial, const char *arch,
	const char *kind, char **sha256, struct err *err);

#endif
