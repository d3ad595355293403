/*
 * In which order the builds of one task run: a subtask that needs what another
 * one's packages provide comes after it. Pure.
 */
#ifndef ARTEL_SCHEDULER_ORDER_H
#define ARTEL_SCHEDULER_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct order_item {
	const char *label;		/* for messages: "100 zlib" */
	const struct strs *provides;	/* names */
	const struct strs *requires;	/* "name", "name >= 1", "(rich)" */
};

/*
 * needs[i * n + k] becomes true when item i needs item k, or may need it: of several that provide a name, all,
 * unless that would close a cycle. A cycle: 1 and its text "100 a -> 200 b ->
 * 100 a" (malloc'ed); otherwise 0.
 */
int order_builds(const struct order_item *items, size_t n, bool *needs, char **cycle);

#endif
