#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "wire/message.h"

static const char *const names[WIRE_TYPES] = {
	[WIRE_HELLO] = "HELLO", [WIRE_WELCOME] = "WELCOME", [WIRE_REFUSE] = "REFUSE", [WIRE_JOB] = "JOB",
	[WIRE_BEAT] = "BEAT", [WIRE_CANCEL] = "CANCEL", [WIRE_RESULT] = "RESULT",
	[WIRE_RESULT_ACK] = "RESULT_ACK", [WIRE_GET] = "GET", [WIRE_PUT] = "PUT", [WIRE_DATA] = "DATA",
	[WIRE_DATA_END] = "DATA_END", [WIRE_ABSENT] = "ABSENT", [WIRE_STORED] = "STORED", [WIRE_LOG] = "LOG",
	[WIRE_ROOTS] = "ROOTS",
	[WIRE_BEAT_ACK] = "BEAT_ACK", [WIRE_FROM] = "FROM",
};

const char *
wire_type_name(uint32_t type)
{
	return type < WIRE_TYPES && names[type] ? names[type] : "?";
}

void
wire_frame(struct str *out, enum wire_type type, const struct str *payload)
{
	pack_u32(out, (uint32_t)payload->n);
	pack_u32(out, type);
	str_put(out, payload->p, payload->n);
}

int
wire_next(const struct str *in, struct wire_frame *out, struct err *err)
{
	struct unpack u = unpack_begin(in->p, in->n);
	uint32_t n, type;

	if (in->n < WIRE_HEADER)
		return 0;
	n = unpack_u32(&u);
	type = unpack_u32(&u);
	if (n > WIRE_MAX || type == 0 || type >= WIRE_TYPES)
		return err_set(err, EBADMSG, "not a message of this protocol (type %u, %u bytes)", type, n);
	if (u.left < n)
		return 0;
	*out = (struct wire_frame){.type = type, .payload = u.p, .n = n, .used = n + WIRE_HEADER};
	return 1;
}

void
wire_hello_fini(struct wire_hello *h)
{
	free(h->running);
	*h = (struct wire_hello){0};
}

static void
put_refs(struct str *out, const struct wire_ref *refs, size_t n)
{
	pack_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		pack_u64(out, (uint64_t)refs[i].job);
		pack_u32(out, refs[i].attempt);
	}
}

static struct wire_ref *
take_refs(struct unpack *u, size_t *n)
{
	struct wire_ref *refs;

	*n = unpack_count(u, sizeof(uint64_t) + sizeof(uint32_t));
	refs = xcalloc(*n, sizeof(*refs));
	for (size_t i = 0; i < *n; i++) {
		refs[i].job = (int64_t)unpack_u64(u);
		refs[i].attempt = unpack_u32(u);
	}
	return refs;
}

void
wire_hello_pack(struct str *out, const struct wire_hello *h)
{
	pack_u32(out, h->version);
	pack_u32(out, h->role);
	pack_text(out, h->name);
	pack_text(out, h->arches);
	pack_text(out, h->features);
	pack_text(out, h->origin);
	pack_u64(out, (uint64_t)h->clock);
	pack_u32(out, h->slots);
	pack_u64(out, h->memory);
	put_refs(out, h->running, h->n_running);
}

int
wire_hello_unpack(const struct wire_frame *f, struct wire_hello *h, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	h->version = unpack_u32(&u);
	if (!u.bad && h->version != WIRE_VERSION)
		return err_set(err, EPROTO, "speaks version %u of the protocol, this is %d: upgrade the older one",
		    h->version, (int)WIRE_VERSION);
	h->role = unpack_u32(&u);
	unpack_into(&u, h->name, sizeof(h->name));
	unpack_into(&u, h->arches, sizeof(h->arches));
	unpack_into(&u, h->features, sizeof(h->features));
	unpack_into(&u, h->origin, sizeof(h->origin));
	h->clock = (int64_t)unpack_u64(&u);
	h->slots = unpack_u32(&u);
	h->memory = unpack_u64(&u);
	h->running = take_refs(&u, &h->n_running);
	return unpack_end(&u, "HELLO", err);
}

void
wire_refs_pack(struct str *out, const struct wire_ref *refs, size_t n)
{
	put_refs(out, refs, n);
}

int
wire_refs_unpack(const struct wire_frame *f, struct wire_ref **refs, size_t *n, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	*refs = take_refs(&u, n);
	return unpack_end(&u, wire_type_name(f->type), err);
}

void
wire_beat_pack(struct str *out, uint64_t jobs, const struct wire_ref *refs, size_t n)
{
	pack_u64(out, jobs);
	put_refs(out, refs, n);
}

int
wire_beat_unpack(const struct wire_frame *f, uint64_t *jobs, struct wire_ref **refs, size_t *n, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	*jobs = unpack_u64(&u);
	*refs = take_refs(&u, n);
	return unpack_end(&u, "BEAT", err);
}

void
wire_roots_pack(struct str *out, const struct strs *roots)
{
	pack_strs(out, roots);
}

int
wire_roots_unpack(const struct wire_frame *f, struct strs *roots, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	unpack_strs(&u, roots);
	if (unpack_end(&u, "ROOTS", err) < 0)
		return -1;
	if (roots->n > WIRE_ROOTS_MAX)
		return err_set(err, EBADMSG, "ROOTS: %zu of them", roots->n);
	for (size_t i = 0; i < roots->n; i++)
		if (strlen(roots->p[i]) != WIRE_ROOT_ID || strspn(roots->p[i], "0123456789abcdef") != WIRE_ROOT_ID)
			return err_set(err, EBADMSG, "ROOTS: not an id");
	return 0;
}

void
wire_part_pack(struct str *out, const char *sha256, uint64_t bytes)
{
	pack_text(out, sha256);
	pack_u64(out, bytes);
}

/* Sizes are also offsets of files, which are signed. */
int
wire_part_unpack(const struct wire_frame *f, struct wire_part *p, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	unpack_into(&u, p->sha256, sizeof(p->sha256));
	p->bytes = unpack_u64(&u);
	if (unpack_end(&u, wire_type_name(f->type), err) < 0)
		return -1;
	if (!hash_valid(p->sha256) || p->bytes > INT64_MAX)
		return err_set(err, EBADMSG, "%s: not a SHA-256 and a size", wire_type_name(f->type));
	return 0;
}

void
wire_from_pack(struct str *out, uint64_t offset, uint64_t size)
{
	pack_u64(out, offset);
	pack_u64(out, size);
}

int
wire_from_unpack(const struct wire_frame *f, struct wire_from *from, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	from->offset = unpack_u64(&u);
	from->size = unpack_u64(&u);
	if (unpack_end(&u, wire_type_name(f->type), err) < 0)
		return -1;
	if (from->offset > from->size || from->size > INT64_MAX)
		return err_set(err, EBADMSG, "%s: an offset beyond the end", wire_type_name(f->type));
	return 0;
}

void
wire_text_pack(struct str *out, const char *text)
{
	pack_text(out, text);
}

int
wire_text_unpack(const struct wire_frame *f, char *buf, size_t size, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	unpack_into(&u, buf, size);
	return unpack_end(&u, wire_type_name(f->type), err);
}
