#include <string.h>

#include "base/alloc.h"
#include "base/map.h"

enum { ARENA_BLOCK = 256 * 1024 };

void
map_fini(struct map *m)
{
	char *block = m->arena;

	while (block) {
		char *older = *(char **)(void *)block;

		free(block);
		block = older;
	}
	free(m->slot);
	free(m->key);
	*m = (struct map){0};
}

/* Fowler-Noll-Vo 1a with a final mix; the keys are names, never an attacker's choice of slot order. */
static uint32_t
hash(const char *key)
{
	uint64_t h = 1469598103934665603u;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211u;
	h ^= h >> 32;
	return (uint32_t)(h * 0x9e3779b1u >> 3);
}

static size_t
probe(const struct map *m, const char *key, uint32_t h)
{
	size_t i = h & (m->n_slots - 1);

	while (m->slot[i] != MAP_NONE) {
		const struct map_key *k = &m->key[m->slot[i]];

		if (k->hash == h && strcmp(k->text, key) == 0)
			break;
		i = (i + 1) & (m->n_slots - 1);
	}
	return i;
}

static void
grow(struct map *m)
{
	size_t n = m->n_slots ? m->n_slots * 2 : 64;

	free(m->slot);
	m->slot = xcalloc(n, sizeof(*m->slot));
	memset(m->slot, 0xff, n * sizeof(*m->slot));
	m->n_slots = n;
	for (uint32_t k = 0; k < m->n; k++) {
		size_t i = m->key[k].hash & (n - 1);

		while (m->slot[i] != MAP_NONE)
			i = (i + 1) & (n - 1);
		m->slot[i] = k;
	}
}

static const char *
keep(struct map *m, const char *key)
{
	size_t n = strlen(key) + 1, size = n + sizeof(char *) > ARENA_BLOCK ? n + sizeof(char *) : ARENA_BLOCK;
	char *p;

	if (m->arena_left < n) {
		char *block = xcalloc(1, size);

		*(char **)(void *)block = m->arena;
		m->arena = block;
		m->arena_left = size - sizeof(char *);
	}
	/* Strings fill a block from its end, so that the block's start can hold the link. */
	p = m->arena + sizeof(char *) + m->arena_left - n;
	m->arena_left -= n;
	return memcpy(p, key, n);
}

uint32_t
map_find(const struct map *m, const char *key)
{
	return m->n_slots ? m->slot[probe(m, key, hash(key))] : MAP_NONE;
}

uint32_t
map_intern(struct map *m, const char *key)
{
	uint32_t h = hash(key);
	size_t i;

	if ((size_t)m->n * 2 >= m->n_slots)
		grow(m);
	i = probe(m, key, h);
	if (m->slot[i] != MAP_NONE)
		return m->slot[i];
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 32;
		m->key = xrealloc(m->key, m->cap * sizeof(*m->key));
	}
	m->key[m->n] = (struct map_key){keep(m, key), h, MAP_NONE};
	m->slot[i] = m->n;
	return m->n++;
}

uint32_t
map_get(const struct map *m, const char *key)
{
	uint32_t k = map_find(m, key);

	return k == MAP_NONE ? MAP_NONE : m->key[k].value;
}

void
map_set(struct map *m, const char *key, uint32_t value)
{
	uint32_t at = map_intern(m, key);	/* may move m->key */

	m->key[at].value = value;
}

bool
map_add(struct map *m, const char *key)
{
	uint32_t before = m->n;

	return map_intern(m, key) == before;
}
