#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/text.h"
#include "shell/log-output.h"

enum { PIECE = 16 << 10 };	/* a line that is longer comes in pieces */

void
log_output_fini(struct log_output *o)
{
	free(o->prefix);
	strs_fini(&o->last);
	str_fini(&o->line);
	*o = (struct log_output){0};
}

static void
format(const struct log_output *o, const char *line, size_t n, bool whole, struct str *out)
{
	if (o->prefix && !o->inside)
		str_puts(out, o->prefix);
	if (o->raw)
		str_put(out, line, n);
	else
		text_line(out, line, n);
	if (whole)
		str_putc(out, '\n');
}

static void
line(struct log_output *o, const char *text, size_t n, bool whole)
{
	AUTO(str_fini) struct str out = {0};

	format(o, text, n, whole, &out);
	o->inside = !whole;
	if (!o->tail) {
		fwrite(str_c(&out), 1, out.n, stdout);
	} else if (o->last.n < o->tail) {
		strs_take(&o->last, str_steal(&out));
	} else {
		free(o->last.p[o->first]);
		o->last.p[o->first] = str_steal(&out);
		o->first = (o->first + 1) % o->tail;
	}
}

void
log_output_put(struct log_output *o, const char *data, size_t n)
{
	if (o->raw && !o->prefix && !o->tail) {
		fwrite(data, 1, n, stdout);
		return;
	}
	while (n) {
		const char *end = memchr(data, '\n', n);
		size_t len = end ? (size_t)(end - data) : n;

		str_put(&o->line, data, len);
		if (end || o->line.n >= PIECE) {
			line(o, str_c(&o->line), o->line.n, end != NULL);
			str_clear(&o->line);
		}
		len += end ? 1 : 0;
		data += len;
		n -= len;
	}
}

void
log_output_catch_up(struct log_output *o)
{
	for (size_t i = 0; i < o->last.n; i++)
		fputs(o->last.p[(o->first + i) % o->last.n], stdout);
	strs_fini(&o->last);
	o->first = 0;
	o->tail = 0;
}

void
log_output_end(struct log_output *o)
{
	if (o->line.n || o->inside)
		line(o, str_c(&o->line), o->line.n, true);
	str_clear(&o->line);
	log_output_catch_up(o);
}
