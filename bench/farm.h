/*
 * A farm that has a distribution as state 1 of its repository `debian`, and transactions waiting to be merged, made
 * without building anything. Made unsynced. All end with a message if it cannot be made.
 *
 * What a real one has besides: RPMs (there are empty files in their place, of what is new; those of state 1, their
 * facts and their pool are put aside when it has been published), git records (the subtasks are of source RPMs), file digests and
 * ELF symbols in the facts (metadata do not tell them).
 */
#ifndef ARTEL_BENCH_FARM_H
#define ARTEL_BENCH_FARM_H

#include <stddef.h>

/* Of DIR/debian, in the folder root, which is made; what it does not need after that is put beside it. */
void farm_make(const char *root, const char *dir);
/* Tasks in state BUILT for all transactions of DIR/BATCH, in order; how many. */
size_t farm_batch(const char *root, const char *dir, const char *batch);

#endif
