/* Real RPMs for tests, made by the host's rpmbuild in a folder of their own. */
#ifndef ARTEL_PACKAGE_TEST_RPM_H
#define ARTEL_PACKAGE_TEST_RPM_H

#include "tests/unit.h"

#include "base/spawn.h"

/* Run a program; it ends with 0, its output goes to *out if that is not NULL. */
static inline void
rpm_run(const char *cwd, const char *const *argv, struct str *out)
{
	AUTO(str_fini) struct str text = {0};
	struct ended ended;
	struct err err = {0};

	OK(spawn_run(&(struct spawn){.argv = argv, .cwd = cwd}, NULL, &text, 100000, &ended, &err));
	if (ended.how != ENDED_EXIT || ended.code)
		fail_msg("%s: %s", argv[0], str_c(&text));
	if (out)
		str_put(out, text.p, text.n);
}

/*
 * Build all packages of a spec into FOLDER/rpms, the source RPM too. Payloads are stored, not
 * compressed, and no dependency generator runs: what a test says is what a package has.
 */
static inline void
rpm_build(const struct folder *f, const char *spec)
{
	AUTO(free) char *top = xasprintf("_topdir %s/top", f->path);
	AUTO(free) char *rpms = xasprintf("_rpmdir %s/rpms", f->path);
	AUTO(free) char *srpms = xasprintf("_srcrpmdir %s/rpms", f->path);

	folder_put(f, "test.spec", spec);
	rpm_run(f->path, (const char *const[]){"rpmbuild", "-ba", "--quiet", "--nodeps", "-D", top, "-D", rpms, "-D", srpms,
	    "-D", "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", "-D", "_binary_payload w0.gzdio",
	    "-D", "debug_package %{nil}", "-D", "__os_install_post %{nil}", "-D", "_build_id_links none",
	    "-D", "_buildhost localhost", "-D", "source_date_epoch_from_changelog 0", "-D", "use_source_date_epoch_as_buildtime 1",
	    "-D", "clamp_mtime_to_source_date_epoch 1", "test.spec", NULL}, NULL);
}

#endif
