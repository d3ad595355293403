/*
 * Messages between a scheduler and its builders.
 *
 * A frame is a header of two little-endian 32-bit numbers, the payload's length
 * and the message's type, then the payload (base/pack.h), which must be exactly
 * consumed. Both ends first say HELLO and WELCOME with WIRE_VERSION; an unequal
 * version is refused with a reason.
 *
 *   builder                        scheduler
 *   HELLO (control) ------------->
 *         <----------------------- WELCOME | REFUSE
 *         <----------------------- JOB
 *   BEAT, every few seconds ----->             (renews the leases of the jobs it names; says how many JOB it has read)
 *         <----------------------- BEAT_ACK      (so that a silent farm is noticed)
 *         <----------------------- CANCEL
 *   RESULT ---------------------->             (repeated until acknowledged)
 *         <----------------------- RESULT_ACK
 *   ROOTS ----------------------->             (after WELCOME and when it changes: base roots that it has)
 *
 * and on connections of its own, one a job (HELLO with role exchange, and the job in `running`):
 *   GET sha, bytes that it has --> FROM offset, size; DATA ... DATA_END | ABSENT
 *   PUT sha, size ---------------> STORED | REFUSE | FROM offset, size
 *     DATA ... DATA_END ---------> STORED | REFUSE | FROM 0, size (the part from before was wrong)
 *   LOG bytes ------------------->             (no bytes: only that the builder is there)
 */
#ifndef ARTEL_WIRE_MESSAGE_H
#define ARTEL_WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"

struct err;

enum {
	WIRE_VERSION = 4,
	WIRE_HEADER = 8,
	WIRE_MAX = 16 << 20,		/* bytes of payload */
	WIRE_CHUNK = 256 << 10,		/* bytes of one DATA */
	WIRE_NAME_MAX = 128,
	WIRE_ROOTS_MAX = 256,
	WIRE_ROOT_ID = 32,		/* hex digits */
};

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_WELCOME,
	WIRE_REFUSE,
	WIRE_JOB,
	WIRE_BEAT,
	WIRE_CANCEL,
	WIRE_RESULT,
	WIRE_RESULT_ACK,
	WIRE_GET,
	WIRE_PUT,
	WIRE_DATA,
	WIRE_DATA_END,
	WIRE_ABSENT,
	WIRE_STORED,
	WIRE_LOG,
	WIRE_ROOTS,
	WIRE_BEAT_ACK,
	WIRE_FROM,
	WIRE_TYPES
};

const char *wire_type_name(uint32_t type);

/* Append a whole frame. */
void wire_frame(struct str *out, enum wire_type type, const struct str *payload);

/*
 * Look at the front of a buffer: 1 and a frame (payload points into the buffer,
 * *used is its whole size), 0 if more bytes are needed, -1 if it is none of ours.
 */
struct wire_frame {
	enum wire_type type;
	const void *payload;
	size_t n;
	size_t used;
};
int wire_next(const struct str *in, struct wire_frame *out, struct err *err);

enum wire_role { WIRE_CONTROL = 1, WIRE_EXCHANGE = 2 };

/* A job by its number and attempt, as heartbeats name it. */
struct wire_ref {
	int64_t job;
	uint32_t attempt;
};

struct wire_hello {
	uint32_t version;
	enum wire_role role;
	char name[WIRE_NAME_MAX + 1];
	char arches[256];		/* blank-separated */
	char features[256];		/* blank-separated names: what jobs may ask for, as kvm */
	char origin[SHA256_HEX + 1];	/* of the host since its boot and the builder's folder: two of one name differ in it */
	int64_t clock;			/* ms; the builder's, only to tell how far it is off */
	uint32_t slots;
	uint64_t memory;		/* bytes for all its jobs; 0: unknown */
	struct wire_ref *running;	/* what the builder still works on, or has a result of */
	size_t n_running;
};
void wire_hello_fini(struct wire_hello *h);
AUTO_DEFINE_EMBEDDED(struct wire_hello, wire_hello_fini);
void wire_hello_pack(struct str *out, const struct wire_hello *h);
int wire_hello_unpack(const struct wire_frame *f, struct wire_hello *h, struct err *err);

void wire_refs_pack(struct str *out, const struct wire_ref *refs, size_t n);
/* *refs is malloc'ed. */
int wire_refs_unpack(const struct wire_frame *f, struct wire_ref **refs, size_t *n, struct err *err);

/*
 * BEAT: all that the builder works on or has a result of, and how many JOB it had read on this connection by then: those
 * that came later cannot be named yet. *refs is malloc'ed.
 */
void wire_beat_pack(struct str *out, uint64_t jobs, const struct wire_ref *refs, size_t n);
int wire_beat_unpack(const struct wire_frame *f, uint64_t *jobs, struct wire_ref **refs, size_t *n, struct err *err);

/* ROOTS: ids of at most WIRE_ROOTS_MAX base roots; *roots is added to. */
void wire_roots_pack(struct str *out, const struct strs *roots);
int wire_roots_unpack(const struct wire_frame *f, struct strs *roots, struct err *err);

/* GET and PUT: an artefact, and how much the builder has of it. */
struct wire_part {
	char sha256[SHA256_HEX + 1];
	uint64_t bytes;
};
void wire_part_pack(struct str *out, const char *sha256, uint64_t bytes);
int wire_part_unpack(const struct wire_frame *f, struct wire_part *p, struct err *err);

/* FROM: DATA begin at this offset of so many bytes in all. */
struct wire_from {
	uint64_t offset, size;
};
void wire_from_pack(struct str *out, uint64_t offset, uint64_t size);
/* An offset beyond the size is refused. */
int wire_from_unpack(const struct wire_frame *f, struct wire_from *from, struct err *err);

/* One text: WELCOME (the farm's name), REFUSE (why), ABSENT and STORED (a SHA-256). */
void wire_text_pack(struct str *out, const char *text);
int wire_text_unpack(const struct wire_frame *f, char *buf, size_t size, struct err *err);

#endif
