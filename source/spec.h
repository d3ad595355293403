/*
 * What a spec says of itself without being run: specs are code (%(...), %{lua:...})
 * and are only ever evaluated inside a sandbox. Name, Epoch, Version and Release are
 * read as text; macros that the spec itself defines as plain text
 * (%define, %global) and %name, %version, ... are expanded, an undefined %{?x} is empty.
 */
#ifndef ARTEL_SOURCE_SPEC_H
#define ARTEL_SOURCE_SPEC_H

#include "base/auto.h"

struct err;

struct spec {
	char *name;
	char *epoch;		/* NULL if the spec gives none */
	char *version;
	char *release;
};

void spec_fini(struct spec *s);
AUTO_DEFINE_EMBEDDED(struct spec, spec_fini);

/* -1 naming the tag that is missing, or the macro that cannot be told without running the spec. */
int spec_scan(const char *text, struct spec *out, struct err *err);
/* The same for a text that need not give them all: what it does not give stays NULL. */
int spec_scan_some(const char *text, struct spec *out, struct err *err);

#endif
