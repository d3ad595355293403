/*
 * Publishing a distribution: from nothing, and after 128 packages changed.
 *
 *   bench-publish [DIR]
 *
 * DIR is an rpm-md repository whose records are taken; without it PACKAGES (63000) are made up, of 2 KB in
 * primary, 158 files and one change each. BENCH_ROOT (/tmp) is where the farm is made, CHANGES (128) how many
 * packages change, ROUNDS (5) how often, COMPRESSION gz or zstd, OPEN_CHECKSUM=1 asks for open-checksum. With RPMS, a folder
 * of RPMs, `createrepo_c --update` is run on it for comparison. Prints `name value unit` lines.
 */
#include <createrepo_c/createrepo_c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "repo/publish.h"

enum { FILES = 158, TEXT_MOST = 1 << 30 };

struct record {
	char *name, *sha256, *file, *text[PUBLISH_KINDS];
	struct sha256 facts;
};

struct bench {
	int dir;
	struct {
		struct record *p;
		size_t n, cap;
	} records;
	struct map by_sha;
	enum publish_compression how;
	bool open_checksum;
};

static struct err err;

static void
must(int r)
{
	if (r == 0)
		return;
	fprintf(stderr, "bench-publish: %s\n", err.msg);
	exit(1);
}

static size_t
number(const char *name, size_t other)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : other;
}

static unsigned
next(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Unsynced: only publishing is measured. */
static struct sha256
store(const struct bench *b, const void *data, size_t n, const char *as)
{
	struct sha256 sum = as ? (struct sha256){0} : hash_bytes(data, n);
	AUTO(close) int fd = -1;
	char folder[16];

	if (as)
		memcpy(sum.hex, as, SHA256_HEX + 1);
	snprintf(folder, sizeof(folder), "artefact/%.2s", sum.hex);
	mkdirat(b->dir, folder, 0755);
	fd = openat(b->dir, artefact_path(sum.hex).text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd < 0 ? err_sys(&err, "create %s", artefact_path(sum.hex).text) : file_write_fd(fd, data, n, &err));
	return sum;
}

/* The facts of a record, and something in place of its RPM. */
static void
store_record(const struct bench *b, struct record *r)
{
	struct facts f = {.name = r->name, .file = r->file, .sha256 = r->sha256, .primary = r->text[PUBLISH_PRIMARY],
	    .filelists = r->text[PUBLISH_FILELISTS], .other = r->text[PUBLISH_OTHER]};
	AUTO(str_fini) struct str raw = {0};

	facts_pack(&raw, &f);
	r->facts = store(b, raw.p, raw.n, NULL);
	store(b, r->name, strlen(r->name), r->sha256);
	for (int k = 0; k < PUBLISH_KINDS; k++)
		free(STEAL(r->text[k]));
}

static void
make_up(struct record *r, size_t i, unsigned *seed)
{
	static const char *const words[] = {"library", "for", "the", "development", "files", "of", "common", "data", "python",
	    "runtime", "documentation", "tools", "module", "support", "based", "graphical"};
	struct str text[PUBLISH_KINDS] = {0};

	r->name = xasprintf("package-%zu-%s", i, words[next(seed) % 16]);
	r->sha256 = xstrdup(hash_bytes(r->name, strlen(r->name)).hex);
	r->file = xasprintf("%s-1-1.x86_64.rpm", r->name);
	str_add(&text[0], "<package type=\"rpm\">\n  <name>%s</name>\n  <arch>x86_64</arch>\n  <version epoch=\"0\" ver=\"1.%u\" rel=\"1\"/>\n"
	    "  <checksum type=\"sha256\" pkgid=\"YES\">%s</checksum>\n  <description>", r->name, next(seed) % 100, r->sha256);
	for (int w = 0; w < 60; w++)
		str_add(&text[0], "%s ", words[next(seed) % 16]);
	str_puts(&text[0], "</description>\n  <format>\n    <rpm:requires>\n");
	for (int w = 0; w < 18; w++)
		str_add(&text[0], "      <rpm:entry name=\"lib%s%u.so.%u()(64bit)\"/>\n", words[next(seed) % 16], next(seed) % 3000, next(seed) % 9);
	str_puts(&text[0], "    </rpm:requires>\n  </format>\n</package>\n");
	for (int k = 1; k < PUBLISH_KINDS; k++)
		str_add(&text[k], "<package pkgid=\"%s\" name=\"%s\" arch=\"x86_64\">\n  <version epoch=\"0\" ver=\"1\" rel=\"1\"/>\n", r->sha256, r->name);
	for (int f = 0; f < FILES; f++)
		str_add(&text[1], "  <file>/usr/share/%s/%s/%s-%u.%s</file>\n", r->name, words[next(seed) % 16], words[next(seed) % 16],
		    next(seed) % 1000, f % 3 ? "html" : "png");
	str_add(&text[2], "  <changelog author=\"Packager &lt;p@example.org&gt; - 1-%u\" date=\"%u\">- new version</changelog>\n", next(seed) % 9,
	    next(seed));
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		if (k)
			str_puts(&text[k], "</package>\n");
		r->text[k] = str_steal(&text[k]);
	}
}

/* One metadata file of a repository, whole. */
static void
read_whole(const char *path, struct str *out)
{
	CR_FILE *f = cr_open(path, CR_CW_MODE_READ, CR_CW_AUTO_DETECT_COMPRESSION, NULL);
	int got;

	if (!f)
		must(err_set(&err, EIO, "open %s", path));
	while ((got = cr_read(f, str_room(out, 1 << 20), 1 << 20, NULL)) > 0)
		out->n += (size_t)got;
	cr_close(f, NULL);
	str_put(out, "", 0);
}

static char *
between(const char *text, const char *before, const char *after)
{
	const char *p = strstr(text, before), *end = p ? strstr(p + strlen(before), after) : NULL;

	if (!end)
		must(err_set(&err, EBADMSG, "no %s in a record", before));
	p += strlen(before);
	return xstrndup(p, (size_t)(end - p));
}

static void
take_records(struct bench *b, enum publish_kind k, char *text)
{
	static const char last[] = "</package>";
	char *at, *end;

	for (at = strstr(text, "<package"); at; at = strstr(end, "<package")) {
		AUTO(free) char *record = NULL;
		AUTO(free) char *sha = NULL;
		uint32_t i;

		end = strstr(at, last) + sizeof(last) - 1;
		record = xasprintf("%.*s\n", (int)(end - at), at);
		sha = k == PUBLISH_PRIMARY ? between(record, "pkgid=\"YES\">", "<") : between(record, "pkgid=\"", "\"");
		if (k == PUBLISH_PRIMARY && map_get(&b->by_sha, sha) == MAP_NONE) {
			AUTO(free) char *href = between(record, "<location href=\"", "\"");
			const char *slash = strrchr(href, '/');
			struct record r = {.name = between(record, "<name>", "<"), .sha256 = xstrdup(sha),
			    .file = xstrdup(slash ? slash + 1 : href)};

			map_set(&b->by_sha, sha, (uint32_t)b->records.n);
			vec_push(&b->records, r);
		}
		i = map_get(&b->by_sha, sha);
		if (i != MAP_NONE && !b->records.p[i].text[k])
			b->records.p[i].text[k] = STEAL(record);
	}
}

static void
read_repository(struct bench *b, const char *dir)
{
	AUTO(free) char *slash = xasprintf("%s/", dir);
	struct cr_MetadataLocation *where = cr_locate_metadata(slash, 1, NULL);
	const char *path[PUBLISH_KINDS];

	if (!where || !where->pri_xml_href || !where->fil_xml_href || !where->oth_xml_href)
		must(err_set(&err, ENOENT, "%s: no repository with primary, filelists and other", dir));
	path[PUBLISH_PRIMARY] = where->pri_xml_href;
	path[PUBLISH_FILELISTS] = where->fil_xml_href;
	path[PUBLISH_OTHER] = where->oth_xml_href;
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		AUTO(str_fini) struct str text = {0};
		struct stat st;

		read_whole(path[k], &text);
		take_records(b, k, text.p);
		if (stat(path[k], &st) == 0)
			printf("publish-input-%s %lld bytes\n", publish_kind_name(k), (long long)st.st_size);
	}
	cr_metadatalocation_free(where);
	for (size_t i = 0; i < b->records.n; i++)
		store_record(b, &b->records.p[i]);
}

static int
order(const void *a, const void *b)
{
	const struct publish_package *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->sha256, y->sha256);
}

/* Publish all records but those marked `out`. */
static void
publish(const struct bench *b, const bool *out, int64_t serial, const struct published *before, struct published *now, const char *what)
{
	AUTO(free) struct publish_package *p = xcalloc(b->records.n, sizeof(*p));
	struct publish how = {.dir = b->dir, .repository = "bench", .arch = "x86_64", .serial = serial, .when = 1700000000, .p = p,
	    .before = before, .how = b->how, .open_checksum = b->open_checksum};
	const struct publish_cost *c = &now->cost;
	int64_t begin;

	for (size_t i = 0; i < b->records.n; i++) {
		const struct record *r = &b->records.p[i];

		if (!out[i])
			p[how.n++] = (struct publish_package){r->name, r->file, r->sha256, r->facts.hex};
	}
	qsort(p, how.n, sizeof(*p), order);
	begin = cost_now_us();
	must(publish_write(&how, now, &err));
	printf("publish-%s-total %.1f ms\n", what, (double)(cost_now_us() - begin) / 1e3);
	printf("publish-%s-verify %.1f ms\npublish-%s-compress %.1f ms\n", what, (double)c->verify_us / 1e3, what, (double)c->compress_us / 1e3);
	printf("publish-%s-copy %.1f ms\npublish-%s-hash %.1f ms\n", what, (double)c->write_us / 1e3, what, (double)c->hash_us / 1e3);
	printf("publish-%s-sync %.1f ms\n", what, (double)c->sync_us / 1e3);
	printf("publish-%s-runs-copied %lld runs\npublish-%s-runs-made %lld runs\n", what, (long long)c->copied, what, (long long)c->made);
	printf("publish-%s-compressed %lld bytes\npublish-%s-linked %lld packages\n", what, (long long)c->made_bytes, what,
	    (long long)c->linked);
	fflush(stdout);
}

static void
rounds(const struct bench *b)
{
	AUTO(free) bool *out = xcalloc(b->records.n, sizeof(*out));
	size_t changes = number("CHANGES", 128), n = number("ROUNDS", 5);
	struct published was, now;
	unsigned seed = 7;

	/* The packages that come later are left out now. */
	for (size_t i = 0; i < changes * n; i++)
		out[next(&seed) % b->records.n] = true;
	publish(b, out, 1, NULL, &was, "scratch");
	for (int k = 0; k <= PUBLISH_KINDS; k++) {
		const char *sha = k < PUBLISH_KINDS ? was.file[k].hex : was.runs.hex;
		struct stat st;

		if (fstatat(b->dir, artefact_path(sha).text, &st, 0) == 0)
			printf("publish-size-%s %lld bytes\n", k < PUBLISH_KINDS ? publish_kind_name(k) : "runs", (long long)st.st_size);
	}
	for (size_t round = 0; round < n; round++) {
		/* Half of the changes come, half go. */
		for (size_t i = 0, at = next(&seed) % b->records.n; i < changes; i++, at = next(&seed) % b->records.n) {
			while (out[at] != (i % 2 == 0))
				at = (at + 1) % b->records.n;
			out[at] = !out[at];
		}
		publish(b, out, (int64_t)round + 2, &was, &now, "incremental");
		was = now;
	}
}

/* Its output goes to the bench's folder: nothing is written to rpms. */
static void
peer(const char *root, const char *rpms)
{
	const char *argv[] = {"createrepo_c", "--quiet", "--update", "--no-database", "--outputdir", root, rpms, NULL};
	AUTO(str_fini) struct str said = {0};
	struct ended ended;

	for (int i = 0; i < 2; i++) {
		int64_t begin = cost_now_us();

		must(spawn_run(&(struct spawn){.argv = argv}, NULL, &said, 3600000, &ended, &err));
		printf("createrepo-%s %.1f ms\n", i ? "update" : "first", (double)(cost_now_us() - begin) / 1e3);
	}
}

int
main(int argc, char **argv)
{
	const char *base = getenv("BENCH_ROOT"), *how = getenv("COMPRESSION"), *rpms = getenv("RPMS");
	AUTO(free) char *root = xasprintf("%s/artel-bench.XXXXXX", base ? base : "/tmp");
	struct bench b = {.dir = -1, .open_checksum = number("OPEN_CHECKSUM", 0)};
	size_t n = number("PACKAGES", 63000);
	unsigned seed = 1;

	if (how && strcmp(how, "zstd") == 0)
		b.how = PUBLISH_ZSTD;
	if (!mkdtemp(root))
		must(err_sys(&err, "mkdtemp %s", root));
	b.dir = file_open_dir(AT_FDCWD, root, &err);
	must(file_mkdirs(b.dir, "artefact", &err));
	if (argc > 1) {
		read_repository(&b, argv[1]);
	} else {
		for (size_t i = 0; i < n; i++) {
			struct record r = {0};

			make_up(&r, i, &seed);
			store_record(&b, &r);
			vec_push(&b.records, r);
		}
	}
	printf("publish-packages %zu packages\n", b.records.n);
	sync();
	rounds(&b);
	if (rpms)
		peer(root, rpms);
	must(file_remove_tree(AT_FDCWD, root, &err));
	return 0;
}
