/*
 * Nothing of an old state is believed: the table has to be consistent and the
 * files as long as it says; a run has to have its CRC, expand to its length,
 * and hold as many records as the table has packages. A state that fails in
 * this costs time, for its records are read from the facts again.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "repo/before.h"
#include "repo/publish.h"

#define TABLE_MAX ((size_t)1 << 30)

static const char record_end[] = "</package>\n";

void
before_fini(struct before *b)
{
	for (int k = 0; k < PUBLISH_KINDS; k++)
		if (b->file[k] >= 0)
			close(b->file[k]);
	run_table_fini(&b->table);
	free(b->index);
}

static bool
read_table(struct before *b, int dir, const struct published *was)
{
	AUTO(str_fini) struct str raw = {0};
	struct err why;

	if (!hash_valid(was->runs.hex) || artefact_read(dir, was->runs.hex, TABLE_MAX, &raw, &why) < 0)
		return false;
	if (strcmp(hash_bytes(raw.p, raw.n).hex, was->runs.hex) == 0 && run_table_unpack(raw.p, raw.n, &b->table, &why) == 0)
		return true;
	run_table_fini(&b->table);
	return false;
}

static void
open_files(struct before *b, int dir, const struct published *was)
{
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		AUTO(close) int fd = -1;
		struct err why;
		struct stat st;

		if (!hash_valid(was->file[k].hex) || (fd = artefact_open(dir, was->file[k].hex, &why)) < 0 ||
		    fstat(fd, &st) < 0 || (uint64_t)st.st_size != b->table.kind[k].size)
			continue;
		b->file[k] = STEAL_FD(fd);
	}
}

/* Ids are hashes: their first bytes spread them. */
static size_t
slot_of(const struct run_id *id, size_t mask)
{
	size_t h;

	memcpy(&h, id->raw, sizeof(h));
	return h & mask;
}

/* A table of the old packages by id: number + 1, 0 for a free slot; *mask + 1 slots. */
static uint32_t *
by_id(const struct run_table *t, size_t *mask)
{
	size_t slots = 16;
	uint32_t *slot;

	while (slots < 2 * t->ids.n)
		slots *= 2;
	*mask = slots - 1;
	slot = xcalloc(slots, sizeof(*slot));
	for (size_t i = 0; i < t->ids.n; i++) {
		size_t at = slot_of(&t->ids.p[i], *mask);

		while (slot[at])
			at = (at + 1) & *mask;
		slot[at] = (uint32_t)i + 1;
	}
	return slot;
}

void
before_open(struct before *b, int dir, const struct published *was, const struct run_id *ids, size_t n)
{
	AUTO(free) uint32_t *slot = NULL;
	size_t mask;

	if (was && read_table(b, dir, was))
		open_files(b, dir, was);
	slot = by_id(&b->table, &mask);
	b->index = xcalloc(n, sizeof(*b->index));
	for (size_t i = 0; i < n; i++) {
		size_t at = slot_of(&ids[i], mask);

		while (slot[at] && memcmp(&b->table.ids.p[slot[at] - 1], &ids[i], sizeof(*ids)) != 0)
			at = (at + 1) & mask;
		b->index[i] = slot[at] ? slot[at] - 1 : BEFORE_NONE;
	}
}

void
before_run_fini(struct before_run *r)
{
	str_fini(&r->text);
	vec_fini(&r->ends);
}

static bool
expand(const struct before *b, enum publish_kind k, const struct run *run, struct str *out)
{
	AUTO(free) char *packed = xcalloc(1, run->length);
	struct err why;

	return pread(b->file[k], packed, run->length, (off_t)run->offset) == (ssize_t)run->length &&
	    compression_crc(0, packed, run->length) == run->crc &&
	    compression_unpack(b->table.how, packed, run->length, run->raw, out, &why) == 0;
}

/* Whether the text is exactly n records. */
static bool
split(struct before_run *r, size_t n)
{
	const char *at = r->text.p, *end = at + r->text.n;

	while (at < end && (at = memmem(at, (size_t)(end - at), record_end, sizeof(record_end) - 1))) {
		at += sizeof(record_end) - 1;
		vec_push(&r->ends, (size_t)(at - r->text.p));
	}
	return at == end && r->ends.n == n;
}

bool
before_record(const struct before *b, enum publish_kind k, uint32_t i, struct before_run *cache, struct str *out)
{
	const struct run *run;
	size_t begin, record;

	if (b->file[k] < 0)
		return false;
	run = runs_of(&b->table.kind[k], i);
	if (run != cache->run) {
		cache->run = run;
		cache->ends.n = 0;
		str_clear(&cache->text);
		cache->good = expand(b, k, run, &cache->text) && split(cache, run->n);
	}
	if (!cache->good)
		return false;
	record = i - run->first;
	begin = record ? cache->ends.p[record - 1] : 0;
	str_put(out, cache->text.p + begin, cache->ends.p[record] - begin);
	return true;
}
