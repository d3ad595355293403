/* Packages for tests, written as one line each. */
#ifndef ARTEL_REPO_TEST_PACKAGES_H
#define ARTEL_REPO_TEST_PACKAGES_H

#include "tests/unit.h"

#include "base/hash.h"
#include "base/vec.h"
#include "package/evr.h"
#include "package/facts.h"
#include "repo/index-write.h"
#include "repo/repo.h"

static inline void
package_dep(struct facts *f, enum dep_kind kind, const char *text)
{
	struct dep d = {0};
	struct err err = {0};

	OK(dep_parse(text, &d, &err));
	vec_push(&f->dep[kind], d);
}

/* A file of a content, a folder if it ends in a slash, a ghost with content "ghost". */
static inline void
package_file(struct facts *f, const char *text)
{
	size_t n = strcspn(text, "=");
	bool folder = n && text[n - 1] == '/';
	const char *content = text[n] ? text + n + 1 : "";

	vec_push(&f->files, ((struct fact_file){.path = xstrndup(text, folder ? n - 1 : n), .mode = folder ? 040755 : 0100644,
	    .content = xstrdup(content), .flags = strcmp(content, "ghost") == 0 ? 1 << 6 : 0}));
}

/* Symbols of one ELF file: defined with "d" or "D", used with "u" or "U"; of 32 bits with a capital. "k": it has none. */
static inline void
package_symbols(struct facts *f, const char *part)
{
	uint32_t bits = part[0] == 'D' || part[0] == 'U' ? 32 : 64;
	struct elf_file e = {.path = xasprintf("/lib%zu", f->elf.n), .note = xstrdup(""), .facts = {.bits = bits, .soname = xstrdup("")}};

	f->elf_known = true;
	strs_split(part[0] == 'd' || part[0] == 'D' ? &e.facts.defines : &e.facts.uses, part + 1, " ");
	strs_sort(&e.facts.defines);
	strs_sort(&e.facts.uses);
	vec_push(&f->elf, e);
}

/* One part of a package's line: "p DEP", "r DEP", "c DEP", "f PATH[=CONTENT]", or symbols. */
static inline void
package_part(struct facts *f, const char *part)
{
	part += strspn(part, " ");
	if (strchr("dDuUk", part[0])) {
		package_symbols(f, part);
		return;
	}
	if (part[0] == 'p')
		package_dep(f, DEP_PROVIDES, part + 2);
	else if (part[0] == 'r')
		package_dep(f, DEP_REQUIRES, part + 2);
	else if (part[0] == 'c')
		package_dep(f, DEP_CONFLICTS, part + 2);
	else
		package_file(f, part + 2);
}

/* "NAME VERSION-RELEASE SOURCE; p provides; r requires; f file ...". It provides its own name, as all do. */
static inline struct facts
package_make(const char *line)
{
	AUTO(strs_fini) struct strs parts = {0};
	AUTO(strs_fini) struct strs head = {0};
	AUTO(free) char *own = NULL;
	struct facts f = {0};
	char *release;

	strs_split(&parts, line, ";");
	strs_split(&head, parts.p[0], " ");
	assert_int_equal(head.n, 3);
	release = strchr(head.p[1], '-');
	assert_non_null(release);
	f.name = xstrdup(head.p[0]);
	f.epoch = xstrdup("");
	f.version = xstrndup(head.p[1], (size_t)(release - head.p[1]));
	f.release = xstrdup(release + 1);
	f.source = xstrdup(head.p[2]);
	f.arch = xstrdup("noarch");
	f.evr = evr_join("", f.version, f.release);
	f.file = xasprintf("%s-%s.noarch.rpm", f.name, f.evr);
	f.sha256 = xstrdup(hash_bytes(line, strlen(line)).hex);
	f.primary = xstrdup("");
	f.filelists = xstrdup("");
	f.other = xstrdup("");
	own = xasprintf("%s = %s", f.name, f.evr);
	package_dep(&f, DEP_PROVIDES, own);
	for (size_t i = 1; i < parts.n; i++)
		package_part(&f, parts.p[i]);
	return f;
}

static inline void
package_add(struct repo *r, const char *line, int64_t by)
{
	struct facts f = package_make(line);

	repo_add(r, &f, "", by);
	facts_fini(&f);
}

/* An index of what a repository has; it stands on that from now on. */
static inline void
stand_on_index(struct repo *r)
{
	AUTO(index_fini) struct index x = {0};
	struct repo fresh = {0};
	struct err err = {0};

	OK(repo_reindex(r, &x, NULL, &err));
	OK(index_verify(&x, &err));
	repo_open(&fresh, &x);
	repo_count_all(&fresh);
	repo_fini(r);
	*r = fresh;
}

#endif
