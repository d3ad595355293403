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
};

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
}

void
table_cell(struct table *t, const char *text)
{
	struct str clean = {0};

	text_printable(&clean, text && *text ? text : "-");
	vec_push(&t->cells, str_steal(&clean));
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

/* The first n characters of UTF-8. */
static void
put_cut(struct str *out, const char *text, size_t n)
{
	while (*text && n) {
		do
			str_putc(out, *text++);
		while ((*text & 0xc0) == 0x80);
		n--;
	}
}

static void
put_cell(const char *text, size_t room, bool cut, const char *colour, struct str *out)
{
	size_t n = text_width(text);

	if (colour)
		str_add(out, "\033[%sm", colour);
	if (cut && n > room && room > 1) {
		put_cut(out, text, room - 1);
		str_puts(out, "…");
	} else {
		str_puts(out, text);
	}
	if (colour)
		str_puts(out, "\033[0m");
	for (; !cut && n < room; n++)
		str_putc(out, ' ');
}

void
table_print(const struct table *t, size_t width, bool colour, struct str *out)
{
	size_t widths[TABLE_COLUMNS] = {0}, used = 0, rows = t->cells.n / t->columns;

	for (size_t i = 0; i < t->cells.n; i++)
		if (text_width(t->cells.p[i]) > widths[i % t->columns])
			widths[i % t->columns] = text_width(t->cells.p[i]);
	for (size_t c = 0; c + 1 < t->columns; c++)
		used += widths[c] + 2;
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < t->columns; c++) {
			const char *text = t->cells.p[r * t->columns + c];
			const char *code = !colour ? NULL : r == 0 ? "1" : colour_of(text);
			bool last = c + 1 == t->columns;
			size_t room = !last ? widths[c] : width > used + 8 ? width - used : SIZE_MAX;

			put_cell(text, room, last, code, out);
			str_puts(out, last ? "\n" : "  ");
		}
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
