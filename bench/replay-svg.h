/*
 * Line charts beside each other, both axes logarithmic, as one SVG that needs nothing else: colours follow whether the
 * reader prefers light or dark, and lines differ in marks and dashes too.
 */
#ifndef ARTEL_BENCH_REPLAY_SVG_H
#define ARTEL_BENCH_REPLAY_SVG_H

#include <stddef.h>

struct str;

struct svg_line {
	const char *name;		/* for the legend; plain text */
	unsigned hue;			/* 0 or 1: colour and mark */
	unsigned dash;			/* 0 to 3: from a full line to dots */
	const double *y;		/* one for each of the chart's x; what is below its least is drawn there */
};

struct svg_chart {
	const char *title, *x_label;
	const double *x;		/* rising, > 0 */
	size_t n;
	const struct svg_line *lines;
	size_t n_lines;
	double least;			/* a power of ten: where y begins */
};

/* The legend is of the first chart's lines; caption: lines of plain text below it. */
void svg_charts(struct str *out, const struct svg_chart *charts, size_t n, const char *const *caption, size_t n_caption);

#endif
