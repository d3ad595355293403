/*
 * A cursor over XML in memory that may end anywhere. What is not all there yet gives XML_MORE, and
 * the caller reads the same thing again from its start when it has more bytes. Malformed gives -1
 * and says why in `what`.
 *
 * Well-formed UTF-8 is taken for granted, not checked; a NUL byte is taken for the end. Elements are
 * known by their local names: the prefix is dropped, whatever it is bound to. There are no document
 * types, so the five entities and the numbered ones are all there are.
 */
#ifndef ARTEL_PACKAGE_XML_H
#define ARTEL_PACKAGE_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XML_MORE = 1, XML_DEPTH_MAX = 64, XML_SLACK = 16 };

struct xml {
	const char *p;
	const char *end;	/* *end is a NUL, and XML_SLACK bytes from there may be read */
	const char *what;	/* after -1: what is wrong at p */
};

/* A name as it is written, and its part after the prefix. Points into the text. */
struct xml_name {
	const char *full, *local;
	uint32_t full_n, local_n;
};

/* A value as it is written, between quotes or tags. p NULL: there is none. */
struct xml_value {
	const char *p;
	size_t n;
	bool odd;		/* has something to decode */
};

enum xml_kind { XML_OPEN, XML_CLOSE };

/*
 * Go on to the next tag, past text, comments and instructions, and read its name. An open tag's
 * attributes come next: xml_attributes(). Of a close tag nothing is left.
 */
int xml_tag(struct xml *x, struct xml_name *name, enum xml_kind *kind);
/* Read an open tag to its end; value[i] is that of the attribute wanted[i]. *empty: "/>". */
int xml_attributes(struct xml *x, const char *const *wanted, size_t n, struct xml_value *value, bool *empty);
/* The text up to the close tag of `name`, and that tag. */
int xml_text(struct xml *x, const struct xml_name *name, struct xml_value *value);
/* All that is left of an element after its name. */
int xml_skip(struct xml *x, const struct xml_name *name);
/* An element that is wanted, and what to do with it. */
struct xml_element {
	const char *name;	/* local */
	/* The cursor is behind the name of the open tag; afterwards behind the close tag. */
	int (*take)(struct xml *x, const struct xml_name *name, void *arg, int which);
	int which;
};
/* All children of an open element whose attributes were read, and its close tag; unknown ones are passed over. */
int xml_children(struct xml *x, const struct xml_name *parent, const struct xml_element *known, size_t n, void *arg);
/* Whether n bytes are this text. By hand: most differ in the first byte, and a call would cost more. */
static inline bool
xml_same(const char *p, size_t n, const char *text)
{
	for (; n > 0 && *p == *text; p++, text++)
		n--;
	return n == 0 && *text == '\0';
}

/* Whether a value, undecoded, is this text. */
static inline bool
xml_is(const struct xml_value *value, const char *text)
{
	return value->p && xml_same(value->p, value->n, text);
}

/* An error at p; always -1. */
int xml_bad(struct xml *x, const char *what);

/*
 * Write a value decoded, without a NUL: n bytes at most. Attributes have white space made spaces,
 * texts line ends made newlines. *what is set to what is wrong if NULL is given back, else the end.
 */
char *xml_decode(const struct xml_value *value, bool attribute, char *to, const char **what);

#endif
