/*
 * A version is a sequence of tokens, and the order of sequences is the order of
 * their first difference: `~` < end < `^` < letters < digits. Each token begins
 * with a byte of that rank; digits carry their count before them, so that longer
 * numbers are larger; letters need no end, because every rank is below any letter.
 */
#include <string.h>

#include "base/str.h"
#include "package/version.h"

enum { RANK_TILDE = 1, RANK_END, RANK_CARET, RANK_ALPHA, RANK_DIGITS };
enum { COUNT_BASE = 200 };		/* digits of the count, each 1 to 200 */

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t
put_digits(struct str *out, const char *p, size_t n)
{
	size_t i = 0, from;

	while (i < n && p[i] == '0')
		i++;
	for (from = i; i < n && is_digit(p[i]);)
		i++;
	str_putc(out, RANK_DIGITS);
	/* Three digits of the count: numbers of eight million figures are told apart. */
	str_putc(out, (char)(1 + (i - from) / COUNT_BASE / COUNT_BASE % COUNT_BASE));
	str_putc(out, (char)(1 + (i - from) / COUNT_BASE % COUNT_BASE));
	str_putc(out, (char)(1 + (i - from) % COUNT_BASE));
	str_put(out, p + from, i - from);
	return i;
}

static size_t
put_alpha(struct str *out, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && is_alpha(p[i]))
		i++;
	str_putc(out, RANK_ALPHA);
	str_put(out, p, i);
	return i;
}

void
version_normal(struct str *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (is_digit(p[i]))
			i += put_digits(out, p + i, n - i);
		else if (is_alpha(p[i]))
			i += put_alpha(out, p + i, n - i);
		else if (p[i] == '~' || p[i] == '^')
			str_putc(out, p[i++] == '~' ? RANK_TILDE : RANK_CARET);
		else
			i++;
	}
	str_putc(out, RANK_END);
}

struct version_parts
version_split(const char *evr)
{
	struct version_parts v = {.version = evr};
	const char *p = evr, *dash;
	uint64_t epoch = 0;

	for (; is_digit(*p); p++)
		epoch = epoch < UINT32_MAX ? epoch * 10 + (uint64_t)(*p - '0') : epoch;
	if (*p == ':') {
		v.epoch = epoch < UINT32_MAX ? (uint32_t)epoch : UINT32_MAX;
		v.version = p + 1;
	}
	v.version_n = strlen(v.version);
	/* rpm looks for the dash behind the leading digits and the colon. */
	dash = strrchr(p, '-');
	if (dash && dash >= v.version) {
		v.release = dash + 1;
		v.release_n = strlen(v.release);
		v.version_n = (size_t)(dash - v.version);
		if (!v.release_n)
			v.release = NULL;
	}
	return v;
}
