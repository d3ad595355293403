/*
 * A run ends before a package whose name has a hash that is a multiple of the
 * wanted number of packages, and at the latest after twice that number. The key
 * of the hash is fixed: it must give the same runs for ever. Runs are small
 * where records are large.
 */
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/vec.h"
#include "repo/runs.h"

enum { TABLE_VERSION = 1, MEMBER_LEAST = 10 };

/* Packages in a run, on average. Measured: docs/performance.md. */
static const size_t wanted[PUBLISH_KINDS] = {
	[PUBLISH_PRIMARY] = 16,
	[PUBLISH_FILELISTS] = 4,
	[PUBLISH_OTHER] = 48,
};

static const unsigned char key[crypto_shorthash_KEYBYTES] = "artel: runs, v1";

/* The value of a hex digit + 1; 0: none. */
static const unsigned char digits[256] = {
	['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	['a'] = 11, 12, 13, 14, 15, 16,
};

int
run_id_from(const char *sha256, struct run_id *out, struct err *err)
{
	for (size_t i = 0; i < sizeof(out->raw); i++) {
		unsigned high = digits[(unsigned char)sha256[2 * i]];
		unsigned low = high ? digits[(unsigned char)sha256[2 * i + 1]] : 0;

		if (!low)
			return err_set(err, EINVAL, "not a SHA-256: %s", sha256);
		out->raw[i] = (unsigned char)((high - 1) << 4 | (low - 1));
	}
	return sha256[SHA256_HEX] ? err_set(err, EINVAL, "not a SHA-256: %s", sha256) : 0;
}

void
run_table_fini(struct run_table *t)
{
	vec_fini(&t->ids);
	for (int k = 0; k < PUBLISH_KINDS; k++)
		vec_fini(&t->kind[k]);
}

static bool
begins(enum publish_kind k, const char *name)
{
	unsigned char raw[crypto_shorthash_BYTES];
	uint64_t h = 0;

	crypto_shorthash(raw, (const unsigned char *)name, strlen(name), key);
	for (size_t i = 0; i < sizeof(raw); i++)
		h = h << 8 | raw[i];
	return h % wanted[k] == 0;
}

size_t
runs_end(enum publish_kind k, const char *const *names, size_t n, size_t from)
{
	size_t i = from + 1;

	/* Packages of one name stay together: else each would be a run of its own. */
	while (i < n && i - from < 2 * wanted[k] && (strcmp(names[i], names[i - 1]) == 0 || !begins(k, names[i])))
		i++;
	return i;
}

const struct run *
runs_of(const struct runs *r, uint32_t i)
{
	size_t low = 0, high = r->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (r->p[middle].first <= i)
			low = middle;
		else
			high = middle;
	}
	return &r->p[low];
}

void
run_table_pack(struct str *out, const struct run_table *t)
{
	pack_u32(out, TABLE_VERSION);
	pack_u32(out, t->how);
	pack_text(out, compression_id(t->how));
	pack_bytes(out, t->ids.p, t->ids.n * sizeof(*t->ids.p));
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		const struct runs *r = &t->kind[k];

		pack_u64(out, r->size);
		pack_u64(out, r->n ? r->p[0].offset : 0);
		pack_u32(out, (uint32_t)r->n);
		for (size_t i = 0; i < r->n; i++) {
			pack_u32(out, r->p[i].n);
			pack_u32(out, r->p[i].length);
			pack_u32(out, r->p[i].raw);
			pack_u32(out, r->p[i].crc);
		}
	}
}

static int
unpack_runs(struct unpack *u, size_t packages, struct runs *r)
{
	uint64_t offset, first = 0;
	uint32_t n;

	r->size = unpack_u64(u);
	offset = unpack_u64(u);
	n = unpack_count(u, 4 * sizeof(uint32_t));
	while (n-- > 0) {
		struct run run = {.first = (uint32_t)first, .offset = offset};

		run.n = unpack_u32(u);
		run.length = unpack_u32(u);
		run.raw = unpack_u32(u);
		run.crc = unpack_u32(u);
		if (u->bad || run.n == 0 || run.n > packages - first || run.length < MEMBER_LEAST ||
		    offset > r->size || run.length > r->size - offset)
			return -1;
		first += run.n;
		offset += run.length;
		vec_push(r, run);
	}
	return first == packages ? 0 : -1;
}

int
run_table_unpack(const void *data, size_t size, struct run_table *t, struct err *err)
{
	struct unpack u = unpack_begin(data, size);
	uint32_t version = unpack_u32(&u), how = unpack_u32(&u);
	AUTO(free) char *id = unpack_text(&u);
	size_t n;
	const void *ids = unpack_bytes(&u, &n);
	bool good = version == TABLE_VERSION && how < PUBLISH_COMPRESSIONS && n % sizeof(*t->ids.p) == 0;

	if (good && n) {
		vec_reserve(&t->ids, n / sizeof(*t->ids.p));
		memcpy(t->ids.p, ids, n);
		t->ids.n = n / sizeof(*t->ids.p);
	}
	for (int k = 0; k < PUBLISH_KINDS && good; k++)
		good = unpack_runs(&u, t->ids.n, &t->kind[k]) == 0;
	if (!good)
		return err_set(err, EBADMSG, "table of runs: malformed, or of another version");
	t->how = (enum publish_compression)how;
	t->same = strcmp(id, compression_id(t->how)) == 0;
	return unpack_end(&u, "table of runs", err);
}
