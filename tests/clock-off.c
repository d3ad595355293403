/*
 * LD_PRELOAD this, and the wall clock is $CLOCK_OFF seconds off; other clocks are as they are, as on a host that was
 * set wrong. With $CLOCK_OFF_FILE it is as many seconds off as the int64_t in that file says at the moment, so that
 * whoever writes there makes it jump. faketime would do, but its processes share memory, and what runs in a sandbox
 * does not find that.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The number in $CLOCK_OFF_FILE, which stays mapped; NULL if there is none. */
static const volatile int64_t *
jumping(void)
{
	static const volatile int64_t *seconds;
	const char *path = getenv("CLOCK_OFF_FILE");
	void *map = MAP_FAILED;
	int fd;

	if (seconds || !path || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return seconds;
	map = mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		seconds = map;
	return seconds;
}

static int64_t
seconds_off(void)
{
	const volatile int64_t *now = jumping();
	const char *off = getenv("CLOCK_OFF");

	return now ? *now : off ? atol(off) : 0;
}

EXPORT int
clock_gettime(clockid_t which, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);
	int r;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(which, t);
	if (r == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		t->tv_sec += seconds_off();
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
