/* The one growable string. A zeroed one is empty; p is NUL-terminated once written to. */
#ifndef ARTEL_BASE_STR_H
#define ARTEL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"

struct str {
	char *p;		/* n bytes and a NUL; NULL while nothing was written */
	size_t n;
	size_t cap;
};

void str_fini(struct str *s);
AUTO_DEFINE_EMBEDDED(struct str, str_fini);

void str_put(struct str *s, const void *data, size_t n);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_add(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes: where to write them; the writer adds what it wrote to n. */
char *str_room(struct str *s, size_t n);
/* Forget the content, keep the memory. */
void str_clear(struct str *s);
/* Drop the first n bytes. */
void str_shift(struct str *s, size_t n);
/* The content as a C string; never NULL. Valid until the next change. */
const char *str_c(const struct str *s);
/* Hand the content over as a malloc'ed C string, never NULL; s is empty then. */
char *str_steal(struct str *s);

/* A list of owned strings. */
struct strs {
	char **p;
	size_t n;
	size_t cap;
};

void strs_fini(struct strs *s);
AUTO_DEFINE_EMBEDDED(struct strs, strs_fini);
void strs_add(struct strs *s, const char *text);
void strs_take(struct strs *s, char *text);
bool strs_has(const struct strs *s, const char *text);
void strs_sort(struct strs *s);
/* Split at any run of the separators; no empty pieces. */
void strs_split(struct strs *s, const char *text, const char *separators);
/* Join with sep; malloc'ed. */
char *strs_join(const struct strs *s, const char *sep);

#endif
