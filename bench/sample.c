#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/vec.h"
#include "bench/sample.h"

void
samples_fini(struct samples *s)
{
	vec_fini(s);
}

void
samples_add(struct samples *s, double value)
{
	vec_push(s, value);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
samples_at(struct samples *s, double part)
{
	assert(s->n > 0);
	qsort(s->p, s->n, sizeof(*s->p), by_value);
	return s->p[(size_t)((double)(s->n - 1) * part + 0.5)];
}

void
samples_print(struct samples *s, const char *name, const char *unit)
{
	static const struct {
		const char *name;
		double part;
	} parts[] = {{"median", 0.5}, {"min", 0}, {"p90", 0.9}, {"max", 1}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		printf("%s-%s %.4g %s\n", name, parts[i].name, samples_at(s, parts[i].part), unit);
	fflush(stdout);
}

double
sample_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

size_t
sample_number(const char *variable, size_t other)
{
	const char *text = getenv(variable);

	return text ? strtoul(text, NULL, 10) : other;
}

unsigned
sample_dice(unsigned *seed, unsigned n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % n;
}
