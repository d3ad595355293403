#include <errno.h>
#include <rpm/rpmds.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/depend.h"

AUTO_DEFINE(rpmver, rpmverFree);

_Static_assert((int)DEP_LESS == (int)RPMSENSE_LESS && (int)DEP_GREATER == (int)RPMSENSE_GREATER &&
    (int)DEP_EQUAL == (int)RPMSENSE_EQUAL && (int)DEP_RPMLIB == (int)RPMSENSE_RPMLIB, "rpm's bits");

static const struct {
	const char *text;
	uint32_t flags;
} operators[] = {
	{"<=", DEP_LESS | DEP_EQUAL}, {">=", DEP_GREATER | DEP_EQUAL}, {"<>", DEP_LESS | DEP_GREATER}, {"==", DEP_EQUAL},
	{"<", DEP_LESS}, {">", DEP_GREATER}, {"=", DEP_EQUAL},
};

void
dep_fini(struct dep *d)
{
	free(d->name);
	free(d->evr);
	*d = (struct dep){0};
}

static uint32_t
operator_flags(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (strcmp(operators[i].text, text) == 0)
			return operators[i].flags;
	return 0;
}

int
dep_parse(const char *text, struct dep *out, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};
	AUTO(rpmverFree) rpmver v = NULL;
	uint32_t flags = 0;

	text += strspn(text, " \t");
	if (*text == '(') {
		AUTO(rich_free) struct rich *r = rich_parse(text, err);

		if (r)
			*out = (struct dep){.name = xstrdup(text), .evr = xstrdup("")};
		return r ? 0 : -1;
	}
	strs_split(&words, text, " \t");
	if (words.n == 3)
		flags = operator_flags(words.p[1]);
	if (words.n != 1 && !flags)
		return err_set(err, EINVAL, "`%s`: not `name`, `name OP version` or a rich dependency", text);
	if (flags && !(v = rpmverParse(words.p[2])))
		return err_set(err, EINVAL, "`%s`: `%s` is not a version", text, words.p[2]);
	*out = (struct dep){.name = xstrdup(words.p[0]), .evr = xstrdup(flags ? words.p[2] : ""), .flags = flags};
	return 0;
}

void
dep_text(const struct dep *d, struct str *out)
{
	uint32_t compare = d->flags & DEP_COMPARE;

	str_puts(out, d->name);
	if (!compare || !*d->evr)
		return;
	str_putc(out, ' ');
	str_puts(out, compare & DEP_LESS ? "<" : "");
	str_puts(out, compare & DEP_GREATER ? ">" : "");
	str_puts(out, compare & DEP_EQUAL ? "=" : "");
	str_add(out, " %s", d->evr);
}

bool
dep_is_rich(const struct dep *d)
{
	return d->name[0] == '(';
}

bool
dep_overlap(rpmver provided, uint32_t provided_flags, rpmver required, uint32_t required_flags)
{
	if (!(provided_flags & DEP_COMPARE) || !(required_flags & DEP_COMPARE) || !provided || !required)
		return true;
	return rpmverOverlap(provided, provided_flags & DEP_COMPARE, required, required_flags & DEP_COMPARE);
}

bool
dep_match(const struct dep *provide, const struct dep *require)
{
	AUTO(rpmverFree) rpmver p = *provide->evr ? rpmverParse(provide->evr) : NULL;
	AUTO(rpmverFree) rpmver r = *require->evr ? rpmverParse(require->evr) : NULL;

	return strcmp(provide->name, require->name) == 0 && dep_overlap(p, provide->flags, r, require->flags);
}

/* Rich dependencies: librpm parses, the callback grows a tree. */

enum { RICH_DEPTH = 64 };

struct building {
	struct rich *open[RICH_DEPTH];	/* groups entered and not yet left */
	size_t n;
	struct rich *root;
};

void
rich_free(struct rich *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		rich_free(r->child[i]);
	free(r->child);
	dep_fini(&r->dep);
	free(r);
}

static struct rich *
attach(struct building *b)
{
	struct rich *r = xcalloc(1, sizeof(*r)), *up = b->n ? b->open[b->n - 1] : NULL;

	if (up) {
		up->child = xrealloc(up->child, (up->n + 1) * sizeof(*up->child));
		up->child[up->n++] = r;
	} else {
		rich_free(b->root);
		b->root = r;
	}
	return r;
}

static enum rich_op
translate(rpmrichOp op)
{
	switch (op) {
	case RPMRICHOP_AND:
		return RICH_AND;
	case RPMRICHOP_OR:
		return RICH_OR;
	case RPMRICHOP_IF:
		return RICH_IF;
	case RPMRICHOP_UNLESS:
		return RICH_UNLESS;
	case RPMRICHOP_WITH:
		return RICH_WITH;
	case RPMRICHOP_WITHOUT:
		return RICH_WITHOUT;
	default:
		return RICH_SIMPLE;
	}
}

static rpmRC
step(void *arg, rpmrichParseType type, const char *n, int nl, const char *e, int el,
	rpmsenseFlags sense, rpmrichOp op, char **emsg)
{
	struct building *b = arg;
	struct rich *r;

	switch (type) {
	case RPMRICH_PARSE_SIMPLE:
		r = attach(b);
		r->dep = (struct dep){xstrndup(n, (size_t)nl), e ? xstrndup(e, (size_t)el) : xstrdup(""), sense};
		break;
	case RPMRICH_PARSE_ENTER:
		if (b->n == RICH_DEPTH)
			return RPMRC_FAIL;
		r = attach(b);
		b->open[b->n++] = r;
		break;
	case RPMRICH_PARSE_LEAVE:
		/* "(a)" is a group of one, wherever it stands. */
		if (b->n && b->open[--b->n]->op == RICH_SIMPLE)
			b->open[b->n]->op = RICH_AND;
		break;
	case RPMRICH_PARSE_OP:
		r = b->open[b->n - 1];
		/* `else` only adds a third child to the `if` or `unless` there is. */
		if (op == RPMRICHOP_ELSE && r->op != RICH_IF && r->op != RICH_UNLESS)
			return RPMRC_FAIL;
		if (op != RPMRICHOP_ELSE)
			r->op = translate(op);
		break;
	}
	return RPMRC_OK;
}

struct rich *
rich_parse(const char *text, struct err *err)
{
	struct building b = {0};
	const char *rest = text;
	char *why = NULL;

	if (rpmrichParse(&rest, &why, step, &b) != RPMRC_OK || *rest || !b.root) {
		err_set(err, EINVAL, "rich dependency `%s`: %s", text, why ? why : "malformed");
		free(why);
		rich_free(b.root);
		return NULL;
	}
	return b.root;
}
