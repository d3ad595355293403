/* Jobs, and what they made and used. */
#ifndef ARTEL_SCHEMA_BUILD_H
#define ARTEL_SCHEMA_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/str.h"

struct err;
struct store;

enum job_kind { JOB_SRPM, JOB_BUILD, JOB_TEST, JOB_KINDS };
enum job_state { JOB_WAITING, JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_STATES };

struct job {
	int64_t id;
	int64_t task;
	int subtask;		/* 0: the whole task */
	char *arch;		/* "" where it does not matter */
	enum job_kind kind;
	enum job_state state;
	int attempt;		/* counts every start; a result with another number is refused */
	int tries;		/* infrastructure failures */
	char *builder;
	int64_t lease;		/* ms */
	int64_t not_before;
	int64_t queued, started, finished;
	char *reason;
	char *log;		/* artefact */
	struct str result;	/* srpm: packed names */
	char *root;		/* the base root that it ran in; "" */
	struct used {
		int64_t elapsed_ms, cpu_ms, memory, disk;	/* bytes at the peak; 0: not measured */
	} used;
};

void job_fini(struct job *j);
AUTO_DEFINE_EMBEDDED(struct job, job_fini);

struct job_list {
	struct job *p;
	size_t n, cap;
};
void job_list_fini(struct job_list *l);
AUTO_DEFINE_EMBEDDED(struct job_list, job_list_fini);

const char *job_kind_name(enum job_kind k);
/* By the name that is stored; the last one for what is none. */
enum job_kind job_kind_find(const char *name);
const char *job_state_name(enum job_state s);

/* How long a job of so many infrastructure failures waits at most; a not_before beyond is of a clock that was set otherwise. */
int64_t job_backoff_ms(int tries);

enum { JOB_ABSENT = 1 };
int job_get(struct store *s, int64_t id, struct job *out, struct err *err);
/* What must be known of a job to hand it out, in one statement. */
struct job_brief {
	int64_t task, base;
	int subtask;
	char *arch;
	enum job_kind kind;
	char *repository;
	bool keep_root;
	char *package;		/* source; "" for a test, or not known */
	bool from_tag;		/* the subtask is of a tag: its tree is packed */
	char *srpm, *srpm_file, *tree;
	int64_t epoch_s;
	char *limits;		/* what the package needs (schema/needs.h); "" */
	struct used peak;	/* the most of each that usage_add() remembers; 0: not known */
	bool layered;		/* the task deletes, has packages already, or is built on others */
};
void job_brief_fini(struct job_brief *b);
AUTO_DEFINE_EMBEDDED(struct job_brief, job_brief_fini);
/* JOB_ABSENT: it is not queued, or its task is not BUILDING any more, or held; the queue in memory may lag behind. */
int job_brief(struct store *s, int64_t id, struct job_brief *out, struct err *err);
/* Architectures of which a test of the task was started. */
int job_tests_started(struct store *s, int64_t task, struct strs *arches, struct err *err);
/* All jobs of a task's current iteration, in order of their ids. */
int job_of_task(struct store *s, int64_t task, struct job_list *out, struct err *err);
/* Every job that is waiting, queued or running, oldest first. */
int job_open(struct store *s, struct job_list *out, struct err *err);
/* Insert; *id is its number. state is waiting or queued. */
int job_add(struct store *s, const struct job *j, int64_t *id, struct err *err);
/* Store everything but the names; appends no event. */
int job_save(struct store *s, const struct job *j, struct err *err);
int job_needs_add(struct store *s, int64_t job, int64_t needs, struct err *err);
/* Waiting jobs all of whose needs are done. */
int job_ready(struct store *s, int64_t task, struct job_list *out, struct err *err);
/* The same, of those that need this job. */
int job_freed(struct store *s, int64_t by, struct job_list *out, struct err *err);
/* Whether the task has other jobs of the same kind and architecture that are queued or running. */
int job_peers(struct store *s, int64_t task, int64_t job, bool *more, struct err *err);
/* End the open jobs of a task as cancelled; appends no event. */
int job_close(struct store *s, int64_t task, struct err *err);
/* Drop the jobs and outputs of a task before a new iteration; running ones must have been cancelled. */
int job_forget(struct store *s, int64_t task, struct err *err);

struct output {
	int subtask;
	char *arch;		/* of the job; "" for the SRPM */
	char *kind;		/* srpm, rpm, buildroot */
	char *file;
	char *sha256;
	char *facts;		/* rpm: artefact */
	char *identity;		/* rpm: package/facts.h; "" unknown */
	bool kept;		/* rpm: sha256 is that of the package that the repository had, of the same identity */
};
struct output_list {
	struct output *p;
	size_t n, cap;
};
void output_list_fini(struct output_list *l);
AUTO_DEFINE_EMBEDDED(struct output_list, output_list_fini);

int output_add(struct store *s, int64_t task, const struct output *o, struct err *err);
int output_find(struct store *s, int64_t task, struct output_list *out, struct err *err);

/* What a job of a source that succeeded has used; the last five are remembered. */
int usage_add(struct store *s, const char *package, const struct job *j, struct err *err);

#endif
