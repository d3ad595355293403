#include <math.h>
#include <stdbool.h>

#include "base/str.h"
#include "bench/replay-svg.h"

/* Of the picture, in its own units. */
enum { LEFT = 46, WIDTH = 230, GAP = 58, TOP = 34, HEIGHT = 220, LINE = 16, COLUMNS = 4 };

static const char style[] =
    "<style>\n"
    "svg{font:11px sans-serif}\n"
    ".paper{fill:#fff}.ink{fill:#1f2328}.faint{stroke:#d0d7de}.axis{stroke:#59636e}.axis,.faint{fill:none}\n"
    ".h0{stroke:#bc4c00}.h1{stroke:#0550ae}.m0{fill:#bc4c00}.m1{fill:#0550ae}.line{fill:none;stroke-width:1.6}\n"
    ".d1{stroke-dasharray:8 3}.d2{stroke-dasharray:4 3}.d3{stroke-dasharray:1.5 3}.title{font-size:13px;font-weight:bold}\n"
    "@media (prefers-color-scheme:dark){.paper{fill:#0d1117}.ink{fill:#e6edf3}.faint{stroke:#30363d}.axis{stroke:#9198a1}\n"
    ".h0{stroke:#ffa657}.h1{stroke:#79c0ff}.m0{fill:#ffa657}.m1{fill:#79c0ff}}\n"
    "</style>\n";

static void
text(struct str *out, double x, double y, const char *anchor, const char *class, const char *words)
{
	str_add(out, "<text class=\"ink%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y, anchor);
	for (; *words; words++) {
		if (*words == '<' || *words == '&')
			str_puts(out, *words == '<' ? "&lt;" : "&amp;");
		else
			str_putc(out, *words);
	}
	str_puts(out, "</text>\n");
}

/* Where a chart's values are: the ends of both axes as logarithms. */
struct scale {
	double left, x0, x1, y0, y1;
};

static double
place_x(const struct scale *s, double x)
{
	return s->left + (s->x1 > s->x0 ? (log10(x) - s->x0) / (s->x1 - s->x0) : 0.5) * WIDTH;
}

static double
place_y(const struct scale *s, double y)
{
	double at = y > 0 ? log10(y) : s->y0;

	return TOP + HEIGHT - ((at < s->y0 ? s->y0 : at) - s->y0) / (s->y1 - s->y0) * HEIGHT;
}

static struct scale
fit(const struct svg_chart *c, double left)
{
	struct scale s = {left, log10(c->x[0]), log10(c->x[c->n - 1]), log10(c->least), log10(c->least) + 1};

	for (size_t l = 0; l < c->n_lines; l++)
		for (size_t i = 0; i < c->n; i++)
			if (c->lines[l].y[i] > 0)
				s.y1 = fmax(s.y1, ceil(log10(c->lines[l].y[i])));
	return s;
}

static void
axes(struct str *out, const struct svg_chart *c, const struct scale *s)
{
	char label[32];

	for (double d = s->y0; d < s->y1 + 0.5; d++) {
		double y = place_y(s, pow(10, d));

		snprintf(label, sizeof(label), d >= 6 ? "%.0fM" : d >= 3 ? "%.0fk" : "%g", pow(10, d >= 6 ? d - 6 : d >= 3 ? d - 3 : d));
		str_add(out, "<path class=\"faint\" d=\"M%.1f %.1fh%d\"/>\n", s->left, y, WIDTH);
		text(out, s->left - 5, y + 4, "end", "", label);
	}
	for (size_t i = 0; i < c->n; i++) {
		double x = place_x(s, c->x[i]);

		snprintf(label, sizeof(label), "%g", c->x[i]);
		str_add(out, "<path class=\"axis\" d=\"M%.1f %dv4\"/>\n", x, TOP + HEIGHT);
		text(out, x, TOP + HEIGHT + 16, "middle", "", label);
	}
	str_add(out, "<path class=\"axis\" d=\"M%.1f %dv%dh%d\"/>\n", s->left, TOP, HEIGHT, WIDTH);
	text(out, s->left - 30, TOP - 14, "start", " title", c->title);
	text(out, s->left + WIDTH / 2.0, TOP + HEIGHT + 32, "middle", "", c->x_label);
}

static void
mark(struct str *out, const struct svg_line *l, double x, double y)
{
	if (l->hue == 0)
		str_add(out, "<path class=\"m0\" d=\"M%.1f %.1fh6v6h-6z\"/>", x - 3, y - 3);
	else
		str_add(out, "<circle class=\"m1\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", x, y);
}

static void
line(struct str *out, const struct svg_chart *c, const struct scale *s, const struct svg_line *l)
{
	str_add(out, "<path class=\"line h%u d%u\" d=\"", l->hue, l->dash);
	for (size_t i = 0; i < c->n; i++)
		str_add(out, "%c%.1f %.1f", i ? 'L' : 'M', place_x(s, c->x[i]), place_y(s, l->y[i]));
	str_puts(out, "\"/>\n");
	for (size_t i = 0; i < c->n; i++)
		mark(out, l, place_x(s, c->x[i]), place_y(s, l->y[i]));
	str_putc(out, '\n');
}

/* In rows of COLUMNS. */
static void
legend(struct str *out, const struct svg_chart *c, double top, double width)
{
	for (size_t i = 0; i < c->n_lines; i++) {
		const struct svg_line *l = &c->lines[i];
		double x = LEFT + (double)(i % COLUMNS) * (width - LEFT) / COLUMNS, y = top + (double)(i / COLUMNS) * LINE;

		str_add(out, "<path class=\"line h%u d%u\" d=\"M%.1f %.1fh34\"/>", l->hue, l->dash, x, y - 4);
		mark(out, l, x + 17, y - 4);
		text(out, x + 40, y, "start", "", l->name);
	}
}

void
svg_charts(struct str *out, const struct svg_chart *charts, size_t n, const char *const *caption, size_t n_caption)
{
	double width = LEFT + (double)n * (WIDTH + GAP), legend_top = TOP + HEIGHT + 56;
	double caption_top = legend_top + (double)((charts[0].n_lines + COLUMNS - 1) / COLUMNS) * LINE + 6;
	double height = caption_top + (double)n_caption * LINE;

	str_puts(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" ");
	str_add(out, "viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\">\n", width, height, width, height);
	str_puts(out, style);
	str_puts(out, "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
	for (size_t i = 0; i < n; i++) {
		const struct scale s = fit(&charts[i], LEFT + (double)i * (WIDTH + GAP));

		axes(out, &charts[i], &s);
		for (size_t l = 0; l < charts[i].n_lines; l++)
			line(out, &charts[i], &s, &charts[i].lines[l]);
	}
	legend(out, &charts[0], legend_top, width);
	for (size_t i = 0; i < n_caption; i++)
		text(out, LEFT, caption_top + (double)i * LINE, "start", "", caption[i]);
	str_puts(out, "</svg>\n");
}
