/* A history of transactions: when each came and which source packages it changed. The form is that of data/README.md. */
#ifndef ARTEL_BENCH_REPLAY_TRACE_H
#define ARTEL_BENCH_REPLAY_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

struct err;

struct trace_package {
	uint32_t name;			/* key of trace.names */
	bool built;			/* false: deleted */
};

struct trace_task {
	int64_t id;
	int64_t arrival;		/* Unix seconds */
	size_t first, n;		/* of trace.packages; no name twice */
};

struct trace {
	struct {
		struct trace_task *p;
		size_t n, cap;
	} tasks;			/* by arrival, then id */
	struct {
		struct trace_package *p;
		size_t n, cap;
	} packages;
	struct map names;
};
void trace_fini(struct trace *t);
AUTO_DEFINE_EMBEDDED(struct trace, trace_fini);

enum {
	TRACE_DAY = 86400,		/* seconds */
	TRACE_PACKAGES_MAX = 4000,	/* of a transaction */
};

/*
 * Read a file, compressed by gzip or not, into an empty trace: what arrived from `from` on and before `to`, and of that
 * the first `most` (0: all).
 */
int trace_read(struct trace *t, const char *path, int64_t from, int64_t to, size_t most, struct err *err);

#endif
