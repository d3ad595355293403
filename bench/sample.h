/* Times of one thing done many times, and how benchmarks tell them: lines `name value unit`. */
#ifndef ARTEL_BENCH_SAMPLE_H
#define ARTEL_BENCH_SAMPLE_H

#include <stddef.h>

#include "base/auto.h"

struct samples {
	double *p;
	size_t n, cap;
};
void samples_fini(struct samples *s);
AUTO_DEFINE_EMBEDDED(struct samples, samples_fini);
void samples_add(struct samples *s, double value);
/* The value that this part of them is not above; they are in order then. Some there must be. */
double samples_at(struct samples *s, double part);
/* NAME-median, -min, -p90 and -max. */
void samples_print(struct samples *s, const char *name, const char *unit);

/* Of a clock that only goes on. */
double sample_now_ms(void);
/* A number from the environment. */
size_t sample_number(const char *variable, size_t other);
/* A random number below n; not rand(): the same everywhere. */
unsigned sample_dice(unsigned *seed, unsigned n);

#endif
