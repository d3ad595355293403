/*
 * Lanes: jobs that need the same of a builder, and where there is room for them. And lines: an owner's jobs of one class
 * in a lane, by submission.
 */
#ifndef ARTEL_QUEUE_LANE_H
#define ARTEL_QUEUE_LANE_H

#include "queue/fleet.h"
#include "queue/heap.h"

/* A kind of builders that may run the jobs of a lane. */
struct fit {
	const struct kind *kind;
	int64_t need;			/* bytes that must be free */
	bool whole;			/* more than it has is asked for, but nobody has more: it must be empty */
};

struct lane {
	char *repository;
	struct strs arches, features;	/* sorted */
	int64_t memory;			/* bytes; counted as */
	char *root;			/* where its jobs ran last; "" unknown */
	struct heap turn[QUEUE_CLASSES];	/* struct line, by share.h; those of owners who may start one more */
	double virtual;			/* ms over weight: the greatest tag that a job of it started with */
	VEC(struct fit) fits;
	unsigned generation;		/* of the fleet that fits is of */
	struct host *kept;		/* for it, and in no tree; NULL: none */
};

struct line {
	struct owner *owner;
	struct lane *lane;
	struct line *next;		/* of the owner */
	struct heap jobs;		/* struct live, not empty when it stands in lane.turn */
	double finish;			/* what the account would be if the owner had no other line */
	size_t at;			/* in lane.turn */
	bool standing;
	uint8_t class;
};

extern const struct heap_order lane_jobs;	/* of line.jobs */

struct lane *lane_new(const char *repository, const char **arches, size_t n_arches, const char **features, size_t n_features,
	int64_t memory);
void lane_free(struct lane *l);

/* Work out fits again if the fleet has other kinds now. */
void lane_refresh(struct lane *l, const struct fleet *f);
/* Whether builders of this kind could run its jobs, if they had the memory. */
bool lane_suits(const struct lane *l, const struct kind *k);
/* How it fits builders of this kind; NULL: not at all. */
const struct fit *lane_fit(const struct lane *l, const struct kind *k);
/* The emptiest open builder with room for a job of it, other than `except`; NULL: none. */
struct host *lane_host(const struct lane *l, const struct host *except);
/* The same; but rather one of the emptiest few that has its root, if there is such. */
struct host *lane_warm_host(const struct lane *l, const struct host *except, bool *warm);
/* Open builders that could run its jobs, busy or not, other than `except`. */
size_t lane_open(const struct lane *l, const struct host *except);

#endif
