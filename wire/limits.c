/* One table says each limit's name, unit and place; parsing, printing and packing go by it. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/text.h"
#include "wire/limits.h"

enum unit { BYTES, COUNT, TIME, UNITS };

/* From the largest: printing takes the first that divides. */
static const struct suffix {
	const char *name;
	uint64_t factor;
} suffixes[UNITS][5] = {
	[BYTES] = {{"T", 1ull << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}},
	[COUNT] = {{"M", 1000000}, {"k", 1000}, {"", 1}},
	[TIME] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"", 1000}},
};

static const struct {
	const char *name;
	size_t offset;
	enum unit unit;
} fields[] = {
	{"time", offsetof(struct limits, time_ms), TIME},
	{"silence", offsetof(struct limits, silence_ms), TIME},
	{"output", offsetof(struct limits, output_bytes), BYTES},
	{"memory", offsetof(struct limits, memory_bytes), BYTES},
	{"processes", offsetof(struct limits, processes), COUNT},
	{"disk", offsetof(struct limits, disk_bytes), BYTES},
	{"files", offsetof(struct limits, files), COUNT},
};

static const int64_t number_max = 1000000000;

static uint64_t
get(const struct limits *l, size_t i)
{
	uint64_t v;

	memcpy(&v, (const char *)l + fields[i].offset, sizeof(v));
	return v;
}

static void
set(struct limits *l, size_t i, uint64_t v)
{
	memcpy((char *)l + fields[i].offset, &v, sizeof(v));
}

enum { WRONG = 1, TOO_BIG = 2 };

/* A number and a suffix of the unit. WRONG if it is anything else, TOO_BIG. */
static int
parse_value(const char *text, enum unit unit, uint64_t *out)
{
	AUTO(free) char *digits = xstrndup(text, strspn(text, "0123456789"));
	int64_t n = text_number(digits, number_max);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes[unit]) && *digits; i++)
		if (suffixes[unit][i].name && strcmp(text + strlen(digits), suffixes[unit][i].name) == 0) {
			*out = (uint64_t)(n < 0 ? 0 : n) * suffixes[unit][i].factor;
			/* A time is an int64_t, and is added to others. */
			return n < 0 || *out > INT64_MAX / 4 ? TOO_BIG : 0;
		}
	return WRONG;
}

static int
parse_word(struct limits *l, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strlen(fields[i].name);
		uint64_t v;
		int r;

		if (strncmp(word, fields[i].name, n) != 0 || word[n] != '=')
			continue;
		if ((r = parse_value(word + n + 1, fields[i].unit, &v)))
			return r;
		set(l, i, v);
		return 0;
	}
	return WRONG;
}

int
limits_parse(struct limits *l, const char *text, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};
	struct limits new = *l;

	strs_split(&words, text, " \t\n");
	for (size_t i = 0; i < words.n; i++) {
		int r = parse_word(&new, words.p[i]);

		if (r == TOO_BIG)
			return err_set(err, EINVAL, "limit `%s` is too big", words.p[i]);
		if (r)
			return err_set(err, EINVAL, "limit `%s`: must be time=2h, silence=30m, output=100M, memory=4G, "
			    "processes=1000, disk=20G, files=1M, or several of these", words.p[i]);
	}
	*l = new;
	return 0;
}

/* The largest suffix that divides it, else one decimal of the largest that is not more than it. */
static void
put(struct str *out, enum unit unit, uint64_t n)
{
	const struct suffix *s = suffixes[unit];

	while (s->factor > 1 && s[1].name && n % s->factor)
		s++;
	if (n / s->factor >= 10000 || n == 0) {
		s = suffixes[unit];
		while (s->factor > 1 && s[1].name && n < s->factor)
			s++;
	}
	if (n % s->factor)
		str_add(out, "%.1f%s", (double)n / (double)s->factor, s->name);
	else
		str_add(out, "%llu%s", (unsigned long long)(n / s->factor), s->name);
}

void
limits_put_bytes(struct str *out, uint64_t n)
{
	put(out, BYTES, n);
}

void
limits_put_count(struct str *out, uint64_t n)
{
	put(out, COUNT, n);
}

void
limits_put_time(struct str *out, int64_t ms)
{
	if (ms % 1000)
		text_duration(out, ms);
	else
		put(out, TIME, (uint64_t)ms);
}

void
limits_text(struct str *out, const struct limits *l)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct suffix *s = suffixes[fields[i].unit];
		uint64_t v = get(l, i);

		if (v == 0)
			continue;
		while (v % s->factor && s->factor > 1 && s[1].name)
			s++;
		str_add(out, "%s%s=%llu%s", first ? "" : " ", fields[i].name, (unsigned long long)(v / s->factor), s->name);
		first = false;
	}
}

void
limits_pack(struct str *out, const struct limits *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		pack_u64(out, get(l, i));
}

struct limits
limits_unpack(struct unpack *u)
{
	struct limits l = {0};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t v = unpack_u64(u);

		u->bad |= v > INT64_MAX / 4;
		set(&l, i, v);
	}
	return l;
}

void
usage_pack(struct str *out, const struct usage *u)
{
	pack_u64(out, (uint64_t)u->elapsed_ms);
	pack_u64(out, (uint64_t)u->cpu_ms);
	pack_u64(out, u->memory_bytes);
	pack_u64(out, u->disk_bytes);
}

struct usage
usage_unpack(struct unpack *u)
{
	struct usage out = {0};
	uint64_t *all[] = {(uint64_t *)&out.elapsed_ms, (uint64_t *)&out.cpu_ms, &out.memory_bytes, &out.disk_bytes};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		*all[i] = unpack_u64(u);
		u->bad |= *all[i] > INT64_MAX / 4;
	}
	return out;
}

void
usage_text(struct str *out, const struct usage *u)
{
	str_add(out, "%.1f s, cpu %.1f s", (double)u->elapsed_ms / 1000, (double)u->cpu_ms / 1000);
	if (u->memory_bytes) {
		str_puts(out, ", memory ");
		limits_put_bytes(out, u->memory_bytes);
	}
	str_puts(out, ", disk ");
	limits_put_bytes(out, u->disk_bytes);
}
