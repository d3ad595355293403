#include <errno.h>
#include <poll.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/sandbox.h"
#include "builder/cgroup.h"
#include "builder/clean.h"
#include "builder/job.h"

enum { TRIES = 40, GROUP_TRIES = 30, PAUSE_MS = 50 };

int
clean_folder(const struct sandbox *box, const char *name, struct err *err)
{
	AUTO(free) char *folder = xasprintf("job/%s", name);
	int r;

	for (int i = 0; (r = sandbox_remove_tree(box, folder, err)) < 0 && i < TRIES; i++)
		poll(NULL, 0, PAUSE_MS);
	return r;
}

int
clean_job(const struct job_conf *conf, const struct job_slot *slot, struct wire_ref ref, struct err *err)
{
	const struct sandbox box = {.ids = slot->ids, .dir = conf->state};
	AUTO(free) char *name = xasprintf("%lld.%u", (long long)ref.job, ref.attempt);
	struct cgroup group = {conf->groups, conf->groups ? xasprintf("%s%s", conf->groups->prefix, name) : NULL};
	bool gone = cgroup_remove(&group);
	int r;

	/* Much memory takes long to give back. */
	for (int i = 0; !gone && i < GROUP_TRIES; i++)
		gone = cgroup_remove(&group);

	cgroup_fini(&group);
	r = clean_folder(&box, name, err);
	return r == 0 && !gone ? err_set(err, EBUSY, "processes of the job cannot be killed") : r;
}
