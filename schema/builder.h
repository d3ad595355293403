/* The builders that the farm has seen: what each offers, and whether it is to be given jobs. */
#ifndef ARTEL_SCHEMA_BUILDER_H
#define ARTEL_SCHEMA_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

struct err;
struct store;

/* Draining: what runs there ends there; disabled: it goes back to the queue at once. Neither gets new jobs. */
enum builder_mode { BUILDER_ENABLED, BUILDER_DRAINING, BUILDER_DISABLED, BUILDER_MODES };
const char *builder_mode_name(enum builder_mode m);

struct builder {
	char *name;
	char *arches, *features;	/* blank-separated */
	int slots;
	int64_t memory;			/* bytes for all its jobs; 0: unknown */
	bool online;			/* connected to the scheduler */
	int64_t seen;			/* ms: when it came or went last */
	enum builder_mode mode;
	char *why;			/* it is not enabled */
	int running;			/* jobs; of builder_find() only */
};
void builder_fini(struct builder *b);
AUTO_DEFINE_EMBEDDED(struct builder, builder_fini);

struct builder_list {
	struct builder *p;
	size_t n, cap;
};
void builder_list_fini(struct builder_list *l);
AUTO_DEFINE_EMBEDDED(struct builder_list, builder_list_fini);

/* By name. */
int builder_find(struct store *s, struct builder_list *out, struct err *err);
enum { BUILDER_ABSENT = 1 };
/* BUILDER_ABSENT (err says so) if there is none. */
int builder_get(struct store *s, const char *name, struct builder *out, struct err *err);
/* It said hello, with what it offers, or went away (b->online false). Its mode and why stay. One that goes after it was removed is gone. */
int builder_seen(struct store *s, const struct builder *b, struct err *err);
/* At the start of a scheduler: nobody is connected. */
int builder_all_offline(struct store *s, struct err *err);
int builder_set_mode(struct store *s, const char *name, enum builder_mode mode, const char *why, struct err *err);
/* Forget it; one that is connected must have been disabled first (EBUSY). */
int builder_remove(struct store *s, const char *name, struct err *err);

#endif
