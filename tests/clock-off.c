/*
 * LD_PRELOAD this, and the wall clock is $CLOCK_OFF seconds off; other clocks are as they are, as on a host that was
 * set wrong. faketime would do, but its processes share memory, and what runs in a sandbox does not find that.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int
clock_gettime(clockid_t which, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);
	const char *off = getenv("CLOCK_OFF");
	int r;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(which, t);
	if (r == 0 && off && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		t->tv_sec += atol(off);
	return r;
}

EXPORT int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;
	int r = clock_gettime(CLOCK_REALTIME, &t);

	*tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return r;
}

EXPORT time_t
time(time_t *out)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}
