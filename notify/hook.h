/* The folder of hooks: which of its files are run, and which never. */
#ifndef ARTEL_NOTIFY_HOOK_H
#define ARTEL_NOTIFY_HOOK_H

#include "base/auto.h"
#include "base/str.h"

struct err;

struct hook_list {
	struct strs run;	/* names, sorted */
	struct strs refused;	/* "NAME: why", sorted */
	int dir;		/* the folder they are in; -1: there is none */
};
#define HOOK_LIST_INIT {.dir = -1}
void hook_list_fini(struct hook_list *l);
AUTO_DEFINE_EMBEDDED(struct hook_list, hook_list_fini);

/*
 * What is in it. A file without execute permission is none, nor is what editors and package managers leave (a dot in
 * front, ~, .bak, .orig, .dpkg-*, .rpm*). Refused is what somebody else could have written: not owned by root or by us,
 * or writable by group or others; a link; and a name that is none (text_is_name()). A folder that is not there is empty.
 * One that is a link, or that others may write to, or may put another in the place of, is an error.
 */
int hook_find(const char *folder, struct hook_list *out, struct err *err);

/* NULL, or why the hook, or the folder `dir` that it is in, is one no more. */
const char *hook_wrong(int dir, const char *name);

#endif
