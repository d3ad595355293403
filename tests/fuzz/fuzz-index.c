/* Saved indices: what passes verification can be asked what is unmet, and stood on. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "repo/unmet.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(index_fini) struct index x = {0};
	AUTO(index_fini) struct index again = {0};
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	AUTO(repo_fini) struct repo r = {0};
	struct err err = {0};

	if (index_take(&x, memcpy(xcalloc(1, size + 1), data, size), size, &err) < 0 || index_verify(&x, &err) < 0) {
		assert(err.code != 0);
		return 0;
	}
	repo_open(&r, &x);
	unmet_find(&r, &l);
	for (uint32_t i = 0; i < repo_packages(&r); i++)
		if (i % 2)
			repo_remove(&r, i, 1);
	repo_undo(&r);
	assert(repo_reindex(&r, &again, NULL, &err) == 0);
	return 0;
}
