/*
 * A repository state on disk, as rpm-md (createrepo_c's format): complete and
 * synced under its serial before anything points to it.
 *
 *   repo/<name>/<arch>/state/<serial>/repodata/     repomd.xml and what it names
 *   repo/<name>/<arch>/state/<serial>/Packages      -> ../../../pool
 *   repo/<name>/<arch>/latest                       -> state/<serial>
 *   repo/<name>/pool/<x>/<8 hex>/<file>.rpm         hard links into artefact/
 *
 * Each metadata file is a concatenation of members, each holding a run of
 * packages. What did not change since the state before is copied as it is, so
 * that a publish costs what changed, and the copying and hashing of the rest.
 * The bytes depend on the set of packages alone, not on what went before.
 */
#ifndef ARTEL_REPO_PUBLISH_H
#define ARTEL_REPO_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "repo/cost.h"
#include "repo/runs.h"

struct err;

const char *publish_kind_name(enum publish_kind k);

struct publish_package {
	const char *name;
	const char *file;		/* file name of the RPM */
	const char *sha256;		/* of the RPM, an artefact */
	const char *facts_sha;		/* artefact; asked for when no state before has its records */
};

/* A state as it was written. */
struct published {
	int64_t serial;
	struct sha256 file[PUBLISH_KINDS];	/* also artefacts: hard links */
	struct sha256 runs;			/* artefact: where whose records are in the files (repo/runs.h); "" if unknown */
	struct sha256 repomd;			/* not an artefact */
	struct publish_cost cost;
};

struct publish {
	int dir;			/* the farm's root */
	const char *repository, *arch;
	int64_t serial;
	int64_t when;			/* Unix seconds: the time that its files carry */
	const struct publish_package *p;	/* sorted by name, then sha256 (strcmp) */
	size_t n;
	const struct published *before;	/* the state it follows; NULL: none. serial, file and runs are looked at */
	enum publish_compression how;
	bool open_checksum;		/* also say the hashes of the texts: costs hashing them whole */
	const char *sign_key;		/* gpg's name of a key to sign repomd.xml with; NULL or "": unsigned */
	const char *sign_home;		/* gpg's folder; NULL: its default */
	unsigned threads;		/* 0: one a processor */
};

/*
 * Write the state beside the others; a leftover of an interrupted attempt is replaced. Its repodata also
 * keeps what the states of the last ten minutes had, for readers who hold an older repomd.xml.
 */
int publish_write(const struct publish *p, struct published *out, struct err *err);
/* Make it what readers see. */
int publish_switch(int dir, const char *repository, const char *arch, int64_t serial, struct err *err);
/* Remove a state that was never current. */
int publish_abandon(int dir, const char *repository, const char *arch, int64_t serial, struct err *err);

#endif
