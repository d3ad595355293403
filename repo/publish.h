/*
 * A repository state on disk, as rpm-md (createrepo_c's format): complete and
 * synced under its serial before anything points to it.
 *
 *   repo/<name>/<arch>/state/<serial>/repodata/     repomd.xml and what it names
 *   repo/<name>/<arch>/state/<serial>/Packages      -> ../../../pool
 *   repo/<name>/<arch>/latest                       -> state/<serial>
 *   repo/<name>/pool/<x>/<8 hex>/<file>.rpm         hard links into artefact/
 *
 * Each metadata file is a concatenation of gzip members, each holding a run of
 * packages; readers see one stream (RFC 1952, section 2.2).
 */
#ifndef ARTEL_REPO_PUBLISH_H
#define ARTEL_REPO_PUBLISH_H

#include <stdint.h>

#include "base/hash.h"
#include "repo/repo.h"

struct err;

enum publish_kind { PUBLISH_PRIMARY, PUBLISH_FILELISTS, PUBLISH_OTHER, PUBLISH_KINDS };
const char *publish_kind_name(enum publish_kind k);

struct published {
	struct sha256 file[PUBLISH_KINDS];	/* also artefacts */
};

/*
 * Write the state beside the others. dir: the farm's root. when: Unix seconds, the time that
 * its files carry. A leftover of an interrupted attempt is replaced.
 */
int publish_write(int dir, const char *repository, const char *arch, int64_t serial, int64_t when,
	const struct repo *r, struct published *out, struct err *err);
/* Make it what readers see. */
int publish_switch(int dir, const char *repository, const char *arch, int64_t serial, struct err *err);
/* Remove a state that was never current. */
int publish_abandon(int dir, const char *repository, const char *arch, int64_t serial, struct err *err);

#endif
