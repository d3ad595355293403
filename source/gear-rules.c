/*
 * One directive a line, `name: arguments`, arguments being split at blanks and
 * quoted as in a shell, but never expanded. Directives are rows of a table;
 * options of a rule are rows of another.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "source/gear-rules.h"

enum {
	RULES_MAX = 10000,
	EXCLUDES_MAX = 1000,
	VARIABLES_MAX = 100,
	NOTES_MAX = 50,
	ARGUMENT_MAX = 1024,
};

/* What a directive stands for. */
enum directive_kind { SET_SPEC, SET_TAGS, ADD_EXCLUDE, ADD_SPECSUBST, COMPRESS, COPY, TAR, ZIP, DIFF };

static const struct directive {
	const char *name;
	enum directive_kind kind;
	enum compression compression;
} directives[] = {
	{"spec", SET_SPEC}, {"tags", SET_TAGS}, {"exclude", ADD_EXCLUDE}, {"specsubst", ADD_SPECSUBST},
	{"compress", COMPRESS},
	{"copy", COPY, COMPRESSION_NONE}, {"gzip", COPY, COMPRESSION_GZIP}, {"bzip2", COPY, COMPRESSION_BZIP2},
	{"lzma", COPY, COMPRESSION_LZMA}, {"xz", COPY, COMPRESSION_XZ}, {"zstd", COPY, COMPRESSION_ZSTD},
	{"tar", TAR, COMPRESSION_NONE}, {"tar.gz", TAR, COMPRESSION_GZIP}, {"tar.bz2", TAR, COMPRESSION_BZIP2},
	{"tar.lzma", TAR, COMPRESSION_LZMA}, {"tar.xz", TAR, COMPRESSION_XZ}, {"tar.zst", TAR, COMPRESSION_ZSTD},
	{"zip", ZIP, COMPRESSION_NONE},
	{"diff", DIFF, COMPRESSION_NONE}, {"diff.gz", DIFF, COMPRESSION_GZIP}, {"diff.bz2", DIFF, COMPRESSION_BZIP2},
	{"diff.lzma", DIFF, COMPRESSION_LZMA}, {"diff.xz", DIFF, COMPRESSION_XZ}, {"diff.zst", DIFF, COMPRESSION_ZSTD},
};

const char *
compression_suffix(enum compression c)
{
	static const char *const suffix[COMPRESSIONS] = {
		[COMPRESSION_NONE] = "", [COMPRESSION_GZIP] = ".gz", [COMPRESSION_BZIP2] = ".bz2",
		[COMPRESSION_LZMA] = ".lzma", [COMPRESSION_XZ] = ".xz", [COMPRESSION_ZSTD] = ".zst",
	};

	return suffix[c];
}

static void
rule_fini(struct rule *r)
{
	strs_fini(&r->paths);
	strs_fini(&r->exclude);
	free(r->spec);
	free(r->name);
	free(r->base);
	free(r->suffix);
}

void
gear_rules_fini(struct gear_rules *r)
{
	for (size_t i = 0; i < r->rules.n; i++)
		rule_fini(&r->rules.p[i]);
	vec_fini(&r->rules);
	strs_fini(&r->exclude);
	strs_fini(&r->specsubst);
	free(r->spec);
	free(r->tags);
	*r = (struct gear_rules){0};
}

void
gear_note(struct strs *notes, const char *fmt, ...)
{
	AUTO(str_fini) struct str shown = {0};
	char text[512];
	va_list ap;

	if (notes->n > NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_printable(&shown, notes->n < NOTES_MAX ? text : "further notes are left out");
	if (!strs_has(notes, str_c(&shown)))
		strs_take(notes, str_steal(&shown));
}

static bool
is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

bool
gear_path_valid(const char *path)
{
	if (path[0] == '\0' || path[0] == '/' || strlen(path) > ARGUMENT_MAX || !is_printable(path))
		return false;
	for (const char *p = path; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (n == 2 && strncmp(p, "..", 2) == 0)
			return false;
		p += n;
	}
	return true;
}

/* The keyword that stands at p, an @. */
static const struct gear_keyword *
keyword_at(const char *p, const struct gear_keyword *keywords, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(keywords[i].name);

		if (strncmp(p + 1, keywords[i].name, length) == 0 && p[1 + length] == '@')
			return &keywords[i];
	}
	return NULL;
}

int
gear_expand(const char *text, const struct gear_keyword *keywords, size_t n, size_t max, char **out, struct err *err)
{
	AUTO(str_fini) struct str value = {0};

	for (const char *p = text; *p;) {
		const struct gear_keyword *k = *p == '@' ? keyword_at(p, keywords, n) : NULL;
		size_t plain = 1 + strcspn(p + 1, "@");

		if (k && !k->value)
			return err_set(err, EINVAL, "@%s@ has no value here", k->name);
		str_put(&value, k ? k->value : p, k ? strlen(k->value) : plain);
		p += k ? strlen(k->name) + 2 : plain;
		if (value.n > max)
			return err_set(err, E2BIG, "more than %zu bytes", max);
	}
	*out = str_steal(&value);
	return 0;
}

/* Take one character of a word at *p, with its quoting; the quote that is open is kept in *quote. */
static void
take(const char **p, char *quote, struct str *word)
{
	char c = *(*p)++;

	if (*quote && c == *quote) {
		*quote = '\0';
	} else if (!*quote && (c == '\'' || c == '"')) {
		*quote = c;
	} else if (c == '\\' && **p && (!*quote || (*quote == '"' && strchr("\"\\$`", **p)))) {
		str_putc(word, *(*p)++);
	} else {
		str_putc(word, c);
	}
}

/* Split into words as a shell would, without expanding anything. */
static int
split(const char *text, struct strs *words, struct err *err)
{
	const char *p = text + strspn(text, " \t");

	while (*p) {
		AUTO(str_fini) struct str word = {0};
		char quote = '\0';

		while (*p && (quote || !strchr(" \t", *p)))
			take(&p, &quote, &word);
		if (quote)
			return err_set(err, EINVAL, "a quote is not closed");
		if (word.n > ARGUMENT_MAX || !is_printable(str_c(&word)))
			return err_set(err, EINVAL, "an argument is too long or has control characters");
		strs_take(words, str_steal(&word));
		p += strspn(p, " \t");
	}
	return 0;
}

/* The one path that spec: and tags: take, once. */
static int
set_path(char **field, const char *directive, const struct strs *args, struct err *err)
{
	if (*field)
		return err_set(err, EINVAL, "a second %s:", directive);
	if (args->n != 1 || !gear_path_valid(args->p[0]))
		return err_set(err, EINVAL, "%s: takes one path, without ..", directive);
	*field = xstrdup(args->p[0]);
	return 0;
}

static int
add_specsubst(struct gear_rules *out, const struct strs *args, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (out->specsubst.n + args->n > VARIABLES_MAX)
		return err_set(err, E2BIG, "more than %d variables", VARIABLES_MAX);
	for (size_t i = 0; i < args->n; i++) {
		if (!args->p[i][0] || args->p[i][strspn(args->p[i], allowed)])
			return err_set(err, EINVAL, "specsubst: names may have letters, digits and _ only");
		if (!strs_has(&out->specsubst, args->p[i]))
			strs_add(&out->specsubst, args->p[i]);
	}
	return 0;
}

/* Keep `key=value` if the key is one of the options of this kind of rule. */
static int
add_option(struct rule *r, const char *arg, struct err *err)
{
	static const struct {
		const char *key;
		size_t field;
		bool diff;		/* for diff too */
	} options[] = {
		{"spec=", offsetof(struct rule, spec), true},
		{"name=", offsetof(struct rule, name), true},
		{"base=", offsetof(struct rule, base), false},
		{"suffix=", offsetof(struct rule, suffix), false},
	};
	char **field;

	if (strncmp(arg, "exclude=", 8) == 0) {
		if (!arg[8])
			return err_set(err, EINVAL, "an empty exclude=");
		strs_add(&r->exclude, arg + 8);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		size_t n = strlen(options[i].key);

		if (strncmp(arg, options[i].key, n) != 0 || (r->kind == RULE_DIFF && !options[i].diff))
			continue;
		field = (char **)((char *)r + options[i].field);
		free(*field);
		*field = xstrdup(arg + n);
		return 0;
	}
	return err_set(err, EINVAL, "unknown option \"%.100s\"", arg);
}

/* A tree is `path` or `base:path`. */
static bool
tree_valid(const char *tree)
{
	const char *colon = strchr(tree, ':');

	return colon != tree && gear_path_valid(colon ? colon + 1 : tree);
}

/* tar, zip: one tree; diff: two; options behind. */
static int
parse_trees(struct rule *r, const struct strs *args, struct err *err)
{
	size_t n = r->kind == RULE_DIFF ? 2 : 1;

	if (args->n < n)
		return err_set(err, EINVAL, n == 2 ? "two trees are wanted, the old and the new" : "a tree is wanted");
	for (size_t i = 0; i < n; i++) {
		if (!tree_valid(args->p[i]))
			return err_set(err, EINVAL, "\"%.100s\" is neither PATH nor BASE:PATH, without ..", args->p[i]);
		strs_add(&r->paths, args->p[i]);
	}
	for (size_t i = n; i < args->n; i++)
		if (add_option(r, args->p[i], err) < 0)
			return -1;
	if (r->spec && !gear_path_valid(r->spec))
		return err_set(err, EINVAL, "spec= takes a path, without ..");
	return 0;
}

static int
add_patterns(struct rule *r, const struct strs *args, size_t from, struct err *err)
{
	if (from >= args->n)
		return err_set(err, EINVAL, "a pattern is wanted");
	for (size_t i = from; i < args->n; i++) {
		size_t n = strlen(args->p[i]);

		if (!gear_path_valid(args->p[i]) || args->p[i][n - 1] == '/')
			return err_set(err, EINVAL, "\"%.100s\" is not a pattern of files, without ..", args->p[i]);
		strs_add(&r->paths, args->p[i]);
	}
	return 0;
}

/* type=, one of the copying directives. */
static int
set_type(struct rule *r, const char *type, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
		if (directives[i].kind == COPY && strcmp(directives[i].name, type) == 0) {
			r->compression = directives[i].compression;
			return 0;
		}
	return err_set(err, EINVAL, "unknown type=%.100s", type);
}

/* compress: type=TYPE [name=NAME] [-LEVEL] -- PATTERN... */
static int
parse_compress(struct rule *r, const struct strs *args, struct err *err)
{
	bool typed = false;
	size_t i;

	for (i = 0; i < args->n && strcmp(args->p[i], "--") != 0; i++) {
		const char *arg = args->p[i];

		if (strncmp(arg, "type=", 5) == 0) {
			if (set_type(r, arg + 5, err) < 0)
				return -1;
			typed = true;
		} else if (strncmp(arg, "name=", 5) == 0) {
			free(r->name);
			r->name = xstrdup(arg + 5);
		} else if (arg[0] == '-' && text_number(arg + 1, 19) > 0) {
			r->level = (int)text_number(arg + 1, 19);
		} else {
			return err_set(err, EINVAL, "unknown option \"%.100s\"", arg);
		}
	}
	if (!typed)
		return err_set(err, EINVAL, "compress: wants type=");
	if (r->level && (r->compression == COMPRESSION_NONE || (r->level > 9 && r->compression != COMPRESSION_ZSTD)))
		return err_set(err, EINVAL, "no level -%d for this type", r->level);
	return add_patterns(r, args, i + 1, err);
}

static int
add_rule(const struct directive *d, const struct strs *args, bool optional, int line,
	struct gear_rules *out, struct err *err)
{
	static const enum rule_kind kinds[] = {
		[COMPRESS] = RULE_COPY, [COPY] = RULE_COPY, [TAR] = RULE_TAR, [ZIP] = RULE_ZIP, [DIFF] = RULE_DIFF,
	};
	struct rule *r;

	if (out->rules.n >= RULES_MAX)
		return err_set(err, E2BIG, "more than %d rules", RULES_MAX);
	vec_push(&out->rules, (struct rule){0});
	r = &out->rules.p[out->rules.n - 1];
	r->kind = kinds[d->kind];
	r->compression = d->compression;
	r->optional = optional;
	r->line = line;
	if (d->kind == COMPRESS)
		return parse_compress(r, args, err);
	return d->kind == COPY ? add_patterns(r, args, 0, err) : parse_trees(r, args, err);
}

static int
apply(const struct directive *d, const struct strs *args, bool optional, int line,
	struct gear_rules *out, struct err *err)
{
	switch (d->kind) {
	case SET_SPEC:
		return set_path(&out->spec, d->name, args, err);
	case SET_TAGS:
		return set_path(&out->tags, d->name, args, err);
	case ADD_EXCLUDE:
		if (out->exclude.n + args->n > EXCLUDES_MAX)
			return err_set(err, E2BIG, "more than %d patterns to exclude", EXCLUDES_MAX);
		for (size_t i = 0; i < args->n; i++)
			strs_add(&out->exclude, args->p[i]);
		return 0;
	case ADD_SPECSUBST:
		return add_specsubst(out, args, err);
	default:
		return add_rule(d, args, optional, line, out, err);
	}
}

static const struct directive *
find_directive(const char *name, size_t n, bool optional)
{
	for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
		if (strlen(directives[i].name) == n && strncmp(name, directives[i].name, n) == 0)
			return optional && directives[i].kind < COMPRESS ? NULL : &directives[i];
	return NULL;
}

static int
parse_line(const char *line, int number, struct gear_rules *out, struct strs *notes, struct err *err)
{
	const char *p = line + strspn(line, " \t");
	size_t n = strcspn(p, ": \t");
	const char *colon = p + n + strspn(p + n, " \t");
	bool optional = n > 0 && p[n - 1] == '?';
	AUTO(strs_fini) struct strs args = {0};
	const struct directive *d;

	if (*p == '\0' || *p == '#')
		return 0;
	d = find_directive(p, n - optional, optional);
	if (*colon != ':' || !d) {
		gear_note(notes, "line %d: \"%.*s\" is not a known directive and was ignored", number,
		    (int)(n < 60 ? n : 60), p);
		return 0;
	}
	if (split(colon + 1, &args, err) < 0 || apply(d, &args, optional, number, out, err) < 0)
		return err_ctx(err, "line %d", number);
	return 0;
}

int
gear_rules_parse(const char *text, struct gear_rules *out, struct strs *notes, struct err *err)
{
	int number = 0;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n"), trimmed = n;
		AUTO(free) char *line = NULL;

		while (trimmed && strchr(" \t\r", p[trimmed - 1]))
			trimmed--;
		line = xstrndup(p, trimmed);
		if (parse_line(line, ++number, out, notes, err) < 0) {
			gear_rules_fini(out);
			return -1;
		}
		p += n + (p[n] == '\n');
	}
	return 0;
}
