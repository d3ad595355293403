/*
 * The roots of a job, made inside its sandbox: a base root, kept for the next
 * jobs and the lower layer of an overlay, and on it what a set has beyond it.
 */
#ifndef ARTEL_BUILDER_ROOT_H
#define ARTEL_BUILDER_ROOT_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/sandbox.h"
#include "builder/pkgset.h"

struct err;
struct inside;
struct pkgset;
struct seen_list;

/* A fresh writable root, job/<n>/<tag>: over the base root, or over nothing. *root is its path inside, malloc'ed. */
int root_mount(const struct inside *in, const char *tag, bool on_base, char **root, struct err *err);
/*
 * What must be installed to make a root of a set: what it has beyond the base; or all of it, and false, where it lacks
 * some of that.
 */
bool root_needs(const struct pkgset *base, const struct pkgset *set, struct pkgset *out);
/*
 * A root with exactly the packages of a set, by the set's file name: the base root and the
 * difference where the set has all of the base, else all of it anew. ROOT_REFUSED: rpm would
 * not, or a scriptlet failed, and it is said in `failed`, behind `what`.
 */
enum { ROOT_REFUSED = 1 };
int root_make(const struct inside *in, const char *tag, const char *set_name, const char *what, char **root, struct err *err);
/*
 * The same only for a try: one of its packages is removed again, and the root is not kept. Scriptlets that fail are
 * no refusal, but in *seen with what else was seen of it.
 */
int root_try(const struct inside *in, const char *tag, const char *set_name, const char *what, const char *remove,
	struct seen_list *seen, struct err *err);
/*
 * How the build user runs programs in a root: with a home that has the folders of rpmbuild, and a /tmp, both on plain
 * disk; with what the job says of network, time and processors. argv and out are the caller's.
 */
struct root_user {
	struct sandbox_exec exec;
	char *home, *tmp;
};
void root_user_fini(struct root_user *u);
AUTO_DEFINE_EMBEDDED(struct root_user, root_user_fini);
int root_user(const struct inside *in, const char *root, struct root_user *out, struct err *err);

#endif
