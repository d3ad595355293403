/*
 * Code inside a sandbox may write anything there: the numbers are told to
 * people, and nothing is decided by them.
 */
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#include "base/str.h"
#include "builder/phases.h"

static const char *const names[PHASES] = {
	[PHASE_START] = "start", [PHASE_FETCH] = "fetch", [PHASE_SOLVE] = "solve", [PHASE_BASE] = "base root",
	[PHASE_ROOT] = "root", [PHASE_RPMBUILD] = "rpmbuild", [PHASE_FACTS] = "facts", [PHASE_CHECK] = "check",
	[PHASE_INSTALL] = "install", [PHASE_SEND] = "send",
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

struct phases *
phases_new(void)
{
	struct phases *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	p->since_us = now_us();
	return p;
}

void
phases_free(struct phases *p)
{
	if (p)
		munmap(p, sizeof(*p));
}

static int64_t
running_us(const struct phases *p)
{
	return (int64_t)((uint64_t)now_us() - (uint64_t)p->since_us);
}

void
phases_enter(struct phases *p, enum phase phase)
{
	if ((unsigned)p->now < PHASES)
		p->spent_us[p->now] = (int64_t)((uint64_t)p->spent_us[p->now] + (uint64_t)running_us(p));
	p->now = phase;
	p->since_us = now_us();
}

void
phases_text(const struct phases *p, struct str *out)
{
	double sum = 0;

	for (size_t i = 0; i < PHASES; i++) {
		double seconds = ((double)p->spent_us[i] + (i == (size_t)p->now ? (double)running_us(p) : 0)) / 1e6;

		sum += seconds;
		if (seconds >= 0.0005)
			str_add(out, "%s %.3f s, ", names[i], seconds);
	}
	str_add(out, "in all %.3f s", sum);
}
