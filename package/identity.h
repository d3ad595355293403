/*
 * The identity of a binary package: a SHA-256 over all that its header says of
 * what a user gets. Two builds of one source that differ only in when, where and
 * by which rpm they were made have the same identity; files count by their
 * digests.
 *
 * What is left out is a table; whatever is not in it counts, also a tag that no
 * rpm of today knows.
 */
#ifndef ARTEL_PACKAGE_IDENTITY_H
#define ARTEL_PACKAGE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include <rpm/header.h>

#include "base/hash.h"

/* Raise it with the table, or with the form of a line: other versions are other identities. */
enum { IDENTITY_VERSION = 1 };

/*
 * Tell a header line by line, each a key and a value; no two headers that differ in what counts have the
 * same lines. A key is the name of a tag, with [n] where it has several values; a kind of dependency or
 * "changelog", once for each; or the path of a file, whose value is blank-separated NAME=VALUE. Values
 * have blanks within a word, control characters and backslashes as \xHH. With `all` what does not count
 * is told too, with `counts` false.
 */
typedef void identity_line_fn(void *arg, const char *key, const char *value, bool counts);
void identity_lines(Header h, bool all, identity_line_fn *line, void *arg);

struct sha256 identity_of(Header h);

/* The table of what does not count, and why. */
struct identity_ignored {
	int first, last;	/* tags, both included */
	const char *why;
};
extern const struct identity_ignored identity_ignored[];
extern const size_t n_identity_ignored;

#endif
