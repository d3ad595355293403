/*
 * A stream of frames, as a stranger on the other end may send it. Jobs and results
 * that can be read are packed to the same bytes.
 */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "repo/check.h"
#include "tests/fuzz/fuzz.h"
#include "wire/job.h"

static void
same(const struct str *again, const struct wire_frame *f)
{
	assert(again->n == f->n && memcmp(again->p, f->payload, f->n) == 0);
}

static void
take_job(const struct wire_frame *f, struct err *err)
{
	AUTO(wire_job_fini) struct wire_job j = {0};
	AUTO(str_fini) struct str again = {0};

	if (wire_job_unpack(f, &j, err) < 0)
		return;
	wire_job_pack(&again, &j);
	same(&again, f);
}

static void
take_result(const struct wire_frame *f, struct err *err)
{
	AUTO(wire_result_fini) struct wire_result r = {0};
	AUTO(str_fini) struct str again = {0};

	if (wire_result_unpack(f->payload, f->n, &r, err) < 0)
		return;
	wire_result_pack(&again, &r);
	same(&again, f);
}

static void
take_hello(const struct wire_frame *f, struct err *err)
{
	AUTO(wire_hello_fini) struct wire_hello h = {0};

	(void)wire_hello_unpack(f, &h, err);
}

/* An offset within bounds is what a file is cut to. */
static void
take_from(const struct wire_frame *f, struct err *err)
{
	AUTO(str_fini) struct str again = {0};
	struct wire_from from;

	if (wire_from_unpack(f, &from, err) < 0)
		return;
	assert(from.offset <= from.size && from.size <= INT64_MAX);
	wire_from_pack(&again, from.offset, from.size);
	same(&again, f);
}

static void
take_part(const struct wire_frame *f, struct err *err)
{
	AUTO(str_fini) struct str again = {0};
	struct wire_part part;

	if (wire_part_unpack(f, &part, err) < 0)
		return;
	assert(hash_valid(part.sha256) && part.bytes <= INT64_MAX);
	wire_part_pack(&again, part.sha256, part.bytes);
	same(&again, f);
}

static void
take_beat(const struct wire_frame *f, struct err *err)
{
	AUTO(free) struct wire_ref *refs = NULL;
	uint64_t jobs;
	size_t n;

	(void)wire_beat_unpack(f, &jobs, &refs, &n, err);
}

static void
take_refs(const struct wire_frame *f, struct err *err)
{
	AUTO(free) struct wire_ref *refs = NULL;
	size_t n;

	(void)wire_refs_unpack(f, &refs, &n, err);
}

static void
take_roots(const struct wire_frame *f, struct err *err)
{
	AUTO(strs_fini) struct strs roots = {0};

	if (wire_roots_unpack(f, &roots, err) == 0)
		assert(roots.n <= WIRE_ROOTS_MAX);
}

static void
take_report(const struct wire_frame *f, struct err *err)
{
	AUTO(report_fini) struct report r = {0};

	(void)report_unpack(f->payload, f->n, &r, err);
}

static void
take(const struct wire_frame *f)
{
	struct err err = {0};
	char text[SHA256_HEX + 1];

	switch (f->type) {
	case WIRE_HELLO:
		take_hello(f, &err);
		break;
	case WIRE_JOB:
		take_job(f, &err);
		break;
	case WIRE_RESULT:
		take_result(f, &err);
		break;
	case WIRE_ROOTS:
		take_roots(f, &err);
		break;
	case WIRE_GET:
	case WIRE_PUT:
		take_part(f, &err);
		break;
	case WIRE_FROM:
		take_from(f, &err);
		break;
	case WIRE_BEAT:
		take_beat(f, &err);
		break;
	case WIRE_CANCEL:
	case WIRE_RESULT_ACK:
		take_refs(f, &err);
		break;
	case WIRE_DATA:
		take_report(f, &err);
		break;
	default:
		(void)wire_text_unpack(f, text, sizeof(text), &err);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {.p = (char *)data, .n = size};
	struct wire_frame f;
	struct err err = {0};

	while (wire_next(&rest, &f, &err) > 0) {
		assert(f.used <= rest.n && f.type > 0 && f.type < WIRE_TYPES);
		take(&f);
		rest.p += f.used;
		rest.n -= f.used;
	}
	return 0;
}
