/*
 * The saved form: a head of magic, version and section sizes, then the sections,
 * each on an 8-byte boundary. Numbers are in the machine's own order, which the
 * magic tells; farms keep the index of a machine, not an exchange format.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "repo/index.h"

enum { MAX_DEPTH = 128 };
#define MAGIC 0x78646e6c65747261u	/* "artelndx" */

struct head {
	uint64_t magic;
	uint64_t version;
	uint64_t count[INDEX_SECTION_COUNT];	/* elements */
};

_Static_assert(sizeof(struct index_path) == 16 && sizeof(struct index_hashes) == 64, "no padding");

void
index_fini(struct index *x)
{
	if (x->mapped)
		munmap(x->memory, x->size);
	else
		free(x->memory);
	*x = (struct index){0};
}

static int
place(struct index *x, struct err *err)
{
	const struct head *h = x->memory;
	size_t at = sizeof(*h);

	if (x->size < sizeof(*h) || h->magic != MAGIC)
		return err_set(err, EBADMSG, "saved index: not one of this machine");
	if (h->version != INDEX_VERSION)
		return err_set(err, EPROTO, "saved index: of version %llu, this program knows %d",
		    (unsigned long long)h->version, (int)INDEX_VERSION);
#define PLACE(name, type) do {									\
	uint64_t n = h->count[INDEX_SECTION_##name];							\
	if (n > UINT32_MAX || n * sizeof(type) > x->size - at)					\
		return err_set(err, EBADMSG, "saved index: shorter than it says");		\
	x->name = (const type *)(const void *)((const char *)x->memory + at);			\
	x->n_##name = n;									\
	at += (n * sizeof(type) + 7) & ~(size_t)7;						\
	at = at > x->size ? x->size : at;							\
} while (0);
	INDEX_SECTIONS(PLACE)
#undef PLACE
	if (at != x->size || !x->n_text || x->text[x->n_text - 1])
		return err_set(err, EBADMSG, "saved index: does not end where it should");
	return 0;
}

int
index_join(const struct index_image *image, struct index *out, struct err *err)
{
	static const size_t size[INDEX_SECTION_COUNT] = {
#define SIZE(name, type) sizeof(type),
		INDEX_SECTIONS(SIZE)
#undef SIZE
	};
	struct head head = {.magic = MAGIC, .version = INDEX_VERSION};
	size_t all = sizeof(head);
	char *memory, *to;

	for (size_t k = 0; k < INDEX_SECTION_COUNT; k++) {
		if (image->part[k].n >= UINT32_MAX)
			return err_set(err, EOVERFLOW, "index: more than 4 thousand million of one kind");
		head.count[k] = image->part[k].n;
		all += (image->part[k].n * size[k] + 7) & ~(size_t)7;
	}
	memory = xcalloc(1, all);
	memcpy(memory, &head, sizeof(head));
	to = memory + sizeof(head);
	for (size_t k = 0; k < INDEX_SECTION_COUNT; k++) {
		if (image->part[k].n)
			memcpy(to, image->part[k].p, image->part[k].n * size[k]);
		to += (image->part[k].n * size[k] + 7) & ~(size_t)7;
	}
	return index_take(out, memory, all, err);
}

int
index_take(struct index *x, void *memory, size_t size, struct err *err)
{
	*x = (struct index){.memory = memory, .size = size};
	if (place(x, err) < 0) {
		index_fini(x);
		return -1;
	}
	return 0;
}

int
index_map(struct index *x, int fd, struct err *err)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "saved index");
	p = mmap(NULL, st.st_size ? (size_t)st.st_size : 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(err, "map the saved index");
	*x = (struct index){.memory = p, .size = (size_t)st.st_size, .mapped = true};
	if (place(x, err) < 0) {
		index_fini(x);
		return -1;
	}
	return 0;
}

uint32_t
index_text_hash(const char *text)
{
	size_t n = strlen(text);
	uint64_t h = n * 0x9e3779b97f4a7c15u, w;

	/* Eight bytes at a time; collisions cost a comparison, no more. */
	for (; n >= 8; n -= 8, text += 8) {
		memcpy(&w, text, 8);
		h = (h ^ w) * 0x9fb21c651e98df25u;
		h ^= h >> 29;
	}
	w = 0;
	memcpy(&w, text, n);
	h = (h ^ w) * 0x9fb21c651e98df25u;
	h ^= h >> 32;
	return (uint32_t)(h * 0x9e3779b97f4a7c15u >> 32);
}

uint32_t
index_triple_hash(uint32_t key, uint32_t version, uint32_t flags)
{
	uint64_t h = ((uint64_t)key << 32 | version) * 0x9fb21c651e98df25u;

	h ^= h >> 31 ^ flags;
	return (uint32_t)(h * 0x9e3779b97f4a7c15u >> 32);
}

/* SipHash: packages choose their paths, and a collision of two would be taken for a conflict. */
static uint64_t
sip(const void *data, size_t n, const char *use)
{
	unsigned char key[crypto_shorthash_KEYBYTES + 1];
	uint64_t h;

	snprintf((char *)key, sizeof(key), "artel-%-10s", use);
	crypto_shorthash((unsigned char *)&h, data, n, key);
	return h;
}

uint64_t
index_path_hash(const char *path, size_t n)
{
	return sip(path, n, "path");
}

uint32_t
index_print_hash(uint32_t kind, uint64_t size, const char *content)
{
	uint64_t h = sip(content, strlen(content), "content") + kind * 0x9e3779b97f4a7c15u + size * 0x9fb21c651e98df25u;
	uint32_t print = (uint32_t)(h >> 32 ^ h);

	return print < PRINT_FIRST ? print + PRINT_FIRST : print;
}

/* Digits plus one: 0 is none. */
static const unsigned char digits[256] = {['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ['A'] = 11, 12, 13, 14, 15, 16,
    ['a'] = 11, 12, 13, 14, 15, 16};

/* Of every package: sodium's, which takes the same time whatever it reads, would be a tenth of the work. */
void
index_hash(unsigned char out[32], const char *hex)
{
	const unsigned char *p = (const unsigned char *)hex;
	size_t i = 0;

	for (; i < 32 && digits[p[0]] && digits[p[1]]; i++, p += 2)
		out[i] = (unsigned char)((digits[p[0]] - 1) << 4 | (digits[p[1]] - 1));
	if (i < 32 || *p)
		memset(out, 0, 32);
}

size_t
index_slots(size_t n)
{
	size_t slots = 16;

	while (slots < n * 2)
		slots *= 2;
	return slots;
}

unsigned
index_path_bits(size_t n)
{
	unsigned bits = 4;

	while (bits < 28 && ((size_t)8 << bits) < n)
		bits++;
	return bits;
}

uint32_t
index_key(const struct index *x, const char *text, uint32_t hash)
{
	size_t mask = x->n_key_slots - 1;

	for (size_t i = hash & mask; x->n_key_slots && x->key_slots[i] != INDEX_NONE; i = (i + 1) & mask) {
		const struct index_key *k = &x->keys[x->key_slots[i]];

		if (k->hash == hash && strcmp(x->text + k->text, text) == 0)
			return x->key_slots[i];
	}
	return INDEX_NONE;
}

uint32_t
index_version(const struct index *x, const char *text, uint32_t hash)
{
	size_t mask = x->n_version_slots - 1;

	for (size_t i = hash & mask; x->n_version_slots && x->version_slots[i] != INDEX_NONE; i = (i + 1) & mask) {
		const struct index_version *v = &x->versions[x->version_slots[i]];

		if (v->hash == hash && strcmp(x->text + v->text, text) == 0)
			return x->version_slots[i];
	}
	return INDEX_NONE;
}

uint32_t
index_requirement(const struct index *x, uint32_t key, uint32_t version, uint32_t flags)
{
	size_t mask = x->n_requirement_slots - 1;
	size_t i = index_triple_hash(key, version, flags) & mask;

	for (; x->n_requirement_slots && x->requirement_slots[i] != INDEX_NONE; i = (i + 1) & mask) {
		const struct index_requirement *q = &x->requirements[x->requirement_slots[i]];

		if (q->key == key && q->version == version && q->flags == flags)
			return x->requirement_slots[i];
	}
	return INDEX_NONE;
}

size_t
index_path_at(const struct index *x, uint64_t hash)
{
	unsigned bits = index_path_bits(x->n_paths);
	size_t i = x->n_path_starts ? x->path_starts[hash >> (64 - bits)] : x->n_paths;

	while (i < x->n_paths && x->paths[i].hash < hash)
		i++;
	return i;
}

/* Verifying: each array on its own, numbers against the length of what they number. */

static bool
run_fits(struct index_run run, size_t n)
{
	return run.at <= n && run.n <= n - run.at;
}

static bool
below(const uint32_t *p, size_t n, size_t limit, bool none)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= limit && !(none && p[i] == INDEX_NONE))
			return false;
	return true;
}

static bool
packages_fit(const struct index *x)
{
	for (size_t i = 0; i < x->n_packages; i++) {
		const struct index_package *p = &x->packages[i];
		const uint32_t next[] = {p->next_named, p->next_of_source};

		/* The chains run upwards, so that they end. */
		for (size_t k = 0; k < ARRAY_SIZE(next); k++)
			if (next[k] != INDEX_NONE && (next[k] <= i || next[k] >= x->n_packages))
				return false;
		if (p->name >= x->n_keys || p->source >= x->n_keys || p->evr >= x->n_versions || p->arch >= x->n_text ||
		    p->file >= x->n_text || !run_fits(p->provides, x->n_provides) || !run_fits(p->requires, x->n_requires) ||
		    !run_fits(p->conflicts, x->n_conflicts))
			return false;
	}
	return x->n_hashes == x->n_packages;
}

static bool
relations_fit(const struct index *x, const struct index_relation *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].key >= x->n_keys || p[i].version >= x->n_versions)
			return false;
	return true;
}

static bool
keys_fit(const struct index *x)
{
	const struct index_key *k = x->keys;

	for (size_t i = 0; i < x->n_keys; i++, k++)
		if (k->text >= x->n_text || !run_fits(k->providers, x->n_providers) || !run_fits(k->askers, x->n_askers) ||
		    (k->named >= x->n_packages && k->named != INDEX_NONE) ||
		    (k->of_source >= x->n_packages && k->of_source != INDEX_NONE))
			return false;
	for (size_t i = 0; i < x->n_providers; i++)
		if (x->providers[i].package >= x->n_packages || x->providers[i].version >= x->n_versions)
			return false;
	return true;
}

/* A node's children stand behind it, so that trees end, and no tree is deeper than rpm's parser allows. */
static bool
rich_fits(const struct index *x)
{
	AUTO(free) unsigned char *depth = xcalloc(x->n_rich + 1, 1);

	for (size_t i = x->n_rich; i-- > 0;) {
		const struct index_rich *r = &x->rich[i];

		if ((r->key >= x->n_keys && r->op == 0) || r->version >= x->n_versions || !run_fits(r->children, x->n_rich_children))
			return false;
		for (uint32_t k = 0; k < r->children.n; k++) {
			uint32_t child = x->rich_children[r->children.at + k];

			if (child <= i || child >= x->n_rich || depth[child] > MAX_DEPTH)
				return false;
			depth[i] = depth[child] + 1 > depth[i] ? depth[child] + 1 : depth[i];
		}
	}
	return true;
}

static bool
requirements_fit(const struct index *x)
{
	for (size_t i = 0; i < x->n_requirements; i++) {
		const struct index_requirement *q = &x->requirements[i];

		if (q->key >= x->n_keys || q->version >= x->n_versions || q->rich > x->n_rich ||
		    !run_fits(q->requirers, x->n_requirers))
			return false;
	}
	return x->n_satisfied == x->n_requirements;
}

/* A table of slots is a power of two long and has a free one, so that a search ends. */
static bool
slots_fit(const uint32_t *slot, size_t n, size_t limit)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		used += slot[i] != INDEX_NONE;
	return (n & (n - 1)) == 0 && (n == 0 || used < n) && below(slot, n, limit, true);
}

static bool
files_fit(const struct index *x)
{
	const struct index_path *const lists[] = {x->paths, x->wanted};
	const size_t n[] = {x->n_paths, x->n_wanted}, limit[] = {x->n_packages, x->n_keys};

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < n[k]; i++)
			if (lists[k][i].package >= limit[k] || (i && lists[k][i].hash < lists[k][i - 1].hash))
				return false;
	return below(x->path_starts, x->n_path_starts, x->n_paths + 1, false) &&
	    (x->n_path_starts == 0 || x->n_path_starts == (size_t)1 << index_path_bits(x->n_paths));
}

static bool
versions_fit(const struct index *x)
{
	for (size_t i = 0; i < x->n_versions; i++)
		if (x->versions[i].text >= x->n_text || x->versions[i].v >= x->n_text || x->versions[i].r >= x->n_text)
			return false;
	return x->n_versions > 0;
}

int
index_verify(const struct index *x, struct err *err)
{
	if (packages_fit(x) && relations_fit(x, x->provides, x->n_provides) && relations_fit(x, x->conflicts, x->n_conflicts) &&
	    below(x->requires, x->n_requires, x->n_requirements, false) && keys_fit(x) && requirements_fit(x) &&
	    rich_fits(x) &&
	    below(x->askers, x->n_askers, x->n_requirements, false) && below(x->requirers, x->n_requirers, x->n_packages, false) &&
	    below(x->rich_children, x->n_rich_children, x->n_rich, false) && versions_fit(x) && files_fit(x) &&
	    slots_fit(x->key_slots, x->n_key_slots, x->n_keys) &&
	    slots_fit(x->requirement_slots, x->n_requirement_slots, x->n_requirements) &&
	    slots_fit(x->version_slots, x->n_version_slots, x->n_versions))
		return 0;
	return err_set(err, EBADMSG, "saved index: a number that points nowhere");
}
