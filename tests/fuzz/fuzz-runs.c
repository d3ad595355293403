/*
 * Tables of runs: what can be read covers every package once in each file, inside the file,
 * and packs to what reads the same.
 */
#include <assert.h>

#include "base/err.h"
#include "base/str.h"
#include "repo/runs.h"
#include "tests/fuzz/fuzz.h"

static void
covers(const struct runs *r, size_t packages)
{
	uint64_t at = r->n ? r->p[0].offset : 0;
	uint32_t next = 0;

	for (size_t i = 0; i < r->n; i++) {
		assert(r->p[i].first == next && r->p[i].n > 0 && r->p[i].offset == at);
		assert(runs_of(r, next) == &r->p[i] && runs_of(r, next + r->p[i].n - 1) == &r->p[i]);
		next += r->p[i].n;
		at += r->p[i].length;
		assert(at <= r->size);
	}
	assert(next == packages);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(run_table_fini) struct run_table t = {0};
	AUTO(run_table_fini) struct run_table twice = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	if (run_table_unpack(data, size, &t, &err) < 0) {
		assert(err.code != 0);
		return 0;
	}
	for (int k = 0; k < PUBLISH_KINDS; k++)
		covers(&t.kind[k], t.ids.n);
	run_table_pack(&again, &t);
	assert(run_table_unpack(again.p, again.n, &twice, &err) == 0);
	return 0;
}
