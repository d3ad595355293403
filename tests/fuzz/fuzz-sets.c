/* Sets of packages, and the records of builds that have them: what can be read is written as text, and read as the same. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "builder/pkgset.h"
#include "tests/fuzz/fuzz.h"
#include "wire/buildinfo.h"

static void
set(const char *text)
{
	AUTO(pkgset_fini) struct pkgset s = {0};
	AUTO(pkgset_fini) struct pkgset again = {0};
	AUTO(str_fini) struct str out = {0};
	AUTO(str_fini) struct str twice = {0};
	struct err err = {0};

	if (pkgset_parse(text, &s, &err) < 0) {
		assert(err.code != 0);
		return;
	}
	pkgset_sort(&s);
	pkgset_text(&s, &out);
	assert(pkgset_parse(str_c(&out), &again, &err) == 0 && again.n == s.n);
	pkgset_text(&again, &twice);
	assert(strcmp(str_c(&twice), str_c(&out)) == 0);
}

static void
info(const char *text)
{
	AUTO(buildinfo_fini) struct buildinfo b = {0};
	AUTO(buildinfo_fini) struct buildinfo again = {0};
	AUTO(str_fini) struct str out = {0};
	AUTO(str_fini) struct str twice = {0};
	struct err err = {0};

	if (buildinfo_parse(text, &b, &err) < 0) {
		assert(err.code != 0);
		return;
	}
	for (size_t i = 0; i < b.packages.n; i++)
		assert(hash_valid(b.packages.p[i].sha256));
	if (!b.kind)
		return;
	assert(hash_valid(b.source) && *b.source_name && !strchr(b.source_name, '/'));
	buildinfo_text(&b, &out);
	assert(buildinfo_parse(str_c(&out), &again, &err) == 0 && again.packages.n == b.packages.n);
	buildinfo_text(&again, &twice);
	assert(strcmp(str_c(&twice), str_c(&out)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free) char *text = xstrndup((const char *)data, size);

	set(text);
	info(text);
	return 0;
}
