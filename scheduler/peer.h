/* One connection to the scheduler: a builder once it has said HELLO. */
#ifndef ARTEL_SCHEDULER_PEER_H
#define ARTEL_SCHEDULER_PEER_H

#include <stdbool.h>

#include "wire/conn.h"

struct loop_watch;
struct daemon;

struct peer {
	struct conn conn;
	struct loop_watch *watch;
	struct daemon *daemon;		/* back pointer, for callbacks */
	int64_t since;			/* tick_ms() of the connection: HELLO has a deadline */
	bool hello;			/* said, as a builder */
	bool dead;			/* to be freed after this round */
	char name[WIRE_NAME_MAX + 1];
	struct strs arches;
	struct strs roots;		/* ids of base roots that it has */
	int slots;
	int busy;			/* jobs handed to it that have not ended */
};

struct peer *peer_new(int fd);
void peer_free(struct peer *p);
void peer_refuse(struct peer *p, const char *why);
void peer_send_refs(struct peer *p, enum wire_type type, const struct wire_ref *refs, size_t n);

#endif
