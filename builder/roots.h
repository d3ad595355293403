/*
 * The base roots that a builder keeps below its state folder: roots/<id>/, by the
 * hash of its package set. Beside each is roots/<id>.lock: who uses a root holds it
 * with others, who makes or removes one holds it alone. Its time is that of the last use.
 */
#ifndef ARTEL_BUILDER_ROOTS_H
#define ARTEL_BUILDER_ROOTS_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/str.h"
#include "wire/message.h"

struct err;

enum { ROOTS_ID = WIRE_ROOT_ID, ROOTS_MAX = WIRE_ROOTS_MAX };

struct roots_id {
	char text[ROOTS_ID + 1];
};
/* Of a set's text. */
struct roots_id roots_id(const void *set, size_t n);
bool roots_valid(const char *id);

enum { ROOTS_ABSENT = 1, ROOTS_BUSY = 2 };
/*
 * Hold a root, from now until *held is closed: with others, to use it, ROOTS_ABSENT if it is not there; or alone, then
 * whether it is there or not. ROOTS_BUSY: it is held otherwise.
 */
int roots_use(int dir, const char *id, int *held, struct err *err);
int roots_hold(int dir, const char *id, int *held, struct err *err);

/* Which root such jobs had last; a guess, and nothing is held. roots_guess() gives "" where it knows none. */
void roots_remember(int dir, const char *repository, const char *arch, const char *id);
struct roots_id roots_guess(int dir, const char *repository, const char *arch);

/* Ids of those that are there, at most ROOTS_MAX; in order. */
int roots_list(int dir, struct strs *out, struct err *err);

#endif
