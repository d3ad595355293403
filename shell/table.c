#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "shell/table.h"

static const struct {
	const char *word, *code;
} colours[] = {
	{"DONE", "32"}, {"BUILT", "32"}, {"TESTED", "32"}, {"OK", "32"}, {"FAILED", "31"}, {"EPERM", "31"},
	{"CANCELLED", "33"}, {"BUILDING", "36"}, {"MERGING", "36"}, {"AWAITING", "33"}, {"POSTPONED", "33"},
	{"online", "32"}, {"offline", "31"}, {"draining", "33"}, {"disabled", "33"}, {"ABANDONED", "31"}, {"CURRENT", "36"},
	{"PREPARED", "36"},
};

enum { LEAST = 10 };		/* a column of text that is worth its room */

void
table_init(struct table *t, size_t columns)
{
	*t = (struct table){.columns = columns};
}

void
table_fini(struct table *t)
{
	for (size_t i = 0; i < t->cells.n; i++)
		free(t->cells.p[i]);
	vec_fini(&t->cells);
	vec_fini(&t->paint);
}

void
table_flags(struct table *t, size_t column, unsigned flags)
{
	t->flags[column] = flags;
}

void
table_cell(struct table *t, const char *text)
{
	struct str clean = {0};

	text_printable(&clean, text && *text ? text : "-");
	vec_push(&t->cells, str_steal(&clean));
	vec_push(&t->paint, NULL);
}

void
table_paint(struct table *t, const char *colour)
{
	t->paint.p[t->paint.n - 1] = colour;
}

void
table_cellf(struct table *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_cell(t, text);
}

static const char *
colour_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
		if (strcmp(colours[i].word, word) == 0)
			return colours[i].code;
	return NULL;
}

/* One cell in so many columns; `pad`: blanks behind it as well. */
static void
put_cell(const char *text, size_t room, unsigned flags, bool pad, const char *colour, struct str *out)
{
	bool cut = text_width(text) > room;
	AUTO(free) char *shown = xstrndup(text, cut ? text_fit(text, room - 1) : strlen(text));
	size_t width = text_width(shown) + cut;

	for (size_t n = width; (flags & TABLE_RIGHT) && n < room; n++)
		str_putc(out, ' ');
	if (colour)
		str_add(out, "\033[%sm", colour);
	str_puts(out, shown);
	str_puts(out, cut ? "…" : "");
	if (colour)
		str_puts(out, "\033[0m");
	for (size_t n = width; pad && !(flags & TABLE_RIGHT) && n < room; n++)
		str_putc(out, ' ');
}

/* Widths. A column of width 0 is left out. */

static size_t
taken(const size_t *widths, size_t columns)
{
	size_t sum = 0;

	for (size_t c = 0; c < columns; c++)
		sum += widths[c] ? widths[c] + (sum ? 2 : 0) : 0;
	return sum;
}

/* The widest column that is wider than `least`; only such as may be cut, or any. */
static size_t
widest(const struct table *t, const size_t *widths, size_t least, bool any)
{
	size_t best = t->columns;

	for (size_t c = 0; c < t->columns; c++)
		if ((any || c + 1 == t->columns || t->flags[c] & TABLE_CUT) && widths[c] > least &&
		    (best == t->columns || widths[c] >= widths[best]))
			best = c;
	return best;
}

/* Leave out the column that is spared most easily. */
static bool
spare(const struct table *t, size_t *widths)
{
	size_t best = t->columns;

	for (size_t c = 0; c < t->columns; c++)
		if (widths[c] && t->flags[c] >= TABLE_SPARE && (best == t->columns || t->flags[c] / TABLE_SPARE > t->flags[best] / TABLE_SPARE))
			best = c;
	if (best < t->columns)
		widths[best] = 0;
	return best < t->columns;
}

static void
fit(const struct table *t, size_t *widths, size_t width)
{
	size_t c;

	while (taken(widths, t->columns) > width) {
		if ((c = widest(t, widths, LEAST, false)) < t->columns)
			widths[c]--;
		else if (spare(t, widths))
			continue;
		else if ((c = widest(t, widths, 1, false)) < t->columns || (c = widest(t, widths, 1, true)) < t->columns)
			widths[c]--;
		else
			return;
	}
}

void
table_print(const struct table *t, size_t width, bool colour, struct str *out)
{
	size_t widths[TABLE_COLUMNS] = {0}, rows = t->cells.n / t->columns, last = 0;

	for (size_t i = 0; i < t->cells.n; i++)
		if (text_width(t->cells.p[i]) > widths[i % t->columns])
			widths[i % t->columns] = text_width(t->cells.p[i]);
	if (width)
		fit(t, widths, width);
	for (size_t c = 0; c < t->columns; c++)
		last = widths[c] ? c : last;
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c <= last; c++) {
			size_t i = r * t->columns + c;
			const char *code = r == 0 ? "1" : t->paint.p[i] ? t->paint.p[i] : colour_of(t->cells.p[i]);

			if (!widths[c])
				continue;
			put_cell(t->cells.p[i], widths[c], t->flags[c], c < last, colour ? code : NULL, out);
			str_puts(out, c == last ? "\n" : "  ");
		}
}

size_t
table_width(void)
{
	struct winsize w;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

bool
table_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}
