/* The ELF symbols of a package as a repository knows them: names behind the byte INDEX_SYMBOL. */
#ifndef ARTEL_REPO_SYMBOLS_H
#define ARTEL_REPO_SYMBOLS_H

#include "base/map.h"

struct facts;

struct symbols {
	struct map defines;	/* "foo@VERSION", and "foo" for it too: who asks for no version takes any */
	struct map uses;	/* what the package does not define itself */
};
void symbols_fini(struct symbols *s);
AUTO_DEFINE_EMBEDDED(struct symbols, symbols_fini);

/* Of all its ELF files together; those of 32 bits are apart from those of 64. */
void symbols_take(struct symbols *s, const struct facts *f);

#endif
