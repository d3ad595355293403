/*
 * The lines of both headers (package/identity.h), sorted, and merged as two
 * multisets: what both have is no difference, of what is left the lines of one
 * key are paired in order. Lines of files are paired attribute by attribute.
 */
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/differ.h"
#include "package/header.h"
#include "package/identity.h"

struct line {
	char *key, *value;
	bool counts;
};

struct lines {
	struct line *p;
	size_t n, cap;
};

static void
lines_fini(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->p[i].key);
		free(l->p[i].value);
	}
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct lines, lines_fini);

void
differences_fini(struct differences *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->p[i].what);
		free(d->p[i].old);
		free(d->p[i].new);
	}
	vec_fini(d);
}

static void
take_line(void *arg, const char *key, const char *value, bool counts)
{
	struct lines *l = arg;

	vec_push(l, ((struct line){xstrdup(key), xstrdup(value), counts}));
}

static int
by_key(const struct line *a, const struct line *b)
{
	if (a->counts != b->counts)
		return a->counts ? -1 : 1;
	return strcmp(a->key, b->key);
}

static int
by_line(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int r = by_key(x, y);

	return r ? r : strcmp(x->value, y->value);
}

static void
found(struct differences *d, const struct line *l, const char *attribute, const char *old, const char *new)
{
	vec_push(d, ((struct difference){.what = xasprintf("%s%s%s", l->key, *attribute ? " " : "", attribute),
	    .old = old ? xstrdup(old) : NULL, .new = new ? xstrdup(new) : NULL, .counts = l->counts}));
}

/* The value of NAME=VALUE in the words of a file, NULL if it has none. */
static const char *
attribute_of(const struct strs *words, const char *name, size_t n)
{
	for (size_t i = 0; i < words->n; i++)
		if (strncmp(words->p[i], name, n) == 0 && words->p[i][n] == '=')
			return words->p[i] + n + 1;
	return NULL;
}

static void
file_differs(struct differences *d, const struct line *a, const struct line *b)
{
	AUTO(strs_fini) struct strs old = {0};
	AUTO(strs_fini) struct strs new = {0};

	strs_split(&old, a->value, " ");
	strs_split(&new, b->value, " ");
	for (size_t i = 0; i < old.n; i++) {
		size_t n = strcspn(old.p[i], "=");
		AUTO(free) char *name = xstrndup(old.p[i], n);
		const char *value = attribute_of(&new, name, n);

		if (!value || strcmp(old.p[i] + n + 1, value) != 0)
			found(d, a, name, old.p[i] + n + 1, value);
	}
	for (size_t i = 0; i < new.n; i++) {
		size_t n = strcspn(new.p[i], "=");
		AUTO(free) char *name = xstrndup(new.p[i], n);

		if (!attribute_of(&old, name, n))
			found(d, b, name, NULL, new.p[i] + n + 1);
	}
}

static void
pair(struct differences *d, const struct line *a, const struct line *b)
{
	if (a && b && a->key[0] == '/')
		file_differs(d, a, b);
	else
		found(d, a ? a : b, "", a ? a->value : NULL, b ? b->value : NULL);
}

/* The lines of one key, in order, those that both have left out. */
static void
key_differs(struct differences *d, const struct line *a, size_t n, const struct line *b, size_t m)
{
	VEC(const struct line *) old = {0};
	VEC(const struct line *) new = {0};
	size_t i = 0, k = 0;

	while (i < n || k < m) {
		int r = i == n ? 1 : k == m ? -1 : strcmp(a[i].value, b[k].value);

		if (r < 0)
			vec_push(&old, &a[i]);
		if (r > 0)
			vec_push(&new, &b[k]);
		i += r <= 0;
		k += r >= 0;
	}
	for (i = 0; i < old.n || i < new.n; i++)
		pair(d, i < old.n ? old.p[i] : NULL, i < new.n ? new.p[i] : NULL);
	vec_fini(&old);
	vec_fini(&new);
}

static size_t
run_of(const struct lines *l, size_t from)
{
	size_t n = 0;

	while (from + n < l->n && by_key(&l->p[from], &l->p[from + n]) == 0)
		n++;
	return n;
}

static void
compare(const struct lines *a, const struct lines *b, struct differences *d)
{
	size_t i = 0, k = 0;

	while (i < a->n || k < b->n) {
		int r = i == a->n ? 1 : k == b->n ? -1 : by_key(&a->p[i], &b->p[k]);
		size_t n = r <= 0 ? run_of(a, i) : 0, m = r >= 0 ? run_of(b, k) : 0;

		key_differs(d, a->p + i, n, b->p + k, m);
		i += n;
		k += m;
	}
}

static int
read_lines(const char *path, struct lines *out, struct sha256 *identity, struct sha256 *bytes, struct err *err)
{
	AUTO(Fclose) FD_t rpm = NULL;
	AUTO(headerFree) Header h = NULL;
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (hash_fd(fd, bytes, err) < 0 || header_read(path, &rpm, &h, err) < 0)
		return -1;
	*identity = identity_of(h);
	identity_lines(h, true, take_line, out);
	if (out->n)
		qsort(out->p, out->n, sizeof(*out->p), by_line);
	return 0;
}

int
rpm_differ(const char *a, const char *b, struct differences *out, struct err *err)
{
	AUTO(lines_fini) struct lines old = {0};
	AUTO(lines_fini) struct lines new = {0};
	struct sha256 bytes[2];

	if (read_lines(a, &old, &out->identity[0], &bytes[0], err) < 0 ||
	    read_lines(b, &new, &out->identity[1], &bytes[1], err) < 0)
		return -1;
	compare(&old, &new, out);
	if (strcmp(bytes[0].hex, bytes[1].hex) == 0)
		return 0;
	if (strcmp(out->identity[0].hex, out->identity[1].hex) == 0)
		return DIFFER_BUILD;
	/* rpmbuild sorts what it writes, others may not. */
	if (out->n == 0 || !out->p[0].counts)
		found(out, &(struct line){.key = (char *)"order", .counts = true}, "", NULL, NULL);
	return DIFFER_CONTENT;
}
