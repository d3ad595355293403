/*
 * Folding: which of some tasks may be merged together, in order, on repositories
 * as they are. Every set is tried whole, by the checks of repo/check.h, in forked
 * children; what a report names is suspected first (bisect/settle.h).
 */
#ifndef ARTEL_MERGER_FOLD_H
#define ARTEL_MERGER_FOLD_H

#include "bisect/settle.h"
#include "repo/check.h"

struct fold_item {
	int64_t task;
	const struct change *changes;	/* one an architecture */
	const int64_t *deps;		/* tasks without which, before it, it may not be merged */
	size_t n_deps;
};

struct fold {
	struct repo **repos;		/* one an architecture; as they were when it is over */
	size_t n_arches;
	const struct allow *allow;	/* NULL: nothing */
	const struct fold_item *items;
	size_t n;
	size_t testers;
	const struct strategy *strategy;	/* NULL: auto */
	/* NULL, or as in struct settle: failures remembered. */
	int (*known)(void *arg, const size_t *items, size_t n, struct str *report);
	void (*learn)(void *arg, const size_t *items, size_t n, const struct str *report);
	void *arg;
};

/* out->report[] are packed reports (repo/finding.h). */
int fold_settle(const struct fold *f, struct settled *out, struct err *err);

#endif
