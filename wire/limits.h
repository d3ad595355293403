/*
 * What a job may use, as a repository's policy says it and a builder enforces it;
 * and what it used.
 */
#ifndef ARTEL_WIRE_LIMITS_H
#define ARTEL_WIRE_LIMITS_H

#include <stdint.h>

struct err;
struct str;
struct unpack;

/* 0: not limited. */
struct limits {
	int64_t time_ms;	/* wall time of the whole job */
	int64_t silence_ms;	/* without a byte of output */
	uint64_t output_bytes;	/* of its log */
	uint64_t memory_bytes;	/* of all its processes together */
	uint64_t processes;	/* and threads, at once */
	uint64_t disk_bytes;	/* in its root and home */
	uint64_t files;		/* likewise */
};

/*
 * "memory=4G processes=1000 time=2h silence=30m output=100M disk=20G files=1M", in any order; what is not named
 * stays as it is in *l. Bytes: K, M, G, T of 1024; counts: k, M of 1000; times: s (the default), m, h. -1 with the
 * word that is wrong; *l is as before then.
 */
int limits_parse(struct limits *l, const char *text, struct err *err);
/* The same text of all that is limited. */
void limits_text(struct str *out, const struct limits *l);

/* Bytes, counts and times (ms) as people read them: "512M", "3.2G"; "1000", "4k"; "30s", "4h". */
void limits_put_bytes(struct str *out, uint64_t n);
void limits_put_count(struct str *out, uint64_t n);
void limits_put_time(struct str *out, int64_t ms);

void limits_pack(struct str *out, const struct limits *l);
struct limits limits_unpack(struct unpack *u);

struct usage {
	int64_t elapsed_ms;
	int64_t cpu_ms;		/* 0: not measured, as the rest */
	uint64_t memory_bytes;	/* at the peak */
	uint64_t disk_bytes;	/* at the peak */
};
void usage_pack(struct str *out, const struct usage *u);
struct usage usage_unpack(struct unpack *u);
/* "12.3 s, cpu 10.1 s, memory 120M, disk 34M"; without memory where it was not measured. */
void usage_text(struct str *out, const struct usage *u);

#endif
