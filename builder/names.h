/* What a spec says of itself when it is run: packed, from a sandbox in which strangers' code ran, to the job outside. */
#ifndef ARTEL_BUILDER_NAMES_H
#define ARTEL_BUILDER_NAMES_H

#include <stddef.h>

#include "base/auto.h"
#include "base/str.h"

struct err;

struct names {
	char *package, *evr;			/* of the source */
	struct strs provides;			/* of its binaries */
	struct strs requires;			/* of its build */
	struct strs exclusive, excluded;	/* architectures */
};
void names_fini(struct names *n);
AUTO_DEFINE_EMBEDDED(struct names, names_fini);
void names_pack(struct str *out, const struct names *n);
int names_unpack(const void *data, size_t size, struct names *out, struct err *err);

/* What a build requires after all (pack_strs()). */
int names_unpack_more(const void *data, size_t size, struct strs *out, struct err *err);

#endif
