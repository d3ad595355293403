/*
 * A log on its way to stdout. For people: line by line, fit for a terminal, maybe
 * only the last ones, maybe with whose they are in front. Or raw, as it was written.
 */
#ifndef ARTEL_SHELL_LOG_OUTPUT_H
#define ARTEL_SHELL_LOG_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/str.h"

struct log_output {
	bool raw;
	char *prefix;		/* of each line; NULL: none */
	size_t tail;		/* only so many of the last lines; 0: all. 0 again once they are out */
	struct strs last;	/* those, so far: a ring from `first` on */
	size_t first;
	struct str line;	/* the begun one */
	bool inside;		/* its beginning is out already */
};
void log_output_fini(struct log_output *o);
AUTO_DEFINE_EMBEDDED(struct log_output, log_output_fini);

void log_output_put(struct log_output *o, const char *data, size_t n);
/* The end of what was there when it was asked for: the last lines are printed, and all that comes from now on. */
void log_output_catch_up(struct log_output *o);
/* No more will come. */
void log_output_end(struct log_output *o);

#endif
