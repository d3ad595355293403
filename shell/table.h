/* Output for people: aligned columns in any width, colour only on a terminal; and for scripts: tabs. */
#ifndef ARTEL_SHELL_TABLE_H
#define ARTEL_SHELL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

struct str;

enum { TABLE_COLUMNS = 12 };

struct table {
	size_t columns;
	struct {
		char **p;
		size_t n, cap;
	} cells;		/* row by row; the first row is the head */
	struct {
		const char **p;
		size_t n, cap;
	} paint;		/* the colour of each cell; NULL: by its word */
	unsigned flags[TABLE_COLUMNS];
};

enum {
	TABLE_RIGHT = 1 << 0,	/* numbers: aligned to the right */
	TABLE_CUT = 1 << 1,	/* text that may be cut when there is no room; the last column always may */
	TABLE_SPARE = 1 << 2,	/* left out when there is no room; times 1 to 63, the highest first */
};

void table_init(struct table *t, size_t columns);
void table_fini(struct table *t);
AUTO_DEFINE_EMBEDDED(struct table, table_fini);
void table_flags(struct table *t, size_t column, unsigned flags);
/* One cell, made printable; NULL is "-". */
void table_cell(struct table *t, const char *text);
void table_cellf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The colour of the last cell, a number of SGR such as "31"; borrowed. */
void table_paint(struct table *t, const char *colour);
/*
 * Append the table: no line is wider than `width` (0: any). Where it must be narrower, columns are cut, the widest
 * first, but not below ten characters; then spare ones are left out; then the rest is cut. colour: heads bold, states
 * in their colours.
 */
void table_print(const struct table *t, size_t width, bool colour, struct str *out);

/* The terminal's width, 0 if stdout is none; and whether colour is wanted (NO_COLOR unset). */
size_t table_width(void);
bool table_colour(void);

#endif
