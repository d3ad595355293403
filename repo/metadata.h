/* One metadata file of a new state, primary, filelists or other: planned, made in parts, written. */
#ifndef ARTEL_REPO_METADATA_H
#define ARTEL_REPO_METADATA_H

#include <pthread.h>
#include <stdbool.h>

#include "base/str.h"
#include "repo/before.h"
#include "repo/cost.h"

struct err;
struct publish;

struct metadata_run {
	struct run run;			/* offset: in the file before while it is copied */
	bool copied;
	struct str packed;		/* not copied: its member */
};

/* Runs that one thread sees to: several that are copied, or one to be made. */
struct metadata_part {
	size_t first, n;
};

struct metadata {
	enum publish_kind kind;
	const struct publish *publish;
	const struct before *before;
	struct publish_cost *cost;
	struct {
		struct metadata_run *p;
		size_t n, cap;
	} runs;
	struct {
		struct metadata_part *p;
		size_t n, cap;
	} parts;
	struct str header, footer;	/* members */
	struct str header_text;
	uint64_t size, open_size;	/* of the file, of its text: known when all parts are made */
};
void metadata_fini(struct metadata *m);
AUTO_DEFINE_EMBEDDED(struct metadata, metadata_fini);

/* Decide the runs, and which of them are copied from the state before. m: zeroed but for its first four. names: of all packages. */
int metadata_plan(struct metadata *m, const char *const *names, struct err *err);
/* Check what is copied and make what is new of one part; a copied run that is damaged is made. Threads: one a part. */
int metadata_make(struct metadata *m, size_t part, struct err *err);
/* After all parts: give the new file's runs their places in it. */
void metadata_place(struct metadata *m, struct runs *out);

/* How far a file has been written, for the thread that hashes it meanwhile. */
struct metadata_output {
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t more;
	uint64_t written;
	bool over, failed;
	struct sha256 hash, open_hash;
};
#define METADATA_OUTPUT_INIT {.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER}
void metadata_output_fini(struct metadata_output *o);

/* Write the file to o->fd and sync it. In one thread, begun before those of the next two. */
int metadata_write(struct metadata *m, struct metadata_output *o, struct err *err);
/* Read back what is written, as it comes, into o->hash. 0 too if writing failed: then that is the error. */
int metadata_hash(struct metadata *m, struct metadata_output *o, struct err *err);
/* When it is written, expand it again and hash its text into o->open_hash. */
int metadata_hash_open(struct metadata *m, struct metadata_output *o, struct err *err);

#endif
