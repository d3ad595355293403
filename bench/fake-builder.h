/*
 * Simulated builders, all in one process: their connections, their jobs, and what was seen. Time is that of
 * sample_now_ms().
 */
#ifndef ARTEL_BENCH_FAKE_BUILDER_H
#define ARTEL_BENCH_FAKE_BUILDER_H

#include <stdbool.h>

#include "bench/fake-job.h"
#include "bench/sample.h"
#include "wire/conn.h"

struct err;

struct fake_conf {
	const char *root, *prefix, *arches, *features;
	uint64_t memory;		/* bytes of each; 0: unknown */
	unsigned builders, slots;	/* slots of each */
	unsigned time_min, time_max;	/* ms that a job takes */
	unsigned fail, infra, vanish;	/* percent of the jobs */
	bool hold;			/* jobs are never answered */
	unsigned retry_ms;		/* between attempts to connect */
	unsigned seed;
	bool notes;			/* load.notes is wanted; the caller empties it */
};

/* Something to be told in a list: a job was given, or its result acknowledged. */
struct fake_note {
	struct wire_ref ref;
	unsigned builder;
	bool acked;
	enum wire_outcome outcome;	/* that was sent */
};

/* What one of them has been given and is not done with. */
struct fake_slot {
	struct wire_ref ref;		/* job 0: free */
	struct str result;		/* packed */
	enum wire_outcome outcome;	/* in it */
	bool due, sent;			/* the result may be sent; and was, at least once */
};

struct fake {
	struct conn conn;
	bool welcome;
	bool cut;			/* it goes away before anything else of it is sent */
	bool dirty;			/* it is in load.dirty */
	bool writing;			/* the loop waits for room */
	uint64_t jobs;			/* JOB read on this connection */
	double heard;
	struct { struct fake_slot *p; size_t n, cap; } slots;	/* as many as were ever used at once */
	struct { uint32_t *p; size_t n, cap; } idle;	/* those that are free, a stack */
	size_t cursor;			/* where the next acknowledged one is looked for: they come in order */
	unsigned open;			/* jobs that it has not answered */
	double *answered;		/* ring of conf.slots: when the results were sent that no job has followed yet */
	unsigned oldest, n_answered;
};

/* Since the start, or since load_split(). */
struct tally {
	uint64_t jobs, results, acks, cancels;
	double first, last;		/* JOB */
	struct samples turns;		/* ms from a RESULT to the JOB that came after it */
};

struct load {
	const struct fake_conf *conf;
	char origin[SHA256_HEX + 1];
	struct fake *fakes;
	int epoll;
	unsigned seed;
	double begin, welcomed;		/* welcomed: when all were for the first time; 0: not yet */
	double opened;			/* when the gate was; 0: not yet */
	uint64_t before_gate;		/* jobs until then */
	double next_try;		/* to connect */
	uint64_t beats;			/* of all, in turn: each has its own every two seconds */
	unsigned connected, welcome;	/* now */
	uint64_t lost;			/* connections that ended after a WELCOME */
	unsigned open;			/* jobs that are not answered */
	uint64_t in, out;		/* messages */
	uint64_t vanished, silent, refused, stray;
	uint64_t doubled, overbooked;	/* what must not be: an attempt given twice, more jobs than slots */
	struct { uint32_t *p; size_t n, cap; } attempts;	/* the highest seen, by job */
	struct { struct wire_ref *p; size_t n, cap; } given;	/* every JOB, and what was resumed */
	struct { struct fake_note *p; size_t n, cap; } notes;
	struct { struct turn *p; size_t n, cap; } heap;		/* what is due when, the next first */
	struct { uint32_t *p; size_t n, cap; } dirty;		/* builders with something to be sent */
	struct { struct wire_ref *p; size_t n, cap; } refs;	/* of the message that is made */
	struct str payload;					/* likewise */
	struct tally all, part;
};

int load_init(struct load *l, const struct fake_conf *conf, struct err *err);
void load_fini(struct load *l);
AUTO_DEFINE_EMBEDDED(struct load, load_fini);

/* Builder i works on this already, since before this process. */
int load_resume(struct load *l, unsigned i, const struct fake_job *j, struct err *err);
/* Connect who is not, wait for messages until something else is due, at most for wait_ms; take them, answer. */
int load_turn(struct load *l, double wait_ms, struct err *err);
/* Begin `part` anew. */
void load_split(struct load *l);

#endif
