/*
 * A rebuild is a job like any other: the same steps, sandbox and limits. Only its packages are those of the record,
 * so nothing is solved, and the farm is a folder on this host, so no scheduler need run.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "builder/rebuild.h"
#include "package/artefact.h"
#include "wire/buildinfo.h"

static void
make_job(const struct buildinfo *r, struct wire_job *out)
{
	char **texts[] = {&out->repository, &out->index, &out->changes, &out->allow,
	    &out->sanity, &out->base_group, &out->source.facts, &out->source.identity};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*texts[i] = xstrdup("");
	/* What it was good for was judged then. */
	free(out->sanity);
	out->sanity = xstrdup("all=off");
	out->ref = (struct wire_ref){1, 1};
	out->kind = r->kind;
	out->label = xstrdup("rebuild");
	out->arch = xstrdup(r->arch);
	out->source.sha256 = xstrdup(r->source);
	out->source.name = xstrdup(r->source_name);
	out->source_date_epoch = r->source_date_epoch;
	out->limits = r->limits;
	out->network = r->network;
}

int
rebuild_run(const struct job_conf *conf, const char *record, struct err *err)
{
	AUTO(close) int farm = file_open_dir(AT_FDCWD, conf->root, err);
	AUTO(buildinfo_fini) struct buildinfo r = {0};
	AUTO(wire_job_fini) struct wire_job job = {0};
	AUTO(wire_result_fini) struct wire_result result = {0};
	AUTO(str_fini) struct str text = {0};
	const struct job_slot slot = {.ids = conf->ids};
	struct job_conf own = *conf;

	if (farm < 0 || artefact_read(farm, record, BUILDINFO_MAX, &text, err) < 0 || buildinfo_parse(str_c(&text), &r, err) < 0)
		return -1;
	if (!r.kind)
		return err_set(err, ENOTSUP, "it was built before builds were recorded: only its packages are known");
	make_job(&r, &job);
	own.again = &r;
	if (own.jobs < 1)
		own.jobs = r.jobs;
	if (job_sweep(&own, err) < 0)
		return -1;
	job_run(&own, &slot, &job, &result);
	if (result.outcome == WIRE_OK)
		return 0;
	err_set(err, ECANCELED, "%s", result.reason);
	return result.outcome == WIRE_INFRA ? -1 : REBUILD_FAILED;
}
