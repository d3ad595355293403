/* One connection to the scheduler: a builder once it has said HELLO. */
#ifndef ARTEL_SCHEDULER_PEER_H
#define ARTEL_SCHEDULER_PEER_H

#include <stdbool.h>

#include "wire/conn.h"

struct loop_watch;
struct daemon;
struct host;

struct peer {
	struct conn conn;
	struct loop_watch *watch;
	struct daemon *daemon;		/* back pointer, for callbacks */
	int64_t since;			/* tick_ms() of the connection: HELLO has a deadline */
	int64_t heard;			/* of the last that came over it */
	struct host *host;		/* of the queue, once it has said HELLO as a builder */
	bool dead;			/* to be freed after this round */
	bool unsent;			/* is told something at the end of the round */
	bool waits_to_write;		/* what did not fit into the socket */
	bool enabled;			/* not drained, not disabled */
	bool late;			/* it has something to be read that no round had time for */
	char name[WIRE_NAME_MAX + 1];
	char origin[SHA256_HEX + 1];	/* see struct wire_hello */
	struct strs arches, features;
	int slots;
	uint64_t jobs;			/* JOB sent on this connection */
	int64_t memory;			/* bytes; 0: unknown */
};

enum { PEER_REFS_MAX = 4096 };

struct peer *peer_new(int fd);
void peer_free(struct peer *p);
/* It has missed heartbeats: its end of the connection may be gone. */
bool peer_quiet(const struct peer *p);
/*
 * Why a builder cannot be one of ours, malloc'ed; NULL: it can. `old` has its name now, or is NULL. Of two builders of
 * one name that both are heard of the first keeps it: if the newer one won they would drive each other out for ever,
 * and each time the jobs of one would be lost.
 */
char *peer_objection(const struct wire_hello *h, const struct peer *old);
/* Seconds that its clock is ahead of ours; 0 if it is not worth a word. Nothing but times in what it builds goes by it. */
int64_t peer_clock_off(const struct wire_hello *h);
void peer_refuse(struct peer *p, const char *why);
void peer_send_refs(struct peer *p, enum wire_type type, const struct wire_ref *refs, size_t n);

#endif
