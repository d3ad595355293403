#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glib.h>

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

/* The length of the UTF-8 sequence at s, or 0; a NUL ends one that is cut off. Overlong and surrogate forms are not shown either. */
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

/* U+202A to U+202E, U+2066 to U+2069: what follows is shown elsewhere than where it stands. */
static bool
turns(const unsigned char *s)
{
	return s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

/* The length of the character at s if a terminal may have it as it is, or 0. */
static size_t
plain_length(const unsigned char *s)
{
	size_t n = utf8_length(s);

	return (n == 1 && (*s < 0x20 || *s == 0x7f)) || (n == 3 && turns(s)) ? 0 : n;
}

bool
text_is_printable(const char *s)
{
	for (size_t n; *s; s += n)
		if ((n = plain_length((const unsigned char *)s)) == 0)
			return false;
	return true;
}

bool
text_is_lines(const char *s)
{
	for (size_t n; *s; s += n)
		if ((n = *s == '\n' || *s == '\t' ? 1 : plain_length((const unsigned char *)s)) == 0)
			return false;
	return true;
}

bool
text_has_letter(const char *s)
{
	for (; *s; s = g_utf8_next_char(s))
		if (g_unichar_isalpha(g_utf8_get_char(s)))
			return true;
	return false;
}

void
text_printable(struct str *out, const char *s)
{
	while (*s) {
		size_t n = plain_length((const unsigned char *)s);

		if (n == 0) {
			str_putc(out, '?');
			s++;
		} else {
			str_put(out, s, n);
			s += n;
		}
	}
}

/* Behind the escape sequence whose ESC is at s[-1]; n bytes are left. As ECMA-48 has them: CSI, strings, and short ones. */
static size_t
escape_length(const char *s, size_t n)
{
	size_t i = 0;

	if (n && s[0] == '[') {
		for (i = 1; i < n && s[i] >= 0x20 && s[i] < 0x40;)
			i++;
		return i < n && s[i] >= 0x40 && s[i] < 0x7f ? i + 1 : i;
	}
	if (n && strchr("]PX^_", s[0]) && s[0]) {
		for (i = 1; i < n && s[i] != '\a' && s[i] != 0x1b;)
			i++;
		return i + 1 < n && s[i] == 0x1b && s[i + 1] == '\\' ? i + 2 : i < n && s[i] == '\a' ? i + 1 : i;
	}
	while (i < n && s[i] >= 0x20 && s[i] < 0x30)
		i++;
	return i < n && s[i] >= 0x30 && s[i] < 0x7f ? i + 1 : i;
}

/* Take the last character back, but nothing before `from`. */
static void
drop_last(struct str *out, size_t from)
{
	while (out->n > from && (out->p[--out->n] & 0xc0) == 0x80)
		;
	if (out->p)
		out->p[out->n] = '\0';
}

/* One character, escape sequence or control at s; how many bytes it took. */
static size_t
line_piece(struct str *out, size_t from, const char *s, size_t n)
{
	unsigned char bytes[5] = {0};
	size_t len;

	switch (*s) {
	case 0x1b:
		return 1 + escape_length(s + 1, n - 1);
	case '\b':
		drop_last(out, from);
		return 1;
	case '\t':
		str_putc(out, '\t');
		return 1;
	default:
		memcpy(bytes, s, n < 4 ? n : 4);
		len = plain_length(bytes);
		if (len == 0) {
			str_putc(out, '?');
			return 1;
		}
		str_put(out, s, len);
		return len;
	}
}

void
text_line(struct str *out, const char *line, size_t n)
{
	const char *cr;
	size_t from = out->n;

	while (n && line[n - 1] == '\r')
		n--;
	if (n && (cr = memrchr(line, '\r', n))) {
		n -= (size_t)(cr + 1 - line);
		line = cr + 1;
	}
	while (n) {
		size_t took = line_piece(out, from, line, n);

		line += took;
		n -= took;
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

void
text_about(struct str *out, int64_t ms)
{
	int64_t s = (ms + 500) / 1000, m = (ms + 30000) / 60000;

	if (s < 100)
		str_add(out, "~%ds", (int)s);
	else if (m < 100)
		str_add(out, "~%dm", (int)m);
	else
		str_add(out, "~%lldh%02dm", (long long)(m / 60), (int)(m % 60));
}

void
text_date(struct str *out, int64_t ms)
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm;
	char day[32];

	if (gmtime_r(&at, &tm) && strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S", &tm) > 0)
		str_puts(out, day);
}

size_t
text_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

/* One character: its bytes, and the columns that it takes. */
static size_t
character(const char *s, size_t *columns)
{
	size_t n = utf8_length((const unsigned char *)s);
	gunichar c;

	*columns = 1;
	if (n <= 1)
		return 1;
	c = g_utf8_get_char(s);
	*columns = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	return n;
}

size_t
text_fit(const char *s, size_t columns)
{
	size_t at = 0, used = 0;

	while (s[at]) {
		size_t width, n = character(s + at, &width);

		if (used + width > columns)
			break;
		used += width;
		at += n;
	}
	return at;
}

size_t
text_width(const char *s)
{
	size_t sum = 0, width;

	while (*s) {
		s += character(s, &width);
		sum += width;
	}
	return sum;
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
