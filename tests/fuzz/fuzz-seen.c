/* What was seen of an installed package: what can be read is printable, and packs to what is read the same. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "builder/seen.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(seen_list_fini) struct seen_list l = {0};
	AUTO(seen_list_fini) struct seen_list again = {0};
	AUTO(str_fini) struct str packed = {0};
	AUTO(str_fini) struct str twice = {0};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	if (seen_unpack(data, size, &l, &err) < 0) {
		assert(err.code != 0);
		return 0;
	}
	assert(l.n <= SEEN_MAX);
	for (size_t i = 0; i < l.n; i++)
		assert(sanity_checks[l.p[i].check].installed);
	seen_text(&l, &text);
	for (size_t i = 0; i < text.n; i++)
		assert((unsigned char)text.p[i] >= 0x20);
	seen_pack(&packed, &l);
	assert(seen_unpack(packed.p, packed.n, &again, &err) == 0);
	seen_pack(&twice, &again);
	assert(twice.n == packed.n && memcmp(twice.p, packed.p, packed.n) == 0);
	return 0;
}
