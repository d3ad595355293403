/* `log`: the output of a task's jobs, from the stored logs, or live from the file that a running one appends to. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "package/artefact.h"
#include "schema/build.h"
#include "shell/farm.h"

enum { LOG_MAX = 256 << 20, FOLLOW_MS = 200 };

static int
read_stored(struct context *c, const char *sha256, struct str *out, struct err *err)
{
	AUTO(str_fini) struct str packed = {0};
	unsigned long long size;
	AUTO(free) char *text = NULL;
	size_t n;

	if (artefact_read(c->store->dir, sha256, LOG_MAX, &packed, err) < 0)
		return -1;
	size = ZSTD_getFrameContentSize(packed.p, packed.n);
	if (size > LOG_MAX)
		return err_set(err, EFBIG, "log %s: too long, or not one", sha256);
	text = xcalloc(1, size + 1);
	n = ZSTD_decompress(text, size, packed.p, packed.n);
	if (ZSTD_isError(n))
		return err_set(err, EBADMSG, "log %s: %s", sha256, ZSTD_getErrorName(n));
	str_put(out, text, n);
	return 0;
}

/* Builds print what they like: nothing but printable text and line ends reaches the reader's terminal. */
static void
print_clean(const char *text, size_t n)
{
	bool raw = !isatty(STDOUT_FILENO);
	AUTO(str_fini) struct str out = {0};

	if (raw) {
		fwrite(text, 1, n, stdout);
		return;
	}
	for (size_t i = 0; i < n;) {
		size_t len = strcspn(text + i, "\n\t");
		AUTO(free) char *piece = NULL;

		len = len > n - i ? n - i : len;
		piece = xstrndup(text + i, len);
		text_printable(&out, piece);
		i += len;
		if (i < n)
			str_putc(&out, text[i++] ? text[i - 1] : '?');
	}
	fwrite(str_c(&out), 1, out.n, stdout);
}

/* Copy the live file from *at on. */
static int
copy_live(struct context *c, const struct job *j, off_t *at, struct err *err)
{
	AUTO(free) char *path = xasprintf("run/log/%lld.%d", (long long)j->id, j->attempt);
	AUTO(close) int fd = openat(c->store->dir, path, O_RDONLY | O_CLOEXEC);
	char buf[65537];
	ssize_t n;

	while (fd >= 0 && (n = pread(fd, buf, sizeof(buf) - 1, *at)) > 0) {
		buf[n] = '\0';
		print_clean(buf, (size_t)n);
		*at += n;
	}
	fflush(stdout);
	return 0;
}

static int
follow_job(struct context *c, int64_t id, struct err *err)
{
	off_t at = 0;

	for (;;) {
		AUTO(job_fini) struct job j = {0};
		int r = job_get(c->store, id, &j, err);

		/* A job that is gone was forgotten for a new iteration. */
		if (r)
			return r == JOB_ABSENT ? 0 : -1;
		copy_live(c, &j, &at, err);
		if (j.state > JOB_RUNNING)
			return 0;
		poll(NULL, 0, FOLLOW_MS);
	}
}

static int
print_job(struct context *c, const struct job *j, bool follow, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	off_t at = 0;

	fflush(stdout);
	fprintf(stderr, "== #%lld.%o %s%s%s: %s%s%s\n", (long long)j->task, (unsigned)j->subtask, job_kind_name(j->kind),
	    *j->arch ? " " : "", j->arch, job_state_name(j->state), *j->builder ? " on " : "", j->builder);
	if (follow && j->state <= JOB_RUNNING)
		return follow_job(c, j->id, err);
	if (!*j->log)
		return copy_live(c, j, &at, err);
	if (read_stored(c, j->log, &text, err) < 0)
		return -1;
	print_clean(str_c(&text), text.n);
	return 0;
}

/* Jobs after `last` that were asked for; last becomes the newest of them. */
static int
print_jobs(struct context *c, const struct task *t, const struct strs *parts, bool follow, int64_t *last, bool *any,
	struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};

	if (job_of_task(c->store, t->id, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		const struct job *j = &jobs.p[i];

		if (j->id <= *last || (parts->n > 1 && context_subtask(parts->p[1]) != j->subtask) ||
		    (parts->n > 2 && strcmp(parts->p[2], j->arch) != 0))
			continue;
		*any = true;
		*last = j->id;
		if (print_job(c, j, follow, err) < 0)
			return -1;
	}
	return 0;
}

static bool
still_runs(struct context *c, int64_t task)
{
	AUTO(task_fini) struct task t = {0};
	struct err ignored;

	poll(NULL, 0, FOLLOW_MS);
	return task_get(c->store, task, &t, &ignored) == 0 && (t.state == TASK_AWAITING || t.state == TASK_BUILDING);
}

/* TASK[.SUBTASK[.ARCH]] */
int
farm_log(struct context *c, struct err *err)
{
	AUTO(strs_fini) struct strs parts = {0};
	AUTO(task_fini) struct task t = {0};
	const char *word, *what = NULL;
	bool follow = false, any = false;
	int64_t last = 0;

	while ((word = context_next(c))) {
		if (strcmp(word, "--follow") == 0 || strcmp(word, "-f") == 0)
			follow = true;
		else if (what)
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		else
			what = word;
	}
	strs_split(&parts, what ? what : "", ".");
	if (context_task(c, parts.n ? parts.p[0] : NULL, false, &t, err) < 0)
		return -1;
	do {
		if (print_jobs(c, &t, &parts, follow, &last, &any, err) < 0)
			return -1;
	} while (follow && still_runs(c, t.id));
	return any ? 0 : err_set(err, ENOENT, "%s: no job has run yet", what ? what : "your task");
}
