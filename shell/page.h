/* What is known at a glance, as a page of text: a summary and a table for each thing there is. */
#ifndef ARTEL_SHELL_PAGE_H
#define ARTEL_SHELL_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shell/glance.h"

struct str;

struct page_size {
	size_t width;		/* no line is wider; 0: any */
	size_t height;		/* lines to fill at most, tables are cut to that; 0: as many as a page usually has */
	bool colour;
};

/* Append it, as it is at `now` (ms). */
void page_render(const struct glance *g, int64_t now, const struct page_size *size, struct str *out);

#endif
