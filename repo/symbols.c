/*
 * The dynamic linker looks a symbol up in all that is loaded, so that symbols
 * are the repository's, not a library's: one that some package defines is defined.
 */
#include <string.h>

#include "base/str.h"
#include "package/facts.h"
#include "repo/index.h"
#include "repo/symbols.h"

void
symbols_fini(struct symbols *s)
{
	map_fini(&s->defines);
	map_fini(&s->uses);
}

static const char *
key(struct str *out, const char *symbol, size_t n, uint32_t bits)
{
	str_clear(out);
	str_putc(out, INDEX_SYMBOL);
	str_put(out, symbol, n);
	str_puts(out, bits == 32 ? " (32bit)" : "");
	return str_c(out);
}

void
symbols_take(struct symbols *s, const struct facts *f)
{
	AUTO(str_fini) struct str text = {0};

	for (size_t i = 0; i < f->elf.n; i++) {
		const struct elf_facts *e = &f->elf.p[i].facts;

		for (size_t k = 0; k < e->defines.n; k++) {
			size_t n = strcspn(e->defines.p[k], "@");

			map_add(&s->defines, key(&text, e->defines.p[k], strlen(e->defines.p[k]), e->bits));
			if (e->defines.p[k][n])
				map_add(&s->defines, key(&text, e->defines.p[k], n, e->bits));
		}
	}
	for (size_t i = 0; i < f->elf.n; i++) {
		const struct elf_facts *e = &f->elf.p[i].facts;

		for (size_t k = 0; k < e->uses.n; k++) {
			const char *use = key(&text, e->uses.p[k], strlen(e->uses.p[k]), e->bits);

			if (map_find(&s->defines, use) == MAP_NONE)
				map_add(&s->uses, use);
		}
	}
}
