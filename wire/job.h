/* What a builder is told of a job, and what it answers. */
#ifndef ARTEL_WIRE_JOB_H
#define ARTEL_WIRE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "wire/limits.h"
#include "wire/message.h"

struct err;

enum wire_job_kind { WIRE_JOB_SRPM = 1, WIRE_JOB_BUILD, WIRE_JOB_TEST };

/* A file by content. */
struct wire_file {
	char *sha256;
	char *name;		/* file name */
	char *facts;		/* artefact with an RPM's facts; "" for others */
	char *identity;		/* of an RPM that was built (package/facts.h); "": unknown */
};
struct wire_files {
	struct wire_file *p;
	size_t n, cap;
};
void wire_files_add(struct wire_files *f, const char *sha256, const char *name, const char *facts, const char *identity);

struct wire_job {
	struct wire_ref ref;
	enum wire_job_kind kind;
	char *label;			/* "#12.100 x86_64", for logs */
	char *arch;
	char *repository;
	int64_t task;
	/* The base state to solve against. */
	char *index, *changes;		/* artefacts: the saved repository and what changed since ("": nothing) */
	char *allow;			/* what checks tolerate (repo/finding.h) */
	char *sanity;			/* levels of the package checks that differ from the default */
	char *base_group;		/* what is always in a root, blank-separated */
	/* The task on top of it. */
	struct wire_files overlay;	/* RPMs of this architecture: the task's and what it depends on */
	size_t n_own;			/* how many of them, at the end, are the task's own */
	struct strs removed;		/* sources that are deleted or replaced */
	struct strs on_removed;		/* those of them that leave with what the task depends on */
	struct strs deletes, builds;	/* the task's own sources; test only */
	struct wire_files others;	/* noarch RPMs of the task that are others on another architecture; test only */
	struct strs other_arches;	/* which it is, one for each of them */
	/* What to build. */
	struct wire_file source;	/* SRPM job: a flat tar, its spec first, or an SRPM (by its name); build: the SRPM */
	int64_t source_date_epoch;	/* seconds */
	struct limits limits;
	bool network;			/* programs of the build may reach it */
	bool keep;			/* if it fails, its root stays on the builder */
};
void wire_job_fini(struct wire_job *j);
AUTO_DEFINE_EMBEDDED(struct wire_job, wire_job_fini);
void wire_job_pack(struct str *out, const struct wire_job *j);
int wire_job_unpack(const struct wire_frame *f, struct wire_job *j, struct err *err);

/* How a job ended. INFRA: the builder's or network's fault, may be tried elsewhere; FAILED: the package's. */
enum wire_outcome {
	WIRE_OK = 1,
	WIRE_FAILED,
	WIRE_INFRA,
	WIRE_NEEDS,	/* like FAILED, for want of a BuildRequires: another build of the task may yet give it */
};

struct wire_result {
	struct wire_ref ref;
	enum wire_outcome outcome;
	char *reason;			/* one line; "" when OK */
	struct strs notes;		/* lines for people: what a test repaired, what a plan removes */
	char *log;			/* artefact, zstd; "" if there is none */
	char *buildroot;		/* artefact: the package set; "" if there is none */
	char *root;			/* the base root it was in, by the hash of its set; "" */
	struct usage usage;
	struct wire_files files;	/* the SRPM or the RPMs */
	/* SRPM: for ordering the builds of a task, and for checks. */
	char *package, *evr;		/* source name; epoch:version-release */
	struct strs provides;		/* names that its binaries give */
	struct strs requires;		/* names that its build needs */
	struct strs exclusive, excluded;	/* architectures: only these (none: all), and not these */
	/* Test: sources whose requirements are unmet. */
	struct strs unmet;
};
void wire_result_fini(struct wire_result *r);
AUTO_DEFINE_EMBEDDED(struct wire_result, wire_result_fini);
void wire_result_pack(struct str *out, const struct wire_result *r);
int wire_result_unpack(const void *data, size_t n, struct wire_result *r, struct err *err);

#endif
