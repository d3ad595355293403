/* Sets of packages for tests of publishing: made up, stored as artefacts, without any RPM behind them. */
#ifndef ARTEL_REPO_TEST_RECORDS_H
#define ARTEL_REPO_TEST_RECORDS_H

#include "tests/unit.h"

#include <dirent.h>

#include "base/hash.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "repo/publish.h"

struct made {
	char *name, *file;
	struct sha256 sha256, facts;
};

struct set {
	struct made *p;
	size_t n, cap;
};

static inline void
set_remove(struct set *s, size_t i)
{
	free(s->p[i].name);
	free(s->p[i].file);
	s->p[i] = s->p[--s->n];
}

static inline void
set_fini(struct set *s)
{
	while (s->n)
		set_remove(s, 0);
	vec_fini(s);
}
AUTO_DEFINE_EMBEDDED(struct set, set_fini);

/* An artefact of a test: not synced, for there are thousands. */
static inline struct sha256
set_artefact(int dir, const void *data, size_t n)
{
	struct sha256 sum = hash_bytes(data, n);
	AUTO(free) char *folder = xasprintf("artefact/%.2s", sum.hex);
	AUTO(close) int fd = -1;
	struct err err = {0};

	OK(file_mkdirs(dir, folder, &err));
	fd = openat(dir, artefact_path(sum.hex).text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	OK(file_write_fd(fd, data, n, &err));
	return sum;
}

/* Keep a package's facts, and say that it is in the set. */
static inline void
set_take(struct set *s, int dir, const struct facts *f)
{
	struct made m = {.name = xstrdup(f->name), .file = xstrdup(f->file)};
	AUTO(str_fini) struct str raw = {0};

	memcpy(m.sha256.hex, f->sha256, sizeof(m.sha256.hex));
	facts_pack(&raw, f);
	m.facts = set_artefact(dir, raw.p, raw.n);
	vec_push(s, m);
}

static inline char *
record_of(const char *kind, const char *name, int version, const char *sha256)
{
	AUTO(free) char *head = strcmp(kind, "primary") == 0 ?
	    xasprintf("<package type=\"rpm\">\n  <name>%s</name>\n  <arch>noarch</arch>\n"
	    "  <version epoch=\"0\" ver=\"%d\" rel=\"1\"/>\n  <checksum type=\"sha256\" pkgid=\"YES\">%s</checksum>\n"
	    "  <summary>%s</summary>\n  <description>words of %s</description>\n  <packager></packager>\n  <url></url>\n"
	    "  <time file=\"1\" build=\"1\"/>\n  <size package=\"1\" installed=\"1\" archive=\"1\"/>\n"
	    "  <location href=\"Packages/%c/%.8s/%s-%d.rpm\"/>\n  <format>\n    <rpm:license>GPL</rpm:license>\n"
	    "    <rpm:provides>\n      <rpm:entry name=\"%s\" flags=\"EQ\" epoch=\"0\" ver=\"%d\" rel=\"1\"/>\n"
	    "    </rpm:provides>\n  </format>\n", name, version, sha256, name, sha256, name[0], sha256, name, version, name, version) :
	    xasprintf("<package pkgid=\"%s\" name=\"%s\" arch=\"noarch\">\n  <version epoch=\"0\" ver=\"%d\" rel=\"1\"/>\n%s%s%s", sha256,
	    name, version, strcmp(kind, "filelists") == 0 ? "  <file>/usr/share/" : "", strcmp(kind, "filelists") == 0 ? name : "",
	    strcmp(kind, "filelists") == 0 ? "</file>\n" : "");

	return xasprintf("%s</package>\n", head);
}

/* Add version `version` of a package; its "RPM" is a few words. */
static inline void
set_add(struct set *s, int dir, const char *name, int version)
{
	AUTO(free) char *content = xasprintf("%s %d", name, version);
	struct facts f = {.name = xstrdup(name), .version = xasprintf("%d", version), .release = xstrdup("1"),
	    .arch = xstrdup("noarch"), .epoch = xstrdup(""), .source = xstrdup(name), .file = xasprintf("%s-%d.rpm", name, version)};
	struct sha256 sum = set_artefact(dir, content, strlen(content));

	f.sha256 = xstrdup(sum.hex);
	f.primary = record_of("primary", name, version, sum.hex);
	f.filelists = record_of("filelists", name, version, sum.hex);
	f.other = record_of("other", name, version, sum.hex);
	set_take(s, dir, &f);
	facts_fini(&f);
}

static inline int
set_order(const void *a, const void *b)
{
	const struct made *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->sha256.hex, y->sha256.hex);
}

/* Publish the set as `want` says, which is zeroed but for what a test is about. */
static inline int
set_publish(struct set *s, int dir, struct publish want, int64_t serial, struct published *out, struct err *err)
{
	AUTO(free) struct publish_package *p = xcalloc(s->n, sizeof(*p));

	if (s->n)
		qsort(s->p, s->n, sizeof(*s->p), set_order);
	for (size_t i = 0; i < s->n; i++)
		p[i] = (struct publish_package){s->p[i].name, s->p[i].file, s->p[i].sha256.hex, s->p[i].facts.hex};
	want.dir = dir;
	want.repository = want.repository ? want.repository : "sisyphus";
	want.arch = "x86_64";
	want.serial = serial;
	want.when = want.when ? want.when : 1700000000;
	want.p = p;
	want.n = s->n;
	return publish_write(&want, out, err);
}

#endif
