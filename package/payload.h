/* The payload of an RPM: what is known of its files only by reading them. */
#ifndef ARTEL_PACKAGE_PAYLOAD_H
#define ARTEL_PACKAGE_PAYLOAD_H

#include <rpm/header.h>
#include <rpm/rpmio.h>

struct err;
struct facts;

enum { PAYLOAD_ELF_MAX = 1 << 30 };	/* bytes of one file that is looked into */

/*
 * Read a payload to its end, from `fd`, which stands after the header `h`, and
 * fill f->elf. `path` is for messages. -1 if it is broken, or not whole.
 */
int payload_read(FD_t fd, Header h, const char *path, struct facts *f, struct err *err);

#endif
