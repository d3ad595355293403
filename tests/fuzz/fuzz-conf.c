/* The configuration file: every line taken is an option. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free) char *text = xstrndup((const char *)data, size);
	AUTO(strs_fini) struct strs args = {0};
	struct err err = {0};
	int r = conf_parse(text, "builder", "artel.conf", &args, &err);

	assert(r == 0 || (err.code != 0 && strncmp(err.msg, "artel.conf:", 11) == 0));
	for (size_t i = 0; i < args.n; i++)
		assert(strncmp(args.p[i], "--", 2) == 0 && args.p[i][2] != '-' && !strchr(args.p[i], '\n'));
	return 0;
}
