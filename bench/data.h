/* What prepare made, as the benchmarks of the core use it. They end with a message if it cannot be read. */
#ifndef ARTEL_BENCH_DATA_H
#define ARTEL_BENCH_DATA_H

#include <stddef.h>

#include "base/err.h"
#include "repo/plan.h"
#include "repo/repo.h"

/* r < 0: say what and why, and end. */
void must(int r, const struct err *err);

/* The repository DIR/debian with all its files and its counts. */
void data_repository(const char *dir, struct repo *out);
/* Its index in a file that has no name and is on the disk: what a farm keeps. An open fd. */
int data_save(const char *dir, const struct repo *r);
/* Stand on a saved index. */
void data_open(int fd, struct repo *out);

/* The rpm-md folders of the transactions of DIR/BATCH, in their order. */
void data_folders(const char *dir, const char *batch, struct strs *out);

struct changes {
	struct change *p;
	size_t n, cap;
};
void changes_fini(struct changes *c);
AUTO_DEFINE_EMBEDDED(struct changes, changes_fini);
/* What they change, numbered from 1. */
void data_changes(const char *dir, const char *batch, struct changes *out);

#endif
