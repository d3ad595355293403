/* The raw bytes of a commit object. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "source/commit-header.h"
#include "source/git.h"
#include "source/tag.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *raw = (const char *)data;
	struct commit_header h;
	struct err err = {0};

	if (commit_header_parse(raw, size, &h, &err) < 0) {
		assert(err.code != 0);
		return 0;
	}
	assert(h.when >= 0);
	for (size_t i = 0; i < h.n_parents; i++) {
		char hex[GIT_HEX + 1] = "";
		git_oid id;

		assert(commit_header_parent(&h, i) + GIT_HEX < raw + size);
		memcpy(hex, commit_header_parent(&h, i), GIT_HEX);
		assert(gitlib_hex(hex, &id));
	}
	return 0;
}
