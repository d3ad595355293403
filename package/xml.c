/*
 * Bytes are looked at eight at a time where they are not looked at by memchr: most of a repository's
 * metadata is short attribute values, for which a call costs more than the search. Every search ends
 * at the NUL behind the last byte, so none has to compare with the end.
 */
#include <endian.h>
#include <string.h>

#include "package/xml.h"

#define EACH(byte) (0x0101010101010101u * (byte))

int
xml_bad(struct xml *x, const char *what)
{
	x->what = what;
	return -1;
}

/* A NUL is found where the text ends: nothing is wrong, there is but no more. */
static int
stopped(struct xml *x, const char *at, const char *what)
{
	if (at >= x->end)
		return XML_MORE;
	x->p = at;
	return xml_bad(x, what);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The first byte that is '<' or below '(': the quotes, '&', blanks and what has no business here. */
static inline const char *
find_special(const char *p)
{
	for (;; p += 8) {
		uint64_t word, less, hit;

		memcpy(&word, p, 8);
		word = le64toh(word);
		less = word ^ EACH('<');
		hit = ((word - EACH('(')) & ~word) | ((less - EACH(1)) & ~less);
		hit &= EACH(0x80);
		if (hit)
			return p + (__builtin_ctzll(hit) >> 3);
	}
}

/* Past blanks; most are a newline and an indentation. */
static inline const char *
skip_blanks(const char *p)
{
	if (*p == '\n') {
		uint64_t word;

		memcpy(&word, ++p, 8);
		word = le64toh(word) ^ EACH(' ');
		p += word ? __builtin_ctzll(word) >> 3 : 8;
	}
	while (is_space(*p))
		p++;
	return p;
}

/* Bytes that end a name. */
static const bool ends_name[256] = {['\0'] = 1, [' '] = 1, ['\n'] = 1, ['\t'] = 1, ['\r'] = 1, ['/'] = 1, ['>'] = 1,
    ['='] = 1, ['<'] = 1, ['"'] = 1, ['\''] = 1, ['&'] = 1};

static const char *
read_name(const char *p, struct xml_name *name)
{
	const char *start = p, *local = p;

	for (; !ends_name[(unsigned char)*p]; p++)
		if (*p == ':')
			local = p + 1;
	name->full = start;
	name->local = local;
	name->full_n = (uint32_t)(p - start);
	name->local_n = (uint32_t)(p - local);
	return p;
}

/* Past what stands between `from` and the mark that ends it. */
static int
skip_to(struct xml *x, const char *from, const char *mark)
{
	const char *found = memmem(from, (size_t)(x->end - from), mark, strlen(mark));

	if (!found)
		return XML_MORE;
	x->p = found + strlen(mark);
	return 0;
}

static const struct {
	const char *open, *close;
} asides[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

/* At "<!" or "<?": past a comment, a CDATA section, an instruction. */
static int
skip_aside(struct xml *x)
{
	size_t left = (size_t)(x->end - x->p);

	for (size_t i = 0; i < sizeof(asides) / sizeof(asides[0]); i++) {
		size_t n = strlen(asides[i].open);

		if (memcmp(x->p, asides[i].open, left < n ? left : n) == 0)
			return left < n ? XML_MORE : skip_to(x, x->p + n, asides[i].close);
	}
	return xml_bad(x, "a document type or an unknown `<!`");
}

/* At "</": read the name and the '>'. */
static int
read_close(struct xml *x, struct xml_name *name)
{
	const char *p = read_name(x->p + 2, name);

	while (is_space(*p))
		p++;
	if (*p != '>' || name->full_n == 0)
		return stopped(x, p, "no close tag");
	x->p = p + 1;
	return 0;
}

int
xml_tag(struct xml *x, struct xml_name *name, enum xml_kind *kind)
{
	for (;;) {
		const char *p = skip_blanks(x->p);
		int r;

		if (*p != '<' && !(p = memchr(p, '<', (size_t)(x->end - p))))
			return XML_MORE;
		x->p = p;
		if (p[1] == '/') {
			*kind = XML_CLOSE;
			return read_close(x, name);
		}
		if (p[1] != '!' && p[1] != '?') {
			p = read_name(p + 1, name);
			*kind = XML_OPEN;
			if (p >= x->end)
				return XML_MORE;
			if (name->full_n == 0)
				return xml_bad(x, "a `<` that begins no tag");
			x->p = p;
			return 0;
		}
		if ((r = skip_aside(x)) != 0)
			return r;
	}
}

/* One name="value"; x->p is at the name. */
static inline int
read_attribute(struct xml *x, struct xml_name *name, struct xml_value *value)
{
	const char *p = read_name(x->p, name), *start;
	char quote;

	while (is_space(*p))
		p++;
	if (*p != '=' || name->full_n == 0)
		return stopped(x, p, "no attribute");
	for (p++; is_space(*p); p++)
		;
	quote = *p;
	if (quote != '"' && quote != '\'')
		return stopped(x, p, "an attribute without quotes");
	value->odd = false;
	for (start = ++p;; p++) {
		p = find_special(p);
		if (*p == quote)
			break;
		if (*p == '<' || *p == '\0')
			return stopped(x, p, "an attribute without end");
		if (*p == '&' || (*p != ' ' && is_space(*p)))
			value->odd = true;
	}
	value->p = start;
	value->n = (size_t)(p - start);
	x->p = ++p;
	return is_space(*p) || *p == '>' || *p == '/' ? 0 : stopped(x, p, "attributes without a blank between them");
}

int
xml_attributes(struct xml *x, const char *const *wanted, size_t n, struct xml_value *value, bool *empty)
{
	struct xml_name name;
	struct xml_value v;
	size_t next = 0;
	int r;

	for (size_t i = 0; i < n; i++)
		value[i].p = NULL;
	for (;;) {
		while (is_space(*x->p))
			x->p++;
		*empty = *x->p == '/';
		if (*x->p == '>' || (*empty && x->p[1] == '>')) {
			x->p += *empty ? 2 : 1;
			return 0;
		}
		if (*empty)
			return stopped(x, x->p + 1, "a `/` in a tag");
		if ((r = read_attribute(x, &name, &v)) != 0)
			return r;
		/* Most come in the order in which they are wanted. */
		for (size_t k = 0; k < n; k++, next++) {
			next = next < n ? next : 0;
			if (!xml_same(name.full, name.full_n, wanted[next]))
				continue;
			if (value[next].p)
				return xml_bad(x, "an attribute given twice");
			value[next++] = v;
			break;
		}
	}
}

static bool
same_name(const struct xml_name *a, const struct xml_name *b)
{
	return a->full_n == b->full_n && memcmp(a->full, b->full, a->full_n) == 0;
}

static int
check_close(struct xml *x, const struct xml_name *opened)
{
	const char *p = x->p + 2;
	struct xml_name name;
	int r;

	if ((size_t)(x->end - x->p) > opened->full_n + 2 && memcmp(p, opened->full, opened->full_n) == 0 &&
	    p[opened->full_n] == '>') {
		x->p = p + opened->full_n + 1;
		return 0;
	}
	r = read_close(x, &name);
	if (r == 0 && !same_name(&name, opened))
		return xml_bad(x, "a close tag of another element");
	return r;
}

int
xml_text(struct xml *x, const struct xml_name *name, struct xml_value *value)
{
	const char *start = x->p, *p = start;
	int r;

	value->odd = false;
	for (;;) {
		p = find_special(p);
		if (*p == '&' || *p == '\r')
			value->odd = true;
		if (*p == '\0')
			return stopped(x, p, "a NUL");
		if (*p++ != '<')
			continue;
		x->p = p - 1;
		if (*p == '/')
			break;
		if (*p != '!' && *p != '?')
			return stopped(x, p, "an element inside text");
		if ((r = skip_aside(x)) != 0)
			return r;
		value->odd = true;
		p = x->p;
	}
	value->p = start;
	value->n = (size_t)(x->p - start);
	return check_close(x, name);
}

int
xml_skip(struct xml *x, const struct xml_name *name)
{
	struct xml_name open[XML_DEPTH_MAX];
	enum xml_kind kind;
	size_t depth = 0;
	bool empty;
	int r = xml_attributes(x, NULL, 0, NULL, &empty);

	if (r != 0 || empty)
		return r;
	open[depth++] = *name;
	while (depth > 0) {
		struct xml_name next;

		if ((r = xml_tag(x, &next, &kind)) != 0)
			return r;
		if (kind == XML_CLOSE) {
			if (!same_name(&next, &open[--depth]))
				return xml_bad(x, "a close tag of another element");
			continue;
		}
		if (depth == XML_DEPTH_MAX)
			return xml_bad(x, "elements too deep inside each other");
		if ((r = xml_attributes(x, NULL, 0, NULL, &empty)) != 0)
			return r;
		if (!empty)
			open[depth++] = next;
	}
	return 0;
}

int
xml_children(struct xml *x, const struct xml_name *parent, const struct xml_element *known, size_t n, void *arg)
{
	for (;;) {
		struct xml_name name;
		enum xml_kind kind;
		size_t i = 0;
		int r = xml_tag(x, &name, &kind);

		if (r != 0)
			return r;
		if (kind == XML_CLOSE)
			return same_name(&name, parent) ? 0 : xml_bad(x, "a close tag of another element");
		while (i < n && !xml_same(name.local, name.local_n, known[i].name))
			i++;
		r = i < n ? known[i].take(x, &name, arg, known[i].which) : xml_skip(x, &name);
		if (r != 0)
			return r;
	}
}

/* Decoding: only what has something to decode comes here. */

static char *
put_utf8(uint32_t c, char *to)
{
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0x00, 0xc0, 0xe0, 0xf0};

	*to++ = (char)(lead[more] | (c >> (6 * more)));
	while (more-- > 0)
		*to++ = (char)(0x80 | ((c >> (6 * more)) & 0x3f));
	return to;
}

/* "#38;" or "#x26;", never a NUL or half a surrogate pair. */
static const char *
decode_number(const char *p, const char *end, uint32_t *c)
{
	bool hex = p + 1 < end && p[1] == 'x';
	const char *digit = p + (hex ? 2 : 1);
	uint32_t base = hex ? 16 : 10;

	for (*c = 0; digit < end && *digit != ';' && *c <= 0x10ffff; digit++) {
		uint32_t d = *digit >= '0' && *digit <= '9' ? (uint32_t)(*digit - '0') :
		    hex && (*digit | 0x20) >= 'a' && (*digit | 0x20) <= 'f' ? (uint32_t)((*digit | 0x20) - 'a' + 10) : base;

		if (d >= base)
			return NULL;
		*c = *c * base + d;
	}
	if (digit >= end || *c == 0 || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return NULL;
	return digit + 1;
}

/* What follows '&'; the first byte behind it, NULL if it is no reference. */
static const char *
decode_reference(const char *p, const char *end, uint32_t *c)
{
	static const struct {
		const char *text;
		char c;
	} entities[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};

	if (p < end && *p == '#')
		return decode_number(p, end, c);
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t n = strlen(entities[i].text);

		if ((size_t)(end - p) >= n && memcmp(p, entities[i].text, n) == 0) {
			*c = (unsigned char)entities[i].c;
			return p + n;
		}
	}
	return NULL;
}

/* A CDATA section's content; comments and instructions have none. `from` is at the '<'. */
static const char *
decode_aside(const char *from, const char *end, char **to)
{
	for (size_t i = 0; i < sizeof(asides) / sizeof(asides[0]); i++) {
		size_t open = strlen(asides[i].open), close = strlen(asides[i].close);
		const char *found;

		if ((size_t)(end - from) < open || memcmp(from, asides[i].open, open) != 0)
			continue;
		found = memmem(from + open, (size_t)(end - from) - open, asides[i].close, close);
		if (!found)
			return NULL;
		if (from[2] == '[') {
			memcpy(*to, from + open, (size_t)(found - from) - open);
			*to += (size_t)(found - from) - open;
		}
		return found + close;
	}
	return NULL;
}

char *
xml_decode(const struct xml_value *value, bool attribute, char *to, const char **what)
{
	const char *p = value->p, *end = p + value->n;

	if (!value->odd) {
		memcpy(to, p, value->n);
		return to + value->n;
	}
	while (p < end) {
		uint32_t c = (unsigned char)*p;

		*what = "an entity that is not one of the five nor a number";
		if (c == '&') {
			if (!(p = decode_reference(p + 1, end, &c)))
				return NULL;
			to = put_utf8(c, to);
		} else if (c == '<') {
			if (!(p = decode_aside(p, end, &to)))
				return NULL;
		} else {
			p++;
			if (c == '\r' && p < end && *p == '\n')
				c = (unsigned char)*p++;
			*to++ = !is_space((char)c) ? (char)c : attribute ? ' ' : c == '\r' ? '\n' : (char)c;
		}
	}
	return to;
}
