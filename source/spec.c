/*
 * The preamble is read line by line, as rpm does, each tag being expanded with
 * the macros known at its line. Nothing is run. What cannot be told as text
 * (a shell or Lua expansion, a macro of the system or with arguments, one set
 * under a condition we cannot decide) is an error only if a tag depends on it.
 *
 * The work is bounded whatever the text: expansions are counted, and no value
 * grows beyond VALUE_MAX.
 */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "source/spec.h"

enum {
	VALUE_MAX = 4096,
	EXPANSIONS_MAX = 100000,
	DEPTH_MAX = 32,
	CONDITIONS_MAX = 100,
	NAME_MAX_BYTES = 128,
};

enum macro_kind {
	MACRO_NONE,		/* undefined again */
	MACRO_TEXT,
	MACRO_UNKNOWN,		/* defined, as what cannot be told */
};

struct macro {
	enum macro_kind kind;
	char *body;
};

enum truth { FALSE, TRUE, UNKNOWN };

/* One %if: whether its current branch is taken, and whether an earlier one was. */
struct condition {
	enum truth now;
	enum truth taken;
};

struct scan {
	struct map names;		/* of macros; their indices are those of macros */
	VEC(struct macro) macros;
	VEC(struct condition) conditions;
	struct spec *out;
	int expansions;			/* made so far for this text */
};

static int expand(struct scan *s, const char *text, int depth, struct str *out, struct err *err);

void
spec_fini(struct spec *s)
{
	free(s->name);
	free(s->epoch);
	free(s->version);
	free(s->release);
	*s = (struct spec){0};
}

static void
scan_fini(struct scan *s)
{
	for (size_t i = 0; i < s->macros.n; i++)
		free(s->macros.p[i].body);
	vec_fini(&s->macros);
	vec_fini(&s->conditions);
	map_fini(&s->names);
}
AUTO_DEFINE_EMBEDDED(struct scan, scan_fini);

static void
set_macro(struct scan *s, const char *name, enum macro_kind kind, const char *body)
{
	uint32_t i = map_intern(&s->names, name);

	if (i == s->macros.n)
		vec_push(&s->macros, (struct macro){0});
	free(s->macros.p[i].body);
	s->macros.p[i] = (struct macro){kind, body ? xstrdup(body) : NULL};
}

static struct macro
get_macro(const struct scan *s, const char *name)
{
	uint32_t i = map_find(&s->names, name);

	return i == MAP_NONE ? (struct macro){0} : s->macros.p[i];
}

static size_t
word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* The length of {...} at p, braces balanced, or 0 if it does not end. */
static size_t
braced_length(const char *p)
{
	int depth = 0;

	for (size_t n = 0; p[n]; n++) {
		depth += (p[n] == '{') - (p[n] == '}');
		if (depth == 0)
			return n + 1;
	}
	return 0;
}

static int
untold(const char *macro, size_t n, struct err *err)
{
	AUTO(free) char *text = xstrndup(macro, n > 60 ? 60 : n);
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, text);
	return err_set(err, EINVAL, "%s%s cannot be told without running the spec", str_c(&shown), n > 60 ? "..." : "");
}

/* One reference: its name, ?, ! and the :text of a conditional one. */
struct reference {
	char name[NAME_MAX_BYTES + 1];
	bool conditional;
	bool negated;
	char *text;			/* NULL if there is none */
	const char *whole;		/* from the % on, for messages */
	size_t length;
};

/* Read the macro reference at p, which points to a %. -1 if it is of another form. */
static int
parse_reference(const char *p, struct reference *r, struct err *err)
{
	bool braced = p[1] == '{';
	size_t inner = braced ? braced_length(p + 1) : 0;
	const char *q = p + 1 + braced, *end;
	size_t n;

	if (braced && inner == 0)
		return untold(p, strlen(p), err);
	for (; *q == '?' || *q == '!'; q++) {
		r->conditional = r->conditional || *q == '?';
		r->negated = r->negated != (*q == '!');
	}
	n = word_length(q);
	r->whole = p;
	r->length = braced ? inner + 1 : (size_t)(q + n - p);
	if (n == 0 || n > NAME_MAX_BYTES)
		return untold(p, r->length > 1 ? r->length : 2, err);
	memcpy(r->name, q, n);
	r->name[n] = '\0';
	if (!braced)
		return 0;
	q += n;
	end = p + inner;		/* the closing brace */
	if (q == end)
		return 0;
	if (*q != ':' || !r->conditional)
		return untold(p, r->length, err);
	r->text = xstrndup(q + 1, (size_t)(end - q - 1));
	return 0;
}

static int
expand_reference(struct scan *s, const struct reference *r, int depth, struct str *out, struct err *err)
{
	struct macro m = get_macro(s, r->name);
	bool defined = m.kind != MACRO_NONE;

	if (++s->expansions > EXPANSIONS_MAX || depth > DEPTH_MAX)
		return err_set(err, E2BIG, "its macros are nested too deep");
	if (m.kind == MACRO_UNKNOWN)
		return untold(r->whole, r->length, err);
	if (!r->conditional && !defined)
		return untold(r->whole, r->length, err);
	if (r->conditional && defined == r->negated)
		return 0;
	if (r->text)
		return expand(s, r->text, depth + 1, out, err);
	return defined ? expand(s, m.body, depth + 1, out, err) : 0;
}

static int
expand(struct scan *s, const char *text, int depth, struct str *out, struct err *err)
{
	for (const char *p = text; *p;) {
		struct reference r = {0};
		int failed;

		if (out->n > VALUE_MAX)
			return err_set(err, E2BIG, "a value of more than %d bytes", VALUE_MAX);
		if (*p != '%' || p[1] == '\0' || p[1] == '%') {
			str_putc(out, *p);
			p += p[0] == '%' && p[1] == '%' ? 2 : 1;
			continue;
		}
		failed = parse_reference(p, &r, err);
		if (!failed)
			failed = expand_reference(s, &r, depth, out, err);
		free(r.text);
		if (failed)
			return -1;
		p += r.length;
	}
	return 0;
}

/* Whether the lines read now count. */
static enum truth
active(const struct scan *s)
{
	enum truth all = TRUE;

	for (size_t i = 0; i < s->conditions.n; i++) {
		if (s->conditions.p[i].now == FALSE)
			return FALSE;
		if (s->conditions.p[i].now == UNKNOWN)
			all = UNKNOWN;
	}
	return all;
}

/* "%if 0%{?rhel}", "%if !1": a number is told, all else is not. */
static enum truth
evaluate(struct scan *s, const char *expression)
{
	AUTO(str_fini) struct str text = {0};
	struct err ignored;
	const char *p;
	bool not = false;
	size_t n;

	if (expand(s, expression, 0, &text, &ignored) < 0)
		return UNKNOWN;
	for (p = skip_blanks(str_c(&text)); *p == '!'; p = skip_blanks(p + 1))
		not = !not;
	n = strspn(p, "0123456789");
	if (n == 0 || p[n + strspn(p + n, " \t\r")] != '\0')
		return UNKNOWN;
	return (strspn(p, "0") == n) == not ? TRUE : FALSE;
}

static enum truth
negate(enum truth t)
{
	return t == UNKNOWN ? UNKNOWN : t == TRUE ? FALSE : TRUE;
}

/* Go to the next branch of the innermost %if, whose own condition is `t`. */
static void
next_branch(struct condition *c, enum truth t)
{
	c->now = c->taken == TRUE ? FALSE : c->taken == FALSE ? t : t == FALSE ? FALSE : UNKNOWN;
	if (c->taken == FALSE || t == TRUE)
		c->taken = c->taken == UNKNOWN ? UNKNOWN : t;
}

static bool
is_one_of(const char *word, size_t n, const char *const *list, size_t n_list)
{
	for (size_t i = 0; i < n_list; i++)
		if (strlen(list[i]) == n && strncmp(word, list[i], n) == 0)
			return true;
	return false;
}

static bool
opens_condition(const char *word, size_t n)
{
	static const char *const list[] = {"if", "ifarch", "ifdef", "ifnarch", "ifndef", "ifnos", "ifos"};

	return (n > 3 && strncmp(word, "if_", 3) == 0) || is_one_of(word, n, list, ARRAY_SIZE(list));
}

/* %if..., %elif..., %else, %endif. Whether the line is one of them. */
static bool
condition_line(struct scan *s, const char *word, size_t n, const char *rest)
{
	struct condition *top = s->conditions.n ? &s->conditions.p[s->conditions.n - 1] : NULL;

	if (opens_condition(word, n)) {
		enum truth t = n == 2 ? evaluate(s, rest) : UNKNOWN;

		vec_push(&s->conditions, ((struct condition){t, t}));
		return true;
	}
	if (n >= 4 && strncmp(word, "elif", 4) == 0) {
		if (top)
			next_branch(top, n == 4 ? evaluate(s, rest) : UNKNOWN);
		return true;
	}
	if (n == 4 && strncmp(word, "else", 4) == 0) {
		if (top)
			*top = (struct condition){negate(top->taken), TRUE};
		return true;
	}
	if (n == 5 && strncmp(word, "endif", 5) == 0) {
		if (top)
			s->conditions.n--;
		return true;
	}
	return false;
}

/* "name body" of a %define or %global. */
static void
define(struct scan *s, bool at_once, const char *rest, enum truth sure)
{
	const char *p = skip_blanks(rest);
	AUTO(str_fini) struct str value = {0};
	char name[NAME_MAX_BYTES + 1];
	size_t n = word_length(p);
	struct err ignored;
	const char *body;

	if (n == 0 || n > NAME_MAX_BYTES)
		return;
	memcpy(name, p, n);
	name[n] = '\0';
	body = skip_blanks(p + n);
	if (sure == UNKNOWN || p[n] == '(' || strlen(body) > VALUE_MAX)
		set_macro(s, name, MACRO_UNKNOWN, NULL);
	else if (!at_once)
		set_macro(s, name, MACRO_TEXT, body);
	else if (expand(s, body, 0, &value, &ignored) < 0)
		set_macro(s, name, MACRO_UNKNOWN, NULL);
	else
		set_macro(s, name, MACRO_TEXT, str_c(&value));
}

static void
undefine(struct scan *s, const char *rest, enum truth sure)
{
	const char *p = skip_blanks(rest);
	AUTO(free) char *name = xstrndup(p, word_length(p));

	set_macro(s, name, sure == TRUE ? MACRO_NONE : MACRO_UNKNOWN, NULL);
}

/* "Version: 1.0". What begins with one of our tags is expanded and kept, the first of each. */
static int
tag_line(struct scan *s, const char *line, struct err *err)
{
	static const struct {
		const char *tag, *macro;
		size_t field;
	} tags[] = {
		{"name", "name", offsetof(struct spec, name)},
		{"epoch", "epoch", offsetof(struct spec, epoch)},
		{"serial", "epoch", offsetof(struct spec, epoch)},
		{"version", "version", offsetof(struct spec, version)},
		{"release", "release", offsetof(struct spec, release)},
	};
	AUTO(str_fini) struct str value = {0};
	size_t n = word_length(line), i = 0;
	const char *colon = skip_blanks(line + n), *start;
	char **field;

	while (i < ARRAY_SIZE(tags) && (strlen(tags[i].tag) != n || strncasecmp(tags[i].tag, line, n) != 0))
		i++;
	if (*colon != ':' || i == ARRAY_SIZE(tags))
		return 0;
	field = (char **)((char *)s->out + tags[i].field);
	if (*field)
		return 0;
	if (expand(s, colon + 1, 0, &value, err) < 0)
		return err_ctx(err, "%s", tags[i].tag);
	while (value.n && isspace((unsigned char)value.p[value.n - 1]))
		value.p[--value.n] = '\0';
	start = str_c(&value) + strspn(str_c(&value), " \t");
	*field = xstrdup(start);
	set_macro(s, tags[i].macro, MACRO_TEXT, start);
	return 0;
}

/* Where the preamble ends. */
static bool
is_section(const char *word, size_t n)
{
	static const char *const sections[] = {"build", "changelog", "check", "clean", "conf", "description", "files",
	    "generate_buildrequires", "install", "package", "patchlist", "post", "posttrans", "postun", "pre", "prep",
	    "pretrans", "preun", "sourcelist"};

	return is_one_of(word, n, sections, ARRAY_SIZE(sections));
}

enum { SECTION = 1 };

/* One logical line. 0, SECTION at the end of the preamble, or -1. */
static int
read_line(struct scan *s, const char *line, struct err *err)
{
	const char *p = skip_blanks(line);
	size_t n = *p == '%' ? word_length(p + 1) : 0;
	const char *word = p + 1, *rest = p + 1 + n;
	enum truth sure;

	if (n && condition_line(s, word, n, rest))
		return 0;
	sure = active(s);
	if (sure == FALSE)
		return 0;
	if (n == 6 && (strncmp(word, "define", n) == 0 || strncmp(word, "global", n) == 0))
		define(s, word[0] == 'g', rest, sure);
	else if (n == 8 && strncmp(word, "undefine", n) == 0)
		undefine(s, rest, sure);
	else if (n && is_section(word, n))
		return SECTION;
	else if (*p != '%' && *p != '#')
		return tag_line(s, p, err);
	return 0;
}

/* "%{!?x: %define x 1}" stands for its inside, if x is not defined. NULL: it is no such line, or says nothing. */
static char *
conditional_line(const struct scan *s, const char *line)
{
	const char *p = skip_blanks(line);
	struct reference r = {0};
	struct err ignored;
	struct macro m;

	if (strncmp(p, "%{", 2) != 0 || parse_reference(p, &r, &ignored) < 0 || !r.text)
		return NULL;
	m = get_macro(s, r.name);
	if (m.kind != MACRO_UNKNOWN && (m.kind != MACRO_NONE) != r.negated)
		return r.text;
	free(r.text);
	return NULL;
}

/*
 * Append the next logical line: one of a definition goes on while it ends in a
 * backslash or has an open brace. Returns where the one after it begins.
 */
static const char *
next_line(const char *p, struct str *line)
{
	for (;;) {
		size_t n = strcspn(p, "\n");
		int depth = 0;

		str_put(line, p, n);
		p += n + (p[n] == '\n');
		for (size_t i = 0; i < line->n; i++)
			depth += (line->p[i] == '{') - (line->p[i] == '}');
		if (*p == '\0' || line->n > VALUE_MAX || *skip_blanks(line->p) != '%' ||
		    (depth <= 0 && line->p[line->n - 1] != '\\'))
			return p;
		str_putc(line, '\n');
	}
}

static bool
is_version(const char *value)
{
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)value[i]) && !strchr("._+~^", value[i]))
			return false;
	return n > 0 && n <= NAME_MAX_BYTES && !strstr(value, "..");
}

static int
invalid(const char *tag, const char *value, struct err *err)
{
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, value);
	return err_set(err, EINVAL, "%s: \"%.200s\" is not a valid value", tag, str_c(&shown));
}

static int
check_all(const struct spec *s, struct err *err)
{
	if (s->name && !text_is_name(s->name))
		return invalid("Name", s->name, err);
	if (s->epoch && text_number(s->epoch, UINT32_MAX) < 0)
		return invalid("Epoch", s->epoch, err);
	if (s->version && !is_version(s->version))
		return invalid("Version", s->version, err);
	if (s->release && !is_version(s->release))
		return invalid("Release", s->release, err);
	return 0;
}

int
spec_scan_some(const char *text, struct spec *out, struct err *err)
{
	AUTO(scan_fini) struct scan s = {.out = out};
	int r = 0;

	set_macro(&s, "nil", MACRO_TEXT, "");
	for (const char *p = text; *p && r == 0;) {
		AUTO(str_fini) struct str line = {0};
		AUTO(free) char *inside = NULL;

		p = next_line(p, &line);
		inside = active(&s) == FALSE ? NULL : conditional_line(&s, str_c(&line));
		r = read_line(&s, inside ? inside : str_c(&line), err);
		if (s.conditions.n > CONDITIONS_MAX)
			r = err_set(err, E2BIG, "more than %d conditions in one another", CONDITIONS_MAX);
	}
	if (r < 0 || check_all(out, err) < 0) {
		spec_fini(out);
		return -1;
	}
	return 0;
}

int
spec_scan(const char *text, struct spec *out, struct err *err)
{
	if (spec_scan_some(text, out, err) < 0)
		return -1;
	if (!out->name || !out->version || !out->release) {
		err_set(err, EINVAL, "the spec has no %s tag", !out->name ? "Name" : !out->version ? "Version" : "Release");
		spec_fini(out);
		return -1;
	}
	return 0;
}
