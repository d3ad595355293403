/* The header of an RPM file, read by librpm. */
#ifndef ARTEL_PACKAGE_HEADER_H
#define ARTEL_PACKAGE_HEADER_H

#include <rpm/header.h>
#include <rpm/rpmfiles.h>
#include <rpm/rpmio.h>

#include "base/auto.h"

struct err;

AUTO_DEFINE(Header, headerFree);
AUTO_DEFINE(FD_t, Fclose);
AUTO_DEFINE(rpmfiles, rpmfilesFree);
AUTO_DEFINE(rpmtd, rpmtdFree);

/*
 * Neither signatures nor digests are checked. *fd and *out are to be closed and freed, also after
 * an error; fd stands at the payload then.
 */
int header_read(const char *path, FD_t *fd, Header *out, struct err *err);

#endif
