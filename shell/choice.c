#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "shell/choice.h"
#include "shell/context.h"

void
choice_fini(struct choice *c)
{
	task_fini(&c->task);
	free(c->arch);
}

int
choice_parse(struct context *c, const char *word, struct choice *out, struct err *err)
{
	AUTO(strs_fini) struct strs parts = {0};

	strs_split(&parts, word ? word : "", ".");
	if (parts.n > 3)
		return err_set(err, EINVAL, "`%s` is not TASK.SUBTASK.ARCH", word);
	/* 0 is the whole task: its test. */
	out->subtask = parts.n < 2 ? -1 : strcmp(parts.p[1], "0") == 0 ? 0 : context_subtask(parts.p[1]);
	if (parts.n > 1 && out->subtask < 0)
		return err_set(err, EINVAL, "`%s` is no subtask's number", parts.p[1]);
	out->arch = parts.n > 2 ? xstrdup(parts.p[2]) : NULL;
	return context_task(c, parts.n ? parts.p[0] : NULL, false, &out->task, err);
}

bool
choice_has(const struct choice *c, const struct job *j)
{
	if (c->subtask >= 0 && c->subtask != j->subtask)
		return false;
	return !c->arch || strcmp(c->arch, j->kind == JOB_SRPM ? "srpm" : j->arch) == 0;
}

char *
choice_word(const struct job *j)
{
	return xasprintf("%lld.%o.%s", (long long)j->task, (unsigned)j->subtask, j->kind == JOB_SRPM ? "srpm" : j->arch);
}
