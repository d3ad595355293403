/*
 * BuildRequires of a stranger's SRPM, a line each, solved for over a small repository: a set, or a reason; the same the
 * next time, and the repository is as before.
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "builder/solve.h"
#include "package/facts.h"
#include "repo/index.h"
#include "repo/repo.h"
#include "tests/fuzz/fuzz.h"

/* Name, then what it provides and requires, each separated by ';'. */
static const char *const packages[][3] = {
	{"sh", "sh = 5-1;/bin/sh", "libc"},
	{"libc", "libc = 2-1;libc.so()", ""},
	{"gcc", "gcc = 1:12-1", "libc.so();(binutils or mold);libc >= 2"},
	{"binutils", "binutils = 2-1", "/bin/sh"},
	{"old", "old = 1-1;tool", "(gcc if sh else libc)"},
	{"new", "new = 2-1;tool", "nothing-has-this"},
};

static void
add_deps(struct dep_list *to, const char *text)
{
	AUTO(strs_fini) struct strs words = {0};
	struct err err = {0};

	strs_split(&words, text, ";");
	for (size_t i = 0; i < words.n; i++) {
		struct dep d = {0};

		assert(dep_parse(words.p[i], &d, &err) == 0);
		vec_push(to, d);
	}
}

static struct repo *
repository(void)
{
	static struct repo r;

	for (size_t i = 0; i < ARRAY_SIZE(packages) && repo_packages(&r) < ARRAY_SIZE(packages); i++) {
		AUTO(facts_fini) struct facts f = {.name = xstrdup(packages[i][0]), .epoch = xstrdup(""), .version = xstrdup("1"),
		    .release = xstrdup("1"), .arch = xstrdup("noarch"), .evr = xstrdup("1-1"), .source = xstrdup(packages[i][0]),
		    .file = xasprintf("%s-1-1.noarch.rpm", packages[i][0]),
		    .sha256 = xstrdup(hash_bytes(packages[i][0], strlen(packages[i][0])).hex)};

		add_deps(&f.dep[DEP_PROVIDES], packages[i][1]);
		add_deps(&f.dep[DEP_REQUIRES], packages[i][2]);
		repo_add(&r, &f, "", 0);
	}
	repo_keep(&r);
	return &r;
}

static char *
solve(struct repo *r, const struct strs *wanted)
{
	const struct solve s = {.repo = r, .arch = "x86_64", .overlay = INDEX_NONE};
	AUTO(pkgset_fini) struct pkgset set = {0};
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};
	int rc = solve_for(&s, wanted, INDEX_NONE, &set, &err);

	assert(rc == 0 || (rc == SOLVE_NOT && *err.msg));
	pkgset_sort(&set);
	pkgset_text(&set, &text);
	return rc ? xstrdup(err.msg) : str_steal(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(free) char *text = xstrndup((const char *)data, size);
	AUTO(strs_fini) struct strs wanted = {0};
	struct repo *r = repository();
	uint32_t requirements = repo_requirements(r), n = repo_packages(r);
	AUTO(free) char *once = NULL;
	AUTO(free) char *twice = NULL;

	strs_split(&wanted, text, "\n");
	once = solve(r, &wanted);
	twice = solve(r, &wanted);
	assert(strcmp(once, twice) == 0);
	assert(repo_requirements(r) == requirements && repo_packages(r) == n);
	return 0;
}
