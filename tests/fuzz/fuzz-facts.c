/*
 * Facts: what can be read is packed to the same bytes again (but for the frame of the
 * ELF files, which has more than one form).
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "package/facts.h"
#include "tests/fuzz/fuzz.h"

/* Facts without ELF files are what stands before them. */
static void
without_elf(const uint8_t *data, size_t size)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	if (facts_unpack_no_elf(data, size, &f, &err) < 0) {
		assert(err.code != 0);
		return;
	}
	assert(!f.elf_known && f.elf.n == 0);
	facts_pack(&again, &f);
	assert(again.n <= size && again.n > 4 && memcmp(again.p + 4, data + 4, again.n - 4) == 0);
}

/* Packed, unpacked and packed again it stays as it was. */
static void
stays(const struct str *packed)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	assert(facts_unpack(packed->p, packed->n, &f, &err) == 0);
	facts_pack(&again, &f);
	assert(again.n == packed->n && memcmp(again.p, packed->p, packed->n) == 0);
}

static void
is_text(struct fact_record r, const char *text)
{
	assert(r.n == strlen(text) && memcmp(r.p, text, r.n) == 0);
}

static void
facts(const uint8_t *data, size_t size)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(str_fini) struct str again = {0};
	AUTO(free) char *where = NULL;
	AUTO(free) char *what = NULL;
	struct fact_records records;
	struct err err = {0};

	facts_unpack_records(data, size, &records, &err);
	if (facts_unpack(data, size, &f, &err) < 0) {
		assert(err.code != 0);
		return;
	}
	assert(facts_unpack_records(data, size, &records, &err) == 0);
	is_text(records.sha256, f.sha256);
	is_text(records.primary, f.primary);
	is_text(records.filelists, f.filelists);
	is_text(records.other, f.other);
	facts_pack(&again, &f);
	if (f.elf_known)
		stays(&again);
	else
		assert(again.n == size && memcmp(again.p, data, size) == 0);
	where = facts_location(f.file, f.sha256);
	assert(strstr(where, "..") != where && strchr(strchr(strchr(where, '/') + 1, '/') + 1, '/') == NULL);
	assert(facts_differ(&f, &f, &what) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	facts(data, size);
	without_elf(data, size);
	return 0;
}
