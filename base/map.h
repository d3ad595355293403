/*
 * The one hash map: string to number, open addressing, no removal. Keys are
 * copied into an arena and stay where they are for the map's life, so that an
 * interned string can be pointed to. Keys get dense indices in order of arrival.
 */
#ifndef ARTEL_BASE_MAP_H
#define ARTEL_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

#define MAP_NONE UINT32_MAX

struct map {
	uint32_t *slot;		/* index into key[], or MAP_NONE; a power of two of them */
	size_t n_slots;
	struct map_key {
		const char *text;
		uint32_t hash;
		uint32_t value;
	} *key;
	uint32_t n;		/* keys so far */
	uint32_t cap;
	char *arena;		/* newest block; its first word links to the one before */
	size_t arena_left;
};

void map_fini(struct map *m);
AUTO_DEFINE_EMBEDDED(struct map, map_fini);

/* The key's index, or MAP_NONE. */
uint32_t map_find(const struct map *m, const char *key);
/* The key's index, adding it (with value MAP_NONE) if it is new. */
uint32_t map_intern(struct map *m, const char *key);
/* The value stored with a key, or MAP_NONE. */
uint32_t map_get(const struct map *m, const char *key);
void map_set(struct map *m, const char *key, uint32_t value);
/* Add a key to a set; whether it was new. */
bool map_add(struct map *m, const char *key);

#endif
