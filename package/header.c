/*
 * librpm is told to check neither signatures nor digests: a file is known by its
 * SHA-256, and opening a keyring for every header costs more than reading it.
 */
#include <errno.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmts.h>

#include "base/err.h"
#include "package/header.h"

AUTO_DEFINE(rpmts, rpmtsFree);

int
header_read(const char *path, FD_t *fd, Header *out, struct err *err)
{
	AUTO(rpmtsFree) rpmts ts = NULL;
	rpmRC rc;

	rpmDefineMacro(NULL, "_dbpath /nonexistent", RMIL_CMDLINE);
	ts = rpmtsCreate();
	rpmtsSetVSFlags(ts, RPMVSF_MASK_NOSIGNATURES | RPMVSF_MASK_NODIGESTS);
	*fd = Fopen(path, "r.ufdio");
	if (!*fd || Ferror(*fd))
		return err_sys(err, "open %s", path);
	rc = rpmReadPackageFile(ts, *fd, path, out);
	if ((rc != RPMRC_OK && rc != RPMRC_NOKEY && rc != RPMRC_NOTTRUSTED) || !*out)
		return err_set(err, EBADMSG, "%s: not an RPM, or a broken one", path);
	return 0;
}
