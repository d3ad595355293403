/* The programs of a soak, and what happens to them: killed, stopped for some seconds, their clock set. */
#ifndef ARTEL_TESTS_SOAK_CREW_H
#define ARTEL_TESTS_SOAK_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/soak/soak.h"
#include "tests/soak/wrong.h"

enum { GANGS = 4, MEMBERS = GANGS + 1 };	/* processes of builders; the scheduler is the first member */

struct member {
	pid_t pid;		/* 0: it does not run */
	int64_t due;		/* tick_ms(): when it is started */
	bool killed;		/* by us */
};

struct crew {
	struct soak *k;
	const char *build;	/* the folder with the programs */
	struct wrongs *wrongs;
	struct member members[MEMBERS];
	volatile int64_t *clock;	/* seconds that the scheduler's is off */
	int64_t next;		/* tick_ms() of the next blow */
	unsigned notes;		/* files that builders were given to write */
	size_t kills_scheduler, kills_builders, stops, jumps;
};

void crew_start(struct crew *c, struct soak *k, const char *build, struct wrongs *w);
/* Start who is due, and strike now and then unless the soak is calm. A program that ends by itself is wrong. */
void crew_turn(struct crew *c);
/* End them in peace; one whose status tells of something is wrong. */
void crew_end(struct crew *c);

#endif
