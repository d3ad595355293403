/*
 * Dependencies as packages of strangers give them: read, written and read again
 * they are the same; and a repository with a package that requires one can be asked what is unmet.
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/evr.h"
#include "package/facts.h"
#include "repo/unmet.h"
#include "tests/fuzz/fuzz.h"

static void
again(const struct dep *d)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(str_fini) struct str twice = {0};
	AUTO(dep_fini) struct dep copy = {0};
	struct err err = {0};

	dep_text(d, &text);
	if (dep_parse(str_c(&text), &copy, &err) < 0)
		assert(!"what was written cannot be read");
	dep_text(&copy, &twice);
	assert(strcmp(str_c(&text), str_c(&twice)) == 0);
	assert(copy.flags == d->flags);
}

/* Takes over the dependency. */
static void
require(struct dep *d)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	struct facts f = {.name = xstrdup("a"), .arch = xstrdup("noarch"), .source = xstrdup("a"), .evr = xstrdup("1-1"),
	    .file = xstrdup(""), .sha256 = xstrdup("")};

	vec_push(&f.dep[DEP_REQUIRES], *d);
	vec_push(&f.dep[DEP_PROVIDES], ((struct dep){xstrdup("a"), xstrdup("1-1"), DEP_EQUAL}));
	vec_push(&f.files, ((struct fact_file){.path = xstrdup("/a"), .content = xstrdup("")}));
	*d = (struct dep){0};
	repo_add(&r, &f, "", 0);
	facts_fini(&f);
	unmet_find(&r, &l);
	assert(l.n <= 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free) char *text = xstrndup((const char *)data, size);
	AUTO(dep_fini) struct dep d = {0};
	struct err err = {0};
	int bad;

	(void)evr_cmp(text, "1:2-3", &bad);
	if (dep_parse(text, &d, &err) < 0) {
		assert(err.code != 0 && !d.name);
		return 0;
	}
	again(&d);
	require(&d);
	return 0;
}
