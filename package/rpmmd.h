/*
 * Reading rpm-md metadata: primary, filelists and other of a repository, package by package, as fast
 * as it can be decompressed. gzip, zstd, xz, bzip2 or plain, known by their first bytes.
 *
 * What createrepo_c and its like write is read: UTF-8, attributes in any order and either quotes,
 * the five entities and numbered ones, comments, CDATA. Prefixes are not resolved: an element is
 * known by its local name and where it stands. Elements and attributes that are not asked for are
 * passed over. Refused are document types, NUL bytes, tags that do not match, packages without name,
 * arch, version, pkgid or (in primary) location, and records over 256 MiB.
 */
#ifndef ARTEL_PACKAGE_RPMMD_H
#define ARTEL_PACKAGE_RPMMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "package/facts.h"

struct err;

struct rpmmd_dep {
	const char *name;		/* or the whole rich expression */
	const char *evr;		/* "epoch:version-release", an epoch of 0 left out; "" if none */
	uint32_t flags;			/* DEP_LESS, DEP_GREATER, DEP_EQUAL */
};

enum rpmmd_file_kind { RPMMD_FILE, RPMMD_DIR, RPMMD_GHOST };

struct rpmmd_file {
	const char *path;
	enum rpmmd_file_kind kind;
};

/* All of it is valid during the call only. Strings are "" where the file has none. */
struct rpmmd_package {
	const char *name, *arch;
	const char *epoch, *version, *release;	/* epoch "" if none or 0 */
	const char *sha256;		/* pkgid, as it is written */
	const char *href;		/* of the RPM; primary only */
	const char *source;		/* name of the source package, its own if it has none; primary only */
	struct {
		struct rpmmd_dep *p;
		size_t n, cap;
	} dep[DEP_KINDS];		/* primary only */
	struct {
		struct rpmmd_file *p;
		size_t n, cap;
	} files;			/* primary has some of them */
	const char *record;		/* "<package ...</package>" as it is written, with the newline after it, if any */
	size_t record_n;
};

/* A source package, with or without all of its sources. */
bool rpmmd_is_source(const struct rpmmd_package *p);

/* 0 to go on; -1 with err set to stop. */
typedef int rpmmd_fn(void *arg, const struct rpmmd_package *p, struct err *err);

enum rpmmd_kind { RPMMD_PRIMARY, RPMMD_FILELISTS, RPMMD_OTHER, RPMMD_KINDS };

/*
 * Call fn for every package, source packages too, in the order of the file. `dir` holds
 * repodata/repomd.xml. Packages come while the file is being read: that it is damaged (its SHA-256
 * is not what repomd.xml says) may show after the last of them, and ends with -1.
 */
int rpmmd_read(const char *dir, enum rpmmd_kind kind, rpmmd_fn *fn, void *arg, struct err *err);
int rpmmd_primary(const char *dir, rpmmd_fn *fn, void *arg, struct err *err);
int rpmmd_filelists(const char *dir, rpmmd_fn *fn, void *arg, struct err *err);
/* Only pkgid, name, arch, version and the record. */
int rpmmd_other(const char *dir, rpmmd_fn *fn, void *arg, struct err *err);

#endif
