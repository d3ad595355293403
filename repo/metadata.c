/*
 * A run is copied if its packages are exactly those of one run of the state
 * before, packed by the same compressor; names decide both the order and where
 * runs end, so that this finds all that did not change. In a run that changed
 * only new packages are asked for their facts; the others' records come out of
 * the old runs. All that is made stays in memory, compressed, until it is written.
 */
#include <createrepo_c/createrepo_c.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "repo/metadata.h"
#include "repo/publish.h"

enum { PART_BYTES = 1 << 20 };

static const char record_begin[] = "<package", record_end[] = "</package>";

static const struct {
	const char *name, *open, *close;
} kinds[PUBLISH_KINDS] = {
	[PUBLISH_PRIMARY] = {"primary", "<metadata xmlns=\"" CR_XML_COMMON_NS "\" xmlns:rpm=\"" CR_XML_RPM_NS "\"", "</metadata>"},
	[PUBLISH_FILELISTS] = {"filelists", "<filelists xmlns=\"" CR_XML_FILELISTS_NS "\"", "</filelists>"},
	[PUBLISH_OTHER] = {"other", "<otherdata xmlns=\"" CR_XML_OTHER_NS "\"", "</otherdata>"},
};

const char *
publish_kind_name(enum publish_kind k)
{
	return kinds[k].name;
}

void
metadata_fini(struct metadata *m)
{
	for (size_t i = 0; i < m->runs.n; i++)
		str_fini(&m->runs.p[i].packed);
	vec_fini(&m->runs);
	vec_fini(&m->parts);
	str_fini(&m->header);
	str_fini(&m->footer);
	str_fini(&m->header_text);
}

/* The old run that has exactly these packages, or NULL. */
static const struct run *
unchanged(const struct metadata *m, size_t first, size_t n)
{
	const struct before *b = m->before;
	const struct run *old;

	if (b->file[m->kind] < 0 || !b->table.same || b->table.how != m->publish->how || b->index[first] == BEFORE_NONE)
		return NULL;
	old = runs_of(&b->table.kind[m->kind], b->index[first]);
	if (old->first != b->index[first] || old->n != n)
		return NULL;
	for (size_t i = 1; i < n; i++)
		if (b->index[first + i] != old->first + i)
			return NULL;
	return old;
}

static void
plan_runs(struct metadata *m, const char *const *names, size_t n)
{
	for (size_t first = 0, end; first < n; first = end) {
		const struct run *old;
		struct metadata_run r = {0};

		end = runs_end(m->kind, names, n, first);
		old = unchanged(m, first, end - first);
		if (old)
			r.run = *old;
		r.copied = old;
		r.run.first = (uint32_t)first;
		r.run.n = (uint32_t)(end - first);
		vec_push(&m->runs, r);
	}
}

/* Neighbours in the old file are one part, up to a size. */
static void
plan_parts(struct metadata *m)
{
	size_t bytes = 0;

	for (size_t i = 0; i < m->runs.n; i++) {
		const struct metadata_run *r = &m->runs.p[i], *last = i ? &m->runs.p[i - 1] : NULL;

		if (last && r->copied && last->copied && bytes < PART_BYTES &&
		    last->run.offset + last->run.length == r->run.offset) {
			m->parts.p[m->parts.n - 1].n++;
		} else {
			vec_push(&m->parts, ((struct metadata_part){.first = i, .n = 1}));
			bytes = 0;
		}
		bytes += r->run.length;
	}
}

int
metadata_plan(struct metadata *m, const char *const *names, struct err *err)
{
	const struct publish *p = m->publish;
	const char *close = kinds[m->kind].close;

	plan_runs(m, names, p->n);
	plan_parts(m);
	str_add(&m->header_text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s packages=\"%zu\">\n", kinds[m->kind].open, p->n);
	if (compression_pack(p->how, m->header_text.p, m->header_text.n, &m->header, err) < 0)
		return -1;
	return compression_pack(p->how, close, strlen(close), &m->footer, err);
}

/* A package's record as its facts have it, with one newline after it. */
static int
record_from_facts(const struct metadata *m, const struct publish_package *p, struct str *out, struct err *err)
{
	AUTO(str_fini) struct str raw = {0};
	struct fact_records all;
	struct fact_record r;

	if (!hash_valid(p->facts_sha))
		return err_set(err, ENOENT, "facts of %s: they were never stored", p->file);
	if (artefact_read(m->publish->dir, p->facts_sha, FACTS_MAX, &raw, err) < 0 ||
	    facts_unpack_records(raw.p, raw.n, &all, err) < 0)
		return err_ctx(err, "facts of %s", p->file);
	if (all.sha256.n != SHA256_HEX || memcmp(all.sha256.p, p->sha256, SHA256_HEX) != 0)
		return err_set(err, EBADMSG, "facts of %s: they are another package's", p->file);
	r = m->kind == PUBLISH_PRIMARY ? all.primary : m->kind == PUBLISH_FILELISTS ? all.filelists : all.other;
	while (r.n && r.p[r.n - 1] == '\n')
		r.n--;
	if (r.n < sizeof(record_begin) + sizeof(record_end) - 2 || memcmp(r.p, record_begin, sizeof(record_begin) - 1) != 0 ||
	    memmem(r.p, r.n, record_end, sizeof(record_end) - 1) != r.p + r.n - (sizeof(record_end) - 1))
		return err_set(err, EBADMSG, "facts of %s: %s is not one record", p->file, kinds[m->kind].name);
	str_put(out, r.p, r.n);
	str_putc(out, '\n');
	cost_add(&m->cost->facts, 1);
	return 0;
}

/* The records of a run, one after another, compressed. */
static int
make_run(struct metadata *m, struct metadata_run *r, struct err *err)
{
	AUTO(before_run_fini) struct before_run cache = {0};
	AUTO(str_fini) struct str text = {0};
	int64_t begin = cost_now_us();

	for (size_t i = r->run.first; i < r->run.first + r->run.n; i++) {
		uint32_t old = m->before->index[i];

		if (old != BEFORE_NONE && before_record(m->before, m->kind, old, &cache, &text))
			continue;
		if (record_from_facts(m, &m->publish->p[i], &text, err) < 0)
			return -1;
	}
	if (text.n > UINT32_MAX / 2)
		return err_set(err, EFBIG, "%s: %zu bytes of records from %s on", kinds[m->kind].name, text.n,
		    m->publish->p[r->run.first].file);
	if (compression_pack(m->publish->how, text.p, text.n, &r->packed, err) < 0)
		return -1;
	r->copied = false;
	r->run.raw = (uint32_t)text.n;
	r->run.length = (uint32_t)r->packed.n;
	r->run.crc = compression_crc(0, r->packed.p, r->packed.n);
	cost_add(&m->cost->made, 1);
	cost_add(&m->cost->made_bytes, (int64_t)text.n);
	cost_add(&m->cost->compress_us, cost_now_us() - begin);
	return 0;
}

/* Whether the old file still has what the table says of these runs, one after another in it. */
static void
verify(struct metadata *m, struct metadata_run *r, size_t n, bool *good)
{
	const struct run *last = &r[n - 1].run;
	uint64_t begin = r->run.offset, length = last->offset + last->length - begin;
	AUTO(free) char *packed = xrealloc(NULL, length);
	ssize_t got = pread(m->before->file[m->kind], packed, length, (off_t)begin);

	for (size_t i = 0; i < n; i++) {
		uint64_t at = r[i].run.offset - begin;

		good[i] = got >= 0 && at + r[i].run.length <= (uint64_t)got &&
		    compression_crc(0, packed + at, r[i].run.length) == r[i].run.crc;
	}
}

int
metadata_make(struct metadata *m, size_t part, struct err *err)
{
	const struct metadata_part *p = &m->parts.p[part];
	struct metadata_run *r = &m->runs.p[p->first];
	AUTO(free) bool *good = xcalloc(p->n, sizeof(*good));

	if (r->copied) {
		int64_t begin = cost_now_us();

		verify(m, r, p->n, good);
		cost_add(&m->cost->verify_us, cost_now_us() - begin);
	}
	for (size_t i = 0; i < p->n; i++) {
		if (good[i])
			cost_add(&m->cost->copied, 1);
		else if (make_run(m, &r[i], err) < 0)
			return -1;
	}
	return 0;
}

void
metadata_place(struct metadata *m, struct runs *out)
{
	uint64_t at = m->header.n;

	m->open_size = m->header_text.n + strlen(kinds[m->kind].close);
	for (size_t i = 0; i < m->runs.n; i++) {
		struct run run = m->runs.p[i].run;

		run.offset = at;
		at += run.length;
		m->open_size += run.raw;
		vec_push(out, run);
	}
	m->size = out->size = at + m->footer.n;
}
