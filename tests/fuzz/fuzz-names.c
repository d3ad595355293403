/* What comes out of a sandbox about a spec: what can be read is packed to the same bytes. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/pack.h"
#include "builder/names.h"
#include "tests/fuzz/fuzz.h"

static void
same(const struct str *again, const uint8_t *data, size_t size)
{
	assert(again->n == size && memcmp(again->p, data, size) == 0);
}

static void
names(const uint8_t *data, size_t size)
{
	AUTO(names_fini) struct names n = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	if (names_unpack(data, size, &n, &err) < 0) {
		assert(err.code != 0);
		return;
	}
	names_pack(&again, &n);
	same(&again, data, size);
}

static void
more(const uint8_t *data, size_t size)
{
	AUTO(strs_fini) struct strs list = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	if (names_unpack_more(data, size, &list, &err) < 0) {
		assert(err.code != 0);
		return;
	}
	pack_strs(&again, &list);
	same(&again, data, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	names(data, size);
	more(data, size);
	return 0;
}
