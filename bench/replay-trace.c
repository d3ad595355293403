/*
 * A transaction arrives when its change was written: that is what the history has, and mostly minutes too early. A
 * change that was written more than a day before it was committed is taken to have come a day before.
 */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "bench/replay-trace.h"

enum { COLUMNS = 8, FILE_MOST = 256 << 20 };

static const char *const columns[COLUMNS] = {"task_id", "author_time", "commit_time", "n_changed", "added", "modified",
    "deleted", "packages"};

void
trace_fini(struct trace *t)
{
	vec_fini(&t->tasks);
	vec_fini(&t->packages);
	map_fini(&t->names);
}

AUTO_DEFINE(gzFile, gzclose);

static int
read_text(const char *path, struct str *out, struct err *err)
{
	AUTO(gzclose) gzFile z = gzopen(path, "rbe");
	int n = 1, code;
	const char *why;

	if (!z)
		return err_sys(err, "open %s", path);
	while (n > 0) {
		n = gzread(z, str_room(out, 1 << 16), 1 << 16);
		if (n > 0)
			out->n += (size_t)n;
		if (out->n > FILE_MOST)
			return err_set(err, EFBIG, "%s: more than %d bytes", path, FILE_MOST);
	}
	why = gzerror(z, &code);
	return n < 0 || code != Z_OK ? err_set(err, EIO, "%s: it is cut off or damaged: %s", path, why) : 0;
}

/* One word, as M:name. A name that the task has already is built if either says so. */
static int
take_package(struct trace *t, struct trace_task *task, const char *word, struct err *err)
{
	struct trace_package p = {.built = word[0] != 'D'};

	if (!word[0] || !strchr("AMDR", word[0]) || word[1] != ':' || !text_is_name(word + 2))
		return err_set(err, EINVAL, "\"%s\" is no package: A:, M:, D: or R: and a name are wanted", word);
	p.name = map_intern(&t->names, word + 2);
	for (size_t i = 0; i < task->n; i++)
		if (t->packages.p[task->first + i].name == p.name) {
			t->packages.p[task->first + i].built |= p.built;
			return 0;
		}
	if (++task->n > TRACE_PACKAGES_MAX)
		return err_set(err, E2BIG, "more than %d packages", TRACE_PACKAGES_MAX);
	vec_push(&t->packages, p);
	return 0;
}

static int
split(char *line, char **field, struct err *err)
{
	size_t n = 0;

	for (char *at = line, *f = strsep(&at, "\t"); f; f = strsep(&at, "\t")) {
		if (n < COLUMNS)
			field[n] = f;
		n++;
	}
	return n == COLUMNS ? 0 : err_set(err, EINVAL, "%zu columns, %d are wanted", n, COLUMNS);
}

static int
take_line(struct trace *t, char *line, int64_t from, int64_t to, struct err *err)
{
	char *field[COLUMNS];
	struct trace_task task = {.first = t->packages.n};
	int64_t author, commit;

	if (split(line, field, err) < 0)
		return -1;
	task.id = text_number(field[0], INT64_MAX);
	author = text_number(field[1], INT64_MAX);
	commit = text_number(field[2], INT64_MAX);
	if (task.id < 0 || author < 0 || commit < 0)
		return err_set(err, EINVAL, "the first three columns have to be numbers");
	task.arrival = author > commit ? commit : author < commit - TRACE_DAY ? commit - TRACE_DAY : author;
	if (task.arrival < from || task.arrival >= to)
		return 0;
	for (char *at = field[7], *w = strsep(&at, " "); w; w = strsep(&at, " "))
		if (take_package(t, &task, w, err) < 0)
			return -1;
	vec_push(&t->tasks, task);
	return 0;
}

static int
check_head(char *line, struct err *err)
{
	char *field[COLUMNS];

	if (split(line, field, err) < 0)
		return -1;
	for (size_t i = 0; i < COLUMNS; i++)
		if (strcmp(field[i], columns[i]) != 0)
			return err_set(err, EINVAL, "column %zu is \"%s\", wanted is %s", i + 1, field[i], columns[i]);
	return 0;
}

static int
by_arrival(const void *a, const void *b)
{
	const struct trace_task *x = a, *y = b;

	if (x->arrival != y->arrival)
		return x->arrival < y->arrival ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

int
trace_read(struct trace *t, const char *path, int64_t from, int64_t to, size_t most, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	size_t n = 0;

	if (read_text(path, &text, err) < 0)
		return -1;
	str_putc(&text, '\0');
	for (char *at = text.p, *line = strsep(&at, "\n"); line; line = strsep(&at, "\n"))
		if (n++ == 0 ? check_head(line, err) < 0 : *line && take_line(t, line, from, to, err) < 0)
			return err_ctx(err, "%s: line %zu", path, n);
	if (t->tasks.n == 0)
		return err_set(err, ENODATA, "%s: no transaction in that time", path);
	qsort(t->tasks.p, t->tasks.n, sizeof(*t->tasks.p), by_arrival);
	if (most && t->tasks.n > most)
		t->tasks.n = most;
	return 0;
}
