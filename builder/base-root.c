/*
 * Whoever works in a base root holds its lock shared; whoever makes it, or sweeps it away, alone. It is made under
 * another name and appears whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "builder/inside.h"
#include "builder/phases.h"
#include "builder/running.h"
#include "builder/sweep.h"

enum { LOCK_POLL_MS = 20 };

/* Into an empty folder that appears under its name when it is whole. */
static int
make_base(struct running *t, struct err *err)
{
	AUTO(free) char *folder = xasprintf("roots/%s", t->base.text);
	AUTO(free) char *new = xasprintf("%s.new", folder);
	unsigned owner = t->conf->ids.first;
	int r;

	if (sandbox_remove_tree(&t->box, new, err) < 0)
		return -1;
	if (mkdirat(t->conf->dir, new, 0755) < 0 ||
	    (geteuid() == 0 && fchownat(t->conf->dir, new, owner, owner, AT_SYMLINK_NOFOLLOW) < 0))
		return err_sys(err, "make %s", new);
	r = running_inside(t, inside_base, err);
	if (r == 0 && renameat(t->conf->dir, new, t->conf->dir, folder) < 0)
		return err_sys(err, "rename %s", new);
	return r;
}

static void
base_root_take(struct running *t, struct roots_id id, int held)
{
	if (t->base_held >= 0)
		close(t->base_held);
	t->base = id;
	t->base_held = held;
}

void
base_root_guess(struct running *t)
{
	struct roots_id guess = roots_guess(t->conf->dir, t->job->repository, t->job->arch);
	struct err ignored;
	int held = -1;

	if (*guess.text && roots_use(t->conf->dir, guess.text, &held, &ignored) == 0)
		base_root_take(t, guess, held);
}

/* Make it if nobody did so meanwhile. ROOTS_BUSY: somebody does. */
static int
make_absent(struct running *t, const struct pkgset *set, struct err *err)
{
	AUTO(free) char *folder = xasprintf("roots/%s", t->base.text);
	AUTO(close) int alone = -1;
	int r = roots_hold(t->conf->dir, t->base.text, &alone, err);

	if (r || file_exists(t->conf->dir, folder))
		return r;
	watch_say(&t->watch, "artel: making a base root of %zu packages", set->n);
	if (cache_get_set(&t->cache, set, err) < 0)
		return -1;
	r = make_base(t, err);
	if (r == 0)
		sweep_note_root(t->conf->dir, t->base.text);
	return r;
}

int
base_root_have(struct running *t, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(pkgset_fini) struct pkgset set = {0};
	struct roots_id id;
	int held = -1, r;

	if (running_small(t, "base.set", &text, err) || pkgset_parse(str_c(&text), &set, err) < 0)
		return err_ctx(err, "base root");
	id = roots_id(text.p, text.n);
	if (strcmp(id.text, t->base.text) == 0)
		return 0;
	base_root_take(t, id, -1);
	while ((r = roots_use(t->conf->dir, id.text, &held, err)) != 0) {
		phases_enter(t->phases, PHASE_BASE);
		if (r == ROOTS_ABSENT)
			r = make_absent(t, &set, err);
		if (r == ROOTS_BUSY) {
			poll(NULL, 0, LOCK_POLL_MS);
			if (t->watch.deadline != INT64_MAX)
				t->watch.deadline += LOCK_POLL_MS;
		}
		else if (r)
			return r;
	}
	base_root_take(t, id, held);
	roots_remember(t->conf->dir, t->job->repository, t->job->arch, id.text);
	return 0;
}
