/* Take over the history of a source package from a git repository of another farm. */
#ifndef ARTEL_SOURCE_RECORD_IMPORT_H
#define ARTEL_SOURCE_RECORD_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "source/record.h"

struct err;

struct record_import {
	const char *root;		/* of the farm */
	const char *source, *repository;	/* whose record, and which branch of it */
	const char *from, *branch;	/* path of the other repository, and which branch of that */
	bool replace;			/* the record's branch may be set to what is no descendant of it */
	size_t tags, tags_left;		/* out, added up: that came; whose name the record has for another one */
};

/*
 * Copy the history of the branch into the record, and the annotated tags of that history, and set the record's branch.
 * Of the other repository its refs and objects are read, never its configuration or hooks; what comes is hashed
 * anew. Who signed the tags is not asked: they are of the past. Refs are set last, so it can be done again after any
 * end. RECORD_ABSENT: there is no such branch; RECORD_CONFLICT: the record's is at another commit and stays there.
 */
int record_import(struct record_import *im, struct err *err);

#endif
