/* Output for people: aligned columns in any width, colour only on a terminal; and for scripts: tabs. */
#ifndef ARTEL_SHELL_TABLE_H
#define ARTEL_SHELL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

struct str;

enum { TABLE_COLUMNS = 10 };

struct table {
	size_t columns;
	struct {
		char **p;
		size_t n, cap;
	} cells;		/* row by row; the first row is the head */
};

void table_init(struct table *t, size_t columns);
void table_fini(struct table *t);
AUTO_DEFINE_EMBEDDED(struct table, table_fini);
/* One cell, made printable; NULL is "-". */
void table_cell(struct table *t, const char *text);
void table_cellf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Append the table, its last column cut to what `width` leaves (0: not cut). colour: heads bold, states in
 * their colours.
 */
void table_print(const struct table *t, size_t width, bool colour, struct str *out);

/* The terminal's width, 0 if stdout is none; and whether colour is wanted (NO_COLOR unset). */
size_t table_width(void);
bool table_colour(void);

#endif
