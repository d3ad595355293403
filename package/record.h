/* One <package> of rpm-md metadata, out of XML in memory. */
#ifndef ARTEL_PACKAGE_RECORD_H
#define ARTEL_PACKAGE_RECORD_H

#include "base/auto.h"
#include "base/str.h"
#include "package/rpmmd.h"
#include "package/xml.h"

struct record {
	struct xml x;
	enum rpmmd_kind kind;
	struct rpmmd_package package;
	struct str text;	/* the package's strings */
};

void record_fini(struct record *r);
AUTO_DEFINE_EMBEDDED(struct record, record_fini);

/*
 * r->x is at "<package"; afterwards behind the newline that follows the element. 0: r->package is
 * filled, its strings valid until the next read. XML_MORE: read again from the start with more
 * bytes. -1: r->x.what says why.
 */
int record_read(struct record *r);

#endif
