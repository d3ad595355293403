/*
 * What a builder keeps between jobs, below its state folder:
 *
 *   artefact/      packages, metadata, indices: fetched once by SHA-256
 *   roots/<hash>/  base roots, each the lower layer of many jobs' overlays
 *   job/<n>/       one running job
 */
#ifndef ARTEL_BUILDER_CACHE_H
#define ARTEL_BUILDER_CACHE_H

#include "builder/pkgset.h"
#include "wire/conn.h"

struct err;

struct cache {
	int dir;		/* the state folder, open */
	struct conn *conn;	/* an exchange; NULL: the farm is a folder on this host, see below */
	/* Make conn a new exchange after the old one broke; waits for a scheduler that is restarted. */
	int (*reopen)(void *arg, struct err *err);
	void *arg;
	int farm;		/* without an exchange: its folder, open, where artefacts are read */
	int out;		/* and one, open, where files are put by the last part of their names */
};

/* Have an artefact: fetched unless it is there. */
int cache_get(struct cache *c, const char *sha256, struct err *err);
int cache_get_set(struct cache *c, const struct pkgset *set, struct err *err);
/* Send (or put) a file of the state folder; *sha256 (malloc'ed) is its artefact. */
int cache_put(struct cache *c, const char *path, char **sha256, struct err *err);

#endif
