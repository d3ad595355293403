/* One table has the words of the head; each is there once, in this order, so that a record has one text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "wire/buildinfo.h"

enum { WORDS_MAX = 3, PROCESSORS_MAX = 1 << 20 };

static const char *const kinds[] = {[WIRE_JOB_SRPM] = "srpm", [WIRE_JOB_BUILD] = "build"};

void
buildinfo_fini(struct buildinfo *r)
{
	for (size_t i = 0; i < r->packages.n; i++)
		free(r->packages.p[i].nevra);
	vec_fini(&r->packages);
	free(r->arch);
	free(r->source);
	free(r->source_name);
	free(r->kernel);
}

void
buildinfo_add(struct buildinfo *r, const char *sha256, const char *nevra, bool base)
{
	struct buildinfo_package p = {.nevra = xstrdup(nevra), .base = base};

	snprintf(p.sha256, sizeof(p.sha256), "%s", sha256);
	vec_push(&r->packages, p);
}

static const char *
text_or(const char *s)
{
	return s ? s : "";
}

void
buildinfo_text(const struct buildinfo *r, struct str *out)
{
	str_add(out, "buildinfo\t%d\nkind\t%s\narch\t%s\n", (int)BUILDINFO_VERSION, kinds[r->kind], text_or(r->arch));
	str_add(out, "source\t%s\t%s\n", text_or(r->source), text_or(r->source_name));
	str_add(out, "epoch\t%lld\nlimits\t", (long long)r->source_date_epoch);
	limits_text(out, &r->limits);
	str_add(out, "\nnetwork\t%s\njobs\t%d\nprocessors\t%d\nkernel\t%s\n", r->network ? "yes" : "no", r->jobs,
	    r->processors, text_or(r->kernel));
	for (size_t i = 0; i < r->packages.n; i++)
		str_add(out, "%s\t%s\t%s\n", r->packages.p[i].base ? "base" : "package", r->packages.p[i].sha256,
		    r->packages.p[i].nevra);
}

/* The words of a line; empty ones are words too. */
struct line {
	char *words[WORDS_MAX];
	size_t n;
};

static struct line
split(char *text)
{
	struct line l = {.words = {text}, .n = 1};

	for (char *tab; (tab = strchr(l.words[l.n - 1], '\t')) && l.n < WORDS_MAX; l.words[l.n++] = tab + 1)
		*tab = '\0';
	return l;
}

static int
take_number(const char *word, int *out)
{
	int64_t n = text_number(word, PROCESSORS_MAX);

	*out = (int)n;
	return n < 0 ? -1 : 0;
}

static int
take_version(struct buildinfo *r, char **w)
{
	(void)r;
	return text_number(w[0], INT32_MAX) == BUILDINFO_VERSION ? 0 : -1;
}

static int
take_kind(struct buildinfo *r, char **w)
{
	for (size_t i = WIRE_JOB_SRPM; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(w[0], kinds[i]) == 0)
			r->kind = (enum wire_job_kind)i;
	return r->kind ? 0 : -1;
}

static int
take_arch(struct buildinfo *r, char **w)
{
	r->arch = xstrdup(w[0]);
	return text_is_name(w[0]) ? 0 : -1;
}

static int
take_source(struct buildinfo *r, char **w)
{
	r->source = xstrdup(w[0]);
	r->source_name = xstrdup(w[1]);
	return hash_valid(w[0]) && *w[1] && w[1][0] != '.' && !strchr(w[1], '/') ? 0 : -1;
}

static int
take_epoch(struct buildinfo *r, char **w)
{
	r->source_date_epoch = text_number(w[0] + (w[0][0] == '-'), INT64_MAX);
	if (r->source_date_epoch < 0)
		return -1;
	if (w[0][0] == '-')
		r->source_date_epoch = -r->source_date_epoch;
	return 0;
}

static int
take_limits(struct buildinfo *r, char **w)
{
	struct err ignored;

	return limits_parse(&r->limits, w[0], &ignored);
}

static int
take_network(struct buildinfo *r, char **w)
{
	r->network = strcmp(w[0], "yes") == 0;
	return r->network || strcmp(w[0], "no") == 0 ? 0 : -1;
}

static int
take_jobs(struct buildinfo *r, char **w)
{
	return take_number(w[0], &r->jobs);
}

static int
take_processors(struct buildinfo *r, char **w)
{
	return take_number(w[0], &r->processors);
}

static int
take_kernel(struct buildinfo *r, char **w)
{
	r->kernel = xstrdup(w[0]);
	return 0;
}

static const struct {
	const char *name;
	size_t words;
	int (*take)(struct buildinfo *r, char **words);
} head[] = {
	{"buildinfo", 1, take_version}, {"kind", 1, take_kind}, {"arch", 1, take_arch}, {"source", 2, take_source},
	{"epoch", 1, take_epoch}, {"limits", 1, take_limits}, {"network", 1, take_network}, {"jobs", 1, take_jobs},
	{"processors", 1, take_processors}, {"kernel", 1, take_kernel},
};

static int
take_package(struct buildinfo *r, const struct line *l, bool old)
{
	const char *const *w = (const char *const *)l->words + !old;
	bool base = !old && strcmp(l->words[0], "base") == 0;

	if (l->n != (old ? 2 : 3) || !hash_valid(w[0]) || (!old && !base && strcmp(l->words[0], "package") != 0))
		return -1;
	buildinfo_add(r, w[0], w[1], base);
	return 0;
}

static int
take_line(struct buildinfo *r, char *text, size_t number, bool old)
{
	struct line l = split(text);

	if (old || number >= ARRAY_SIZE(head))
		return take_package(r, &l, old);
	return strcmp(l.words[0], head[number].name) == 0 && l.n == head[number].words + 1 ? head[number].take(r, l.words + 1) : -1;
}

int
buildinfo_parse(const char *text, struct buildinfo *out, struct err *err)
{
	bool old = strncmp(text, "buildinfo\t", 10) != 0;
	AUTO(strs_fini) struct strs lines = {0};

	strs_split(&lines, text, "\n");
	if (!old && lines.n < ARRAY_SIZE(head))
		return err_set(err, EBADMSG, "record of a build: it is cut short");
	for (size_t i = 0; i < lines.n; i++)
		if (take_line(out, lines.p[i], i, old) < 0)
			return err_set(err, EBADMSG, "record of a build: line %zu is malformed", i + 1);
	return 0;
}
