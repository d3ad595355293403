#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"

void
str_fini(struct str *s)
{
	free(s->p);
	*s = (struct str){0};
}

static void
reserve(struct str *s, size_t more)
{
	size_t want = s->n + more + 1;

	if (s->cap >= want)
		return;
	s->cap = s->cap * 2 > want ? s->cap * 2 : want + 32;
	s->p = xrealloc(s->p, s->cap);
}

char *
str_room(struct str *s, size_t n)
{
	reserve(s, n);
	return s->p + s->n;
}

void
str_put(struct str *s, const void *data, size_t n)
{
	reserve(s, n);
	if (n)
		memcpy(s->p + s->n, data, n);
	s->n += n;
	s->p[s->n] = '\0';
}

void
str_puts(struct str *s, const char *text)
{
	str_put(s, text, strlen(text));
}

void
str_putc(struct str *s, char c)
{
	str_put(s, &c, 1);
}

void
str_add(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	reserve(s, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(s->p + s->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->n += (size_t)n;
}

void
str_clear(struct str *s)
{
	s->n = 0;
	if (s->p)
		s->p[0] = '\0';
}

void
str_shift(struct str *s, size_t n)
{
	if (n == 0)
		return;
	memmove(s->p, s->p + n, s->n - n + 1);
	s->n -= n;
}

const char *
str_c(const struct str *s)
{
	return s->p ? s->p : "";
}

char *
str_steal(struct str *s)
{
	char *p = s->p ? s->p : xstrdup("");

	*s = (struct str){0};
	return p;
}

void
strs_fini(struct strs *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->p[i]);
	vec_fini(s);
}

void
strs_add(struct strs *s, const char *text)
{
	strs_take(s, xstrdup(text));
}

void
strs_take(struct strs *s, char *text)
{
	vec_push(s, text);
}

bool
strs_has(const struct strs *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->p[i], text) == 0)
			return true;
	return false;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
strs_sort(struct strs *s)
{
	if (s->n)
		qsort(s->p, s->n, sizeof(*s->p), by_text);
}

void
strs_split(struct strs *s, const char *text, const char *separators)
{
	while (*text) {
		size_t n = strcspn(text, separators);

		if (n)
			strs_take(s, xstrndup(text, n));
		text += n;
		text += strspn(text, separators);
	}
}

char *
strs_join(const struct strs *s, const char *sep)
{
	struct str out = {0};

	for (size_t i = 0; i < s->n; i++) {
		if (i)
			str_puts(&out, sep);
		str_puts(&out, s->p[i]);
	}
	return str_steal(&out);
}
