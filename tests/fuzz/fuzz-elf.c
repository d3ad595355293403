/* ELF files: whatever the bytes, the answer is facts in order, nothing, or a reason; and the bytes stay as they are. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "package/elf.h"
#include "tests/fuzz/fuzz.h"

static void
in_order(const struct strs *l)
{
	for (size_t i = 1; i < l->n; i++)
		assert(strcmp(l->p[i - 1], l->p[i]) < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	AUTO(free) void *exact = size ? memcpy(xcalloc(1, size), data, size) : xcalloc(1, 1);
	const char *why = NULL;
	int r = elf_facts_read(exact, size, &e, &why);

	assert(r == 0 || r == ELF_NOTHING || r == ELF_BROKEN);
	assert((why != NULL) == (r == ELF_BROKEN));
	assert((e.soname != NULL) == (r == 0));
	assert(size == 0 || memcmp(exact, data, size) == 0);
	in_order(&e.needed);
	in_order(&e.defines);
	in_order(&e.uses);
	return 0;
}
