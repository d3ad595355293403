#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/text.h"

bool
text_is_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	size_t n = strlen(s);

	return n > 0 && n <= 128 && isalnum((unsigned char)s[0]) && strspn(s, allowed) == n &&
	    !strstr(s, "..");
}

/* The length of the UTF-8 sequence at s, or 0. Overlong and surrogate forms are not shown either. */
static size_t
utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90))	/* overlong */
		return 0;
	if ((s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f))	/* surrogate; beyond U+10FFFF */
		return 0;
	/* C1 controls (U+0080 to U+009F) act like escape sequences on some terminals. */
	return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : n;
}

void
text_printable(struct str *out, const char *s)
{
	while (*s) {
		size_t n = utf8_length((const unsigned char *)s);

		if (n == 0 || (n == 1 && (*s < 0x20 || *s == 0x7f))) {
			str_putc(out, '?');
			s++;
		} else {
			str_put(out, s, n);
			s += n;
		}
	}
}

int64_t
text_number(const char *s, int64_t max)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)s[0]))
		return -1;
	errno = 0;
	n = strtoll(s, &end, 10);
	return errno || *end || n > max ? -1 : n;
}

void
text_duration(struct str *out, int64_t ms)
{
	int64_t s = ms / 1000;

	if (ms < 1000)
		str_add(out, "%dms", (int)ms);
	else if (ms < 10000)
		str_add(out, "%d.%ds", (int)s, (int)(ms % 1000 / 100));
	else if (s < 100)
		str_add(out, "%ds", (int)s);
	else if (s < 6000)
		str_add(out, "%dm%02ds", (int)(s / 60), (int)(s % 60));
	else
		str_add(out, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
}

size_t
text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static int64_t
clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
tick_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}
