/* All that could change the bits of what is built, as far as the builder knows it, is in the record. */
#include <sched.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "builder/record.h"

void
record_make(const struct wire_job *job, int jobs, const struct pkgset *base, const struct pkgset *full,
	struct buildinfo *out)
{
	AUTO(pkgset_fini) struct pkgset missing = {0};
	struct utsname host;
	cpu_set_t cpus;

	uname(&host);
	*out = (struct buildinfo){.kind = job->kind, .arch = xstrdup(job->arch), .source = xstrdup(job->source.sha256),
	    .source_name = xstrdup(job->source.name), .source_date_epoch = job->source_date_epoch, .limits = job->limits,
	    .network = job->network, .jobs = jobs, .kernel = xstrdup(host.release)};
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		out->processors = CPU_COUNT(&cpus);
	/* A set that lacks a package of the base root was installed without it. */
	pkgset_minus(base, full, &missing);
	for (size_t i = 0; i < full->n; i++)
		buildinfo_add(out, full->p[i].sha256, full->p[i].nevra, !missing.n && pkgset_has(base, full->p[i].sha256));
}

void
record_sets(const struct buildinfo *r, struct pkgset *base, struct pkgset *full)
{
	for (size_t i = 0; i < r->packages.n; i++) {
		const struct buildinfo_package *p = &r->packages.p[i];

		if (p->base)
			pkgset_add(base, p->sha256, p->nevra);
		pkgset_add(full, p->sha256, p->nevra);
	}
}
