/* The same question to libsolv over a whole repository, as a builder would ask it that had only rpm-md. */
#ifndef ARTEL_BENCH_SOLV_ROOT_H
#define ARTEL_BENCH_SOLV_ROOT_H

#include <stdbool.h>

#include "base/str.h"
#include "builder/pkgset.h"

struct solv_root;

/* DIR/debian from its XML, without filelists; from its cache, which is written after the first. Ends the program on trouble. */
struct solv_root *solv_root_open(const char *dir, bool cached);
void solv_root_close(struct solv_root *s);
/* What these names pull in; false: they cannot be had. */
bool solv_root_ask(struct solv_root *s, const struct strs *names, struct pkgset *out);

#endif
