#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "package/artefact.h"
#include "schema/build.h"
#include "shell/log-source.h"

enum { PACKED = 128 << 10, SKIP = 64 << 10 };

void
log_source_fini(struct log_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	ZSTD_freeDStream(s->unpack);
	free(s->packed);
	*s = (struct log_source)LOG_SOURCE_INIT;
}

static ssize_t
read_stored(struct log_source *s, char *buf, size_t n, struct err *err)
{
	ZSTD_outBuffer out = {buf, n, 0};

	while (out.pos == 0) {
		ZSTD_inBuffer in = {s->packed, s->got, s->taken};
		size_t r;

		if (s->taken == s->got) {
			ssize_t got = read(s->fd, s->packed, PACKED);

			if (got <= 0)
				return got < 0 ? err_sys(err, "read the log") : 0;
			s->got = (size_t)got;
			s->taken = 0;
			continue;
		}
		r = ZSTD_decompressStream(s->unpack, &out, &in);
		if (ZSTD_isError(r))
			return err_set(err, EBADMSG, "the stored log is damaged: %s", ZSTD_getErrorName(r));
		s->taken = in.pos;
	}
	return (ssize_t)out.pos;
}

ssize_t
log_source_read(struct log_source *s, char *buf, size_t n, struct err *err)
{
	ssize_t got = s->unpack ? read_stored(s, buf, n, err) : pread(s->fd, buf, n, s->at);

	if (got < 0 && !s->unpack)
		return err_sys(err, "read the log");
	s->at += got > 0 ? got : 0;
	return got;
}

/* What a live one has given already. */
static int
skip(struct log_source *s, off_t n, struct err *err)
{
	AUTO(free) char *buf = xcalloc(1, SKIP);

	while (s->at < n) {
		size_t want = n - s->at < SKIP ? (size_t)(n - s->at) : SKIP;
		ssize_t got = log_source_read(s, buf, want, err);

		if (got <= 0)
			return got < 0 ? -1 : 0;
	}
	return 0;
}

static int
open_stored(struct log_source *s, int fd, struct err *err)
{
	off_t at = s->at;

	log_source_fini(s);
	s->fd = fd;
	s->unpack = ZSTD_createDStream();
	s->packed = xcalloc(1, PACKED);
	return skip(s, at, err);
}

int
log_source_open(struct log_source *s, int dir, const struct job *j, int attempt, struct err *err)
{
	AUTO(free) char *live = xasprintf("run/log/%lld.%d", (long long)j->id, attempt);
	struct err ignored;
	int fd;

	if (attempt == j->attempt && *j->log && !s->unpack && (fd = artefact_open(dir, j->log, &ignored)) >= 0)
		return open_stored(s, fd, err);
	if (s->fd >= 0)
		return 0;
	s->fd = openat(dir, live, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd >= 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(err, "open %s", live);
	if (j->state > JOB_RUNNING || attempt < j->attempt)
		err_set(err, ENOENT, "its log is gone");
	else
		err_set(err, ENOENT, "it has written nothing yet");
	return LOG_ABSENT;
}
