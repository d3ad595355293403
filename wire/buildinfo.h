/*
 * What a build ran with, enough to run it again: written by a builder, kept as the artefact of an output of kind
 * buildroot. Lines of tab-separated words, the first names what follows:
 *
 *   buildinfo 1 | kind build | arch x86_64 | source SHA-256 FILE | epoch SECONDS | limits TEXT | network no
 *   jobs N | processors N | kernel RELEASE
 *   base SHA-256 NEVRA | package SHA-256 NEVRA          one a package: of the base root, and beyond it
 *
 * A text without the first line is what builders wrote earlier: "SHA-256<TAB>NEVRA", and only the packages are known.
 */
#ifndef ARTEL_WIRE_BUILDINFO_H
#define ARTEL_WIRE_BUILDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/hash.h"
#include "wire/job.h"
#include "wire/limits.h"

struct err;
struct str;

enum { BUILDINFO_VERSION = 1, BUILDINFO_MAX = 16 << 20 };

struct buildinfo {
	enum wire_job_kind kind;	/* 0: only the packages are known */
	char *arch;
	char *source, *source_name;	/* SHA-256 and file name: as in struct wire_job */
	int64_t source_date_epoch;
	struct limits limits;
	bool network;
	int jobs;			/* RPM_BUILD_NCPUS */
	int processors;			/* that the build could see */
	char *kernel;			/* its release */
	struct buildinfo_packages {
		struct buildinfo_package {
			char sha256[SHA256_HEX + 1];
			char *nevra;
			bool base;	/* was in the base root that the rest was installed on */
		} *p;
		size_t n, cap;
	} packages;
};
void buildinfo_fini(struct buildinfo *r);
AUTO_DEFINE_EMBEDDED(struct buildinfo, buildinfo_fini);

void buildinfo_add(struct buildinfo *r, const char *sha256, const char *nevra, bool base);
/* Append the text; texts of r may be NULL for "". */
void buildinfo_text(const struct buildinfo *r, struct str *out);
/* EBADMSG for what buildinfo_text() cannot have written. */
int buildinfo_parse(const char *text, struct buildinfo *out, struct err *err);

#endif
