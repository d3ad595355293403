/*
 * One thread writes a metadata file and one hashes it, reading back what the
 * first has written: the hash is that of the file, not of what it should be.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "repo/metadata.h"
#include "repo/publish.h"

enum { BLOCK = 256 * 1024, COPY_MOST = 4 << 20 };

void
metadata_output_fini(struct metadata_output *o)
{
	if (o->fd >= 0)
		close(o->fd);
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->more);
}

static void
progress(struct metadata_output *o, uint64_t n, bool over, bool failed)
{
	pthread_mutex_lock(&o->lock);
	o->written += n;
	o->over = over;
	o->failed = failed;
	pthread_cond_broadcast(&o->more);
	pthread_mutex_unlock(&o->lock);
}

/* Wait until more than `have` bytes are there, or all; how many, -1 when writing failed. */
static int64_t
wait_for(struct metadata_output *o, uint64_t have)
{
	int64_t n;

	pthread_mutex_lock(&o->lock);
	while (o->written <= have && !o->over)
		pthread_cond_wait(&o->more, &o->lock);
	n = o->failed ? -1 : (int64_t)o->written;
	pthread_mutex_unlock(&o->lock);
	return n;
}

static int
put(struct metadata_output *o, const struct str *member, struct err *err)
{
	if (file_write_fd(o->fd, member->p, member->n, err) < 0)
		return -1;
	progress(o, member->n, false, false);
	return 0;
}

/* How many runs from i on are copied and neighbours in the old file; *length: their bytes. */
static size_t
stretch(const struct metadata *m, size_t i, size_t *length)
{
	const struct metadata_run *r = &m->runs.p[i];
	size_t n = 0;

	*length = 0;
	while (i + n < m->runs.n && r[n].copied && r[n].run.offset == r->run.offset + *length && *length < COPY_MOST)
		*length += r[n++].run.length;
	return n;
}

static int
write_all(struct metadata *m, struct metadata_output *o, struct err *err)
{
	uint64_t at = m->header.n;

	if (put(o, &m->header, err) < 0)
		return -1;
	for (size_t i = 0; i < m->runs.n; ) {
		size_t length, n = stretch(m, i, &length);

		if (n == 0) {
			at += m->runs.p[i].run.length;
			if (put(o, &m->runs.p[i++].packed, err) < 0)
				return -1;
			continue;
		}
		if (file_copy_range(m->before->file[m->kind], (off_t)m->runs.p[i].run.offset, o->fd, length, err) < 0)
			return -1;
		/* Let the disk begin; the sync at the end then has less to wait for. */
		sync_file_range(o->fd, (off_t)at, (off_t)length, SYNC_FILE_RANGE_WRITE);
		at += length;
		progress(o, length, false, false);
		i += n;
	}
	return put(o, &m->footer, err);
}

int
metadata_write(struct metadata *m, struct metadata_output *o, struct err *err)
{
	int64_t begin = cost_now_us(), written;
	int r = write_all(m, o, err);

	progress(o, 0, true, r < 0);
	written = cost_now_us();
	cost_add(&m->cost->write_us, written - begin);
	if (r == 0)
		r = file_sync(o->fd, publish_kind_name(m->kind), err);
	cost_add(&m->cost->sync_us, cost_now_us() - written);
	return r < 0 ? err_ctx(err, "write %s", publish_kind_name(m->kind)) : 0;
}

static int
read_at(const struct metadata *m, const struct metadata_output *o, void *buf, size_t n, uint64_t at, struct err *err)
{
	ssize_t got = pread(o->fd, buf, n, (off_t)at);

	if (got < 0)
		return err_sys(err, "read back %s", publish_kind_name(m->kind));
	return (size_t)got == n ? 0 : err_set(err, EIO, "read back %s: it is shorter than what was written",
	    publish_kind_name(m->kind));
}

int
metadata_hash(struct metadata *m, struct metadata_output *o, struct err *err)
{
	AUTO(free) char *buf = xrealloc(NULL, BLOCK);
	AUTO(hash_fini) hash_state h = {0};
	uint64_t at = 0;
	int64_t there;

	hash_init(&h);
	while (at < m->size) {
		int64_t begin;

		there = wait_for(o, at);
		if (there < 0)
			return 0;
		begin = cost_now_us();
		while (at < (uint64_t)there) {
			size_t n = (uint64_t)there - at < BLOCK ? (size_t)((uint64_t)there - at) : BLOCK;

			if (read_at(m, o, buf, n, at, err) < 0)
				return -1;
			hash_add(&h, buf, n);
			at += n;
		}
		cost_add(&m->cost->hash_us, cost_now_us() - begin);
	}
	o->hash = hash_end(&h);
	return 0;
}

/* One member at `at` of the file, onto the hash. */
static int
hash_member(const struct metadata *m, const struct metadata_output *o, uint64_t at, size_t n, size_t raw,
	hash_state *h, struct err *err)
{
	AUTO(free) char *packed = xrealloc(NULL, n);
	AUTO(str_fini) struct str text = {0};

	if (read_at(m, o, packed, n, at, err) < 0 || compression_unpack(m->publish->how, packed, n, raw, &text, err) < 0)
		return err_ctx(err, "hash the text of %s", publish_kind_name(m->kind));
	hash_add(h, text.p, text.n);
	return 0;
}

int
metadata_hash_open(struct metadata *m, struct metadata_output *o, struct err *err)
{
	AUTO(hash_fini) hash_state h = {0};
	uint64_t at = 0, raw = m->header_text.n;

	for (int64_t there = 0; there < (int64_t)m->size; )
		if ((there = wait_for(o, (uint64_t)there)) < 0)
			return 0;
	hash_init(&h);
	if (hash_member(m, o, at, m->header.n, raw, &h, err) < 0)
		return -1;
	at += m->header.n;
	for (size_t i = 0; i < m->runs.n; i++) {
		const struct run *r = &m->runs.p[i].run;

		if (hash_member(m, o, at, r->length, r->raw, &h, err) < 0)
			return -1;
		at += r->length;
		raw += r->raw;
	}
	if (hash_member(m, o, at, m->footer.n, m->open_size - raw, &h, err) < 0)
		return -1;
	o->open_hash = hash_end(&h);
	return 0;
}
