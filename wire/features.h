/*
 * What a builder has that not every builder has, and a package needs: names such as kvm or bigmem. They mean nothing to
 * the farm; it only compares them.
 */
#ifndef ARTEL_WIRE_FEATURES_H
#define ARTEL_WIRE_FEATURES_H

struct err;
struct strs;

enum { FEATURES_MAX = 8, FEATURE_BYTES_MAX = 24 };

/*
 * Blank-separated names of [a-z0-9._-] that begin with a letter or digit, at most FEATURES_MAX, each once. -1 with the
 * word that is wrong. *out is added to.
 */
int features_parse(const char *text, struct strs *out, struct err *err);

#endif
