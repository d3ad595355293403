/* What builds print: the reason of a failure, and lines made fit for a terminal. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "builder/reason.h"
#include "tests/fuzz/fuzz.h"

static void
printable(const char *text)
{
	for (; *text; text++)
		assert((unsigned char)*text >= 0x20 || *text == '\t');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(reason_fini) struct reason r = {0};
	AUTO(str_fini) struct str line = {0};
	AUTO(str_fini) struct str again = {0};

	reason_find((const char *)data, size, &r);
	printable(r.section);
	printable(r.cause);
	printable(r.last);
	assert(strlen(r.section) < REASON_SECTION && strlen(r.cause) <= REASON_CAUSE && strlen(r.last) <= REASON_LAST);
	text_line(&line, (const char *)data, size);
	printable(str_c(&line));
	assert(strlen(str_c(&line)) == line.n);
	text_line(&again, str_c(&line), line.n);
	assert(again.n == line.n && memcmp(str_c(&again), str_c(&line), line.n) == 0);
	return 0;
}
