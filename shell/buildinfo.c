#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "package/artefact.h"
#include "shell/context.h"
#include "shell/buildinfo.h"

int
buildinfo_find(struct context *c, const struct output_list *outs, int subtask, const char *arch, const char **sha256,
	struct buildinfo *out, struct err *err)
{
	AUTO(str_fini) struct str text = {0};

	*sha256 = NULL;
	for (size_t i = 0; i < outs->n; i++)
		if (outs->p[i].subtask == subtask && strcmp(outs->p[i].arch, arch) == 0 && strcmp(outs->p[i].kind, "buildroot") == 0)
			*sha256 = outs->p[i].sha256;
	if (!*sha256)
		return err_set(err, ENOENT, "subtask %o%s%s has no build that succeeded", (unsigned)subtask,
		    *arch ? " on " : ": its source RPM", arch);
	if (artefact_read(c->store->dir, *sha256, BUILDINFO_MAX, &text, err) < 0)
		return err_ctx(err, "the record of the build is gone");
	return buildinfo_parse(str_c(&text), out, err);
}

/* TASK.SUBTASK[.ARCH] */
int
task_root(struct context *c, struct err *err)
{
	const char *word = context_need(c, "TASK.SUBTASK.ARCH", err), *sha256;
	AUTO(strs_fini) struct strs parts = {0};
	AUTO(task_fini) struct task t = {0};
	AUTO(output_list_fini) struct output_list outs = {0};
	AUTO(buildinfo_fini) struct buildinfo r = {0};

	if (!word || context_end(c, err) < 0)
		return -1;
	strs_split(&parts, word, ".");
	if (parts.n < 2 || parts.n > 3 || context_subtask(parts.p[1]) < 0)
		return err_set(err, EINVAL, "`%s` is not TASK.SUBTASK.ARCH, nor TASK.SUBTASK", word);
	if (context_task(c, parts.p[0], false, &t, err) < 0 || output_find(c->store, t.id, &outs, err) < 0 ||
	    buildinfo_find(c, &outs, context_subtask(parts.p[1]), parts.n > 2 ? parts.p[2] : "", &sha256, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < r.packages.n; i++)
		printf("%s\t%s\t%s\n", r.packages.p[i].nevra, r.packages.p[i].sha256, r.packages.p[i].base ? "base" : "build");
	return 0;
}
