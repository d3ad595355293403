/* What is known at a glance as JSON: see artel-status(7). */
#ifndef ARTEL_SHELL_GLANCE_JSON_H
#define ARTEL_SHELL_GLANCE_JSON_H

#include <jansson.h>

struct builder;
struct glance;

/* A new reference. */
json_t *glance_json(const struct glance *g);
/* One of its builders, which is what `builder ls` prints too. */
json_t *builder_json(const struct builder *b);

#endif
