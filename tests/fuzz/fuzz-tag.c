/* The raw bytes of a tag object. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "source/tag.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(tag_fini) struct tag t = {0};
	struct err err = {0};

	if (tag_parse(data, size, &t, &err) < 0) {
		assert(err.code != 0);
		return 0;
	}
	/* What is verified is what is there. */
	assert(t.payload.n + t.signature.n <= size);
	assert(memcmp(t.payload.p, data, t.payload.n) == 0);
	assert(strlen(t.commit) == GIT_HEX && t.name && !strchr(t.name, '\n'));
	return 0;
}
