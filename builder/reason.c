/*
 * A failed build says a thousand lines, of which one is why. rpmbuild names the
 * section that failed, so only the lines of that one are looked at: what a
 * configure script tried in vain, or an earlier section complained of, is no
 * cause. Each line has the rank of the first pattern that fits it. The cause is
 * the first line that names one, as errors beget errors, of which make's "***"
 * is the last.
 *
 * Where rpm itself failed, its own summary at the end names the errors; where a
 * command failed without a word, the shell's trace of it is all there is.
 *
 * The log was made by strangers: patterns are matched in linear time, lines and
 * the whole are bounded.
 */
#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "builder/reason.h"

enum { LOOK = 4 << 20, LINE_MAX_BYTES = 1000, JOINED_LINES = 12 };

/* NOISE says nothing; PLAIN is all that no pattern fits; RESULT follows from what went wrong; CAUSE names it. */
enum rank { NOISE, TRACE, PLAIN, RESULT, HINT, CAUSE };

/* What belongs to an error beyond its line: the indented lines below it, the next one, or the first that is not indented. */
enum more { NOTHING, INDENTED, NEXT, AFTER_INDENTED };

struct pattern {
	const char *text;	/* `*` is anything, `%` a number */
	enum rank rank;
	enum more more;
};

static const struct pattern patterns[] = {
	{"", NOISE},
	{"+ *", TRACE}, {"++ *", TRACE}, {"+++ *", TRACE},
	{"artel: *", NOISE},
	{"*setlocale*", NOISE},
	{"RPM build *:", NOISE},
	{"*Bad exit status from *", NOISE},
	{"Executing(*", NOISE},
	{"checking *", NOISE},
	{"-- *", NOISE},
	{"make*: Entering directory *", NOISE}, {"make*: Leaving directory *", NOISE},
	{"make*: *(ignored)", NOISE}, {"make*: *** Waiting for unfinished jobs*", NOISE},
	{"*: warning: *", NOISE}, {"warning: *", NOISE}, {"*: note: *", NOISE}, {"note: *", NOISE},
	{"ok *", NOISE}, {"PASS: *", NOISE}, {"XFAIL: *", NOISE}, {"SKIP: *", NOISE}, {"not ok *# TODO*", NOISE}, {"# *", NOISE},
	{"Hunk *", NOISE},

	{"collect2: error: *", RESULT},
	{"make*: *** No rule to make target *", CAUSE},
	{"make*: *** *", RESULT},
	{"ninja: build stopped: *", RESULT},
	{"ninja: error: *", CAUSE},
	{"FAILED: *", RESULT},
	{"% error", RESULT}, {"% errors", RESULT},
	{"error: aborting due to *", RESULT}, {"error: could not compile *", RESULT},
	{"BEGIN failed--*", RESULT},
	{"FAILED (*", RESULT},

	/* compilers and linkers */
	{"*: internal compiler error: *", CAUSE},
	{"*: fatal error: *", CAUSE},
	{"*:%: error: *", CAUSE}, {"*:%:%: Error: *", CAUSE}, {"*:%: Error: *", CAUSE},
	{"error[E%]: *", CAUSE, NEXT},
	{"*: undefined reference to *", CAUSE},
	{"*: multiple definition of *", CAUSE},
	{"*cannot find -l*", CAUSE},
	{"*: undefined symbol: *", CAUSE},
	{"*: relocation * can not be used when making *", CAUSE},
	{"*: error adding symbols: *", CAUSE},
	/* what makes makefiles, and makefiles */
	{"configure: error: in `*", NOISE},
	{"configure: error: *", CAUSE},
	{"CMake Error*", CAUSE, INDENTED},
	{"*:%:%: ERROR: *", CAUSE},
	{"*:%: *** *", CAUSE},
	/* interpreters and tools */
	{"Traceback (most recent call last):", CAUSE, AFTER_INDENTED},
	{"Can't locate * in @INC*", CAUSE},
	{"% out of % hunk* FAILED*", CAUSE}, {"*can't find file to patch at *", CAUSE},
	/* tests */
	{"FAIL: *", CAUSE}, {"ERROR: tests*", CAUSE}, {"--- FAIL: *", CAUSE}, {"not ok *", CAUSE},
	{"FAILED *::*", CAUSE}, {"[  FAILED  ] *", CAUSE},
	{"*%/% * FAIL *", CAUSE}, {"*%/% Test *Failed*", CAUSE},
	/* what the host lacks */
	{"*No space left on device*", CAUSE}, {"*Disk quota exceeded*", CAUSE},
	{"*Cannot allocate memory*", CAUSE}, {"*virtual memory exhausted*", CAUSE}, {"*Killed signal terminated program *", CAUSE},
	/* rpm */
	{"error: line %: *", CAUSE},
	{"*File not found*", CAUSE}, {"*Directory not found*", CAUSE}, {"error: Bad *", CAUSE},
	{"*Installed (but unpackaged) file(s) found:*", CAUSE, INDENTED},
	{"error: Failed build dependencies:", CAUSE, INDENTED},
	{"* is needed by *", CAUSE},

	{"error: *", HINT}, {"*: error: *", HINT}, {"ERROR*", HINT}, {"*: ERROR: *", HINT}, {"*Error: *", HINT}, {"*ERR! *", HINT},
	{"fatal: *", HINT}, {"*: fatal: *", HINT},
	{"*: cannot *", HINT}, {"*: can't *", HINT}, {"*: Cannot *", HINT},
	{"*: No such file or directory*", HINT}, {"*: Permission denied*", HINT}, {"*: Read-only file system*", HINT},
	{"*Network is unreachable*", HINT}, {"*ould not resolve host*", HINT}, {"*name resolution*", HINT},
	{"*: not found", HINT}, {"*: command not found*", HINT},
	{"*Segmentation fault*", HINT}, {"*: Assertion * failed*", HINT},
	{"BUILD FAILED*", HINT},
};

/* The end of what fits p up to its next `*` or end, exactly at s; NULL if it does not fit. */
static const char *
fits_here(const char *p, const char *s)
{
	for (; *p && *p != '*'; p++) {
		if (*p == '%') {
			if (!isdigit((unsigned char)*s))
				return NULL;
			while (isdigit((unsigned char)*s))
				s++;
		} else if (*p != *s++) {
			return NULL;
		}
	}
	return *p || !*s ? s : NULL;
}

/* Taking each piece between stars where it first fits leaves most for the rest: there is nothing to go back on. */
static bool
fits(const char *p, const char *s)
{
	if (!(s = fits_here(p, s)))
		return false;
	while ((p = strchr(p, '*'))) {
		const char *end = NULL;

		if (!*++p)
			return true;
		for (; *s && !end; s++)
			end = fits_here(p, s);
		if (!end)
			return false;
		s = end;
	}
	return true;
}

struct line {
	char *text;
	const struct pattern *pattern;		/* NULL: PLAIN */
};

struct lines {
	struct line *p;
	size_t n, cap;
};

static void
lines_fini(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i].text);
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct lines, lines_fini);

static enum rank
rank_of(const struct line *l)
{
	return l->pattern ? l->pattern->rank : PLAIN;
}

static void
add_line(struct lines *out, const char *text, size_t n)
{
	struct str clean = {0};
	struct line l = {0};
	const char *words;

	text_line(&clean, text, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES);
	l.text = str_steal(&clean);
	words = l.text + strspn(l.text, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(patterns) && !l.pattern; i++)
		if (fits(patterns[i].text, words))
			l.pattern = &patterns[i];
	vec_push(out, l);
}

static void
split(const char *log, size_t n, struct lines *out)
{
	if (n > LOOK) {
		log += n - LOOK;
		n = LOOK;
	}
	while (n > 0) {
		const char *end = memchr(log, '\n', n);
		size_t len = end ? (size_t)(end - log) : n;

		add_line(out, log, len);
		len += end ? 1 : 0;
		log += len;
		n -= len;
	}
}

/* Which lines to look at. */
struct part {
	size_t from, to;
	char section[REASON_SECTION];
};

/* "... (%build)": the section. */
static void
take_section(const char *text, struct part *p)
{
	const char *at = strrchr(text, '(');
	size_t n = at && at[1] == '%' ? strcspn(at + 1, ")") : 0;

	if (n > 0 && n < sizeof(p->section))
		memcpy(p->section, at + 1, n);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The last section that was executed before rpmbuild said that it failed. */
static void
find_section(const struct lines *l, size_t bad, struct part *p)
{
	p->to = bad;
	take_section(l->p[bad].text, p);
	for (size_t i = bad; i-- > 0;)
		if (begins(l->p[i].text, "Executing(")) {
			p->from = i + 1;
			return;
		}
}

static struct part
find_part(const struct lines *l)
{
	struct part p = {.to = l->n};
	size_t summary = 0;

	for (size_t i = l->n; i-- > 0;) {
		if (begins(l->p[i].text, "error: Bad exit status from ")) {
			find_section(l, i, &p);
			return p;
		}
		if (!summary && begins(l->p[i].text, "RPM build errors:"))
			summary = i + 1;
	}
	/* No section: rpm failed at the files, and repeats its errors in the end; or it never came to any. */
	p.from = summary;
	for (size_t i = 0; i < summary; i++)
		if (begins(l->p[i].text, "Processing files: "))
			strcpy(p.section, "%files");
	return p;
}

/* At most n bytes of text behind blanks, cut between characters; malloc'ed. */
static char *
shortened(const char *text, size_t n)
{
	size_t len;

	text += strspn(text, " \t");
	len = strnlen(text, n);
	while (len && len == n && (text[len] & 0xc0) == 0x80)
		len--;
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return xstrndup(text, len);
}

static bool
indented(const char *text)
{
	return *text == ' ' || *text == '\t';
}

/* The line, and what belongs to it. */
static char *
whole_error(const struct lines *l, size_t at)
{
	enum more more = l->p[at].pattern ? l->p[at].pattern->more : NOTHING;
	AUTO(str_fini) struct str text = {0};
	size_t i = at + 1;

	str_puts(&text, l->p[at].text);
	while (more == AFTER_INDENTED && i < l->n && indented(l->p[i].text))
		i++;
	if (more == AFTER_INDENTED && i < l->n)
		return shortened(l->p[i].text, REASON_CAUSE);
	for (; (more == INDENTED || more == NEXT) && i < l->n && i - at <= JOINED_LINES && indented(l->p[i].text); i++) {
		str_putc(&text, ' ');
		str_puts(&text, l->p[i].text + strspn(l->p[i].text, " \t"));
		if (more == NEXT)
			break;
	}
	return shortened(str_c(&text), REASON_CAUSE);
}

/* Nothing in it is an error by itself: what stands before the first consequence, else the end, as a trace if need be. */
static size_t
without_error(const struct lines *l, const struct part *p)
{
	for (size_t i = p->from; i < p->to; i++)
		if (rank_of(&l->p[i]) == RESULT)
			return i > p->from && rank_of(&l->p[i - 1]) == PLAIN ? i - 1 : i;
	for (size_t i = p->to; i-- > p->from;)
		if (rank_of(&l->p[i]) != NOISE)
			return i;
	return p->to;
}

/* The first CAUSE; or the last HINT that may have led to the first consequence, as some are not heeded. */
static size_t
find_cause(const struct lines *l, const struct part *p)
{
	bool result = false;
	size_t hint = p->to;

	for (size_t i = p->from; i < p->to; i++) {
		enum rank rank = rank_of(&l->p[i]);

		if (rank == CAUSE)
			return i;
		if (rank == HINT && (!result || hint == p->to))
			hint = i;
		result |= rank == RESULT;
	}
	return hint < p->to ? hint : without_error(l, p);
}

void
reason_find(const char *log, size_t n, struct reason *out)
{
	AUTO(lines_fini) struct lines l = {0};
	struct part p;
	size_t cause;

	split(log, n, &l);
	p = find_part(&l);
	cause = find_cause(&l, &p);
	*out = (struct reason){.section = xstrdup(p.section),
	    .cause = cause < p.to ? whole_error(&l, cause) : xstrdup("")};
	for (size_t i = p.to; cause < p.to && i-- > cause + 1 && !out->last;)
		if (rank_of(&l.p[i]) >= RESULT && !strstr(out->cause, l.p[i].text + strspn(l.p[i].text, " \t")))
			out->last = shortened(l.p[i].text, REASON_LAST);
	for (size_t i = l.n; i-- > 0 && !out->end;)
		if (rank_of(&l.p[i]) != NOISE)
			out->end = shortened(l.p[i].text, REASON_LAST);
	if (!out->last)
		out->last = xstrdup("");
	if (!out->end)
		out->end = xstrdup("");
}

int
reason_read(int fd, struct reason *out, struct err *err)
{
	AUTO(free) char *text = xcalloc(1, LOOK);
	size_t n = 0;
	struct stat st;
	off_t from;
	ssize_t got = 0;

	*out = (struct reason){xstrdup(""), xstrdup(""), xstrdup(""), xstrdup("")};
	if (fstat(fd, &st) < 0)
		return err_sys(err, "look at the log");
	from = st.st_size > LOOK ? st.st_size - LOOK : 0;
	while (n < LOOK && (got = pread(fd, text + n, LOOK - n, from + (off_t)n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return err_sys(err, "read the log");
	reason_fini(out);
	reason_find(text, n, out);
	return 0;
}

void
reason_text(const struct reason *r, struct str *out)
{
	str_add(out, "%s%s%s", r->section, *r->section && *r->cause ? ": " : "", r->cause);
}

void
reason_lines(int log, const char *said, bool stopped, struct strs *out)
{
	bool status = begins(said, "rpmbuild: ") || begins(said, "rpmbuild -") || begins(said, "rpmspec ");
	AUTO(reason_fini) struct reason r = {0};
	AUTO(str_fini) struct str text = {0};
	struct err ignored;

	(void)reason_read(log, &r, &ignored);
	if (status)
		reason_text(&r, &text);
	if (text.n && !*r.section && strncmp(said, "rpmbuild: ", 10) == 0)
		str_add(&text, " (%s)", said);
	strs_add(out, text.n ? str_c(&text) : said);
	if (status ? *r.last : stopped && *r.end)
		strs_add(out, status ? r.last : r.end);
}

void
reason_fini(struct reason *r)
{
	free(r->section);
	free(r->cause);
	free(r->last);
	free(r->end);
	*r = (struct reason){0};
}
