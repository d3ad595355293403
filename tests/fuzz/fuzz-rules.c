/* The files of a tag that are read outside of a sandbox: gear rules and the spec's head. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "source/gear-rules.h"
#include "source/spec.h"
#include "tests/fuzz/fuzz.h"

static void
rules(const char *text)
{
	AUTO(gear_rules_fini) struct gear_rules r = {0};
	AUTO(strs_fini) struct strs notes = {0};
	struct err err = {0};

	if (gear_rules_parse(text, &r, &notes, &err) < 0)
		assert(err.code != 0);
	for (size_t i = 0; i < notes.n; i++)
		for (const unsigned char *c = (const unsigned char *)notes.p[i]; *c; c++)
			assert(*c >= 0x20 && *c != 0x7f);
}

static void
expand(const char *text)
{
	static const struct gear_keyword keywords[] = {{"name", "n"}, {"version", "@version@"}, {"release", NULL}};
	AUTO(free) char *out = NULL;
	struct err err = {0};

	if (gear_expand(text, keywords, 3, 300, &out, &err) == 0)
		assert(strlen(out) <= 300);
}

static void
spec(const char *text)
{
	AUTO(spec_fini) struct spec s = {0};
	AUTO(spec_fini) struct spec some = {0};
	struct err err = {0};

	if (spec_scan(text, &s, &err) == 0)
		assert(s.name && s.version && s.release && *s.name && !strchr(s.name, '/'));
	else
		assert(err.code != 0 && !s.name);
	(void)spec_scan_some(text, &some, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free) char *text = xstrndup((const char *)data, size);

	rules(text);
	expand(text);
	spec(text);
	return 0;
}
