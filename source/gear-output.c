/*
 * Everything that would make two exports differ is pinned: member owners and
 * modes, times, the compressors' levels and headers. GNU tar is the archive
 * format because libarchive writes its names as bytes, whatever the locale.
 *
 * libarchive has zip's DOS times in the local time zone, and its flag for
 * UTF-8 names after the locale: finish_zip() sets both right.
 */
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "source/gear-export.h"

enum { NAME_MAX_BYTES = 200 };

AUTO_DEFINE(struct archive_entry *, archive_entry_free);

void
output_fini(struct output *o)
{
	if (o->archive)
		archive_write_free(o->archive);
	if (o->fd >= 0)
		close(o->fd);
	free(o->name);
}

static int
archive_err(struct output *o, struct err *err)
{
	const char *said = archive_error_string(o->archive);

	return err_set(err, EIO, "write %s: %s", o->name, said ? said : "unknown error of libarchive");
}

static bool
name_valid(const char *name)
{
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, name);
	return name[0] && name[0] != '-' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	    !strpbrk(name, "/ ") && strlen(name) <= NAME_MAX_BYTES && strcmp(str_c(&shown), name) == 0;
}

int
output_claim(struct export *x, const char *name, const char *origin, struct err *err)
{
	AUTO(free) char *lower = xstrdup(name);
	uint32_t i;

	if (!name_valid(name))
		return err_set(err, EINVAL, "\"%.250s\" is not a name for a source file: no /, blanks or control "
		    "characters, no leading -, at most %d bytes", name, NAME_MAX_BYTES);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	i = map_intern(&x->names, lower);
	if (i >= GEAR_MAX_OUTPUT)
		return err_set(err, EFBIG, "more than %d source files", GEAR_MAX_OUTPUT);
	if (i == x->origins.n) {
		strs_add(&x->origins, origin);
		return 0;
	}
	if (strcmp(x->origins.p[i], origin) == 0)
		return OUTPUT_DONE;
	return err_set(err, EEXIST, "the file %s is written twice, by %s and by %s", name, x->origins.p[i], origin);
}

static int
add_filter(struct archive *a, const struct output_how *how)
{
	static const struct {
		int (*add)(struct archive *);
		const char *level;
	} filters[COMPRESSIONS] = {
		[COMPRESSION_NONE] = {archive_write_add_filter_none, NULL},
		[COMPRESSION_GZIP] = {archive_write_add_filter_gzip, "9"},
		[COMPRESSION_BZIP2] = {archive_write_add_filter_bzip2, "9"},
		[COMPRESSION_LZMA] = {archive_write_add_filter_lzma, "6"},
		[COMPRESSION_XZ] = {archive_write_add_filter_xz, "6"},
		[COMPRESSION_ZSTD] = {archive_write_add_filter_zstd, "11"},
	};
	const char *level = filters[how->compression].level;
	char number[16];

	if (how->level) {
		snprintf(number, sizeof(number), "%d", how->level);
		level = number;
	}
	if (filters[how->compression].add(a) != ARCHIVE_OK ||
	    (level && archive_write_set_filter_option(a, NULL, "compression-level", level) != ARCHIVE_OK))
		return -1;
	if (how->compression == COMPRESSION_GZIP &&
	    archive_write_set_filter_option(a, "gzip", "timestamp", NULL) != ARCHIVE_OK)
		return -1;
	return 0;
}

/* A compressed single file is an archive of the format "raw", whose one member it is. */
static int
open_archive(struct output *o, const struct output_how *how, struct err *err)
{
	static int (*const set_format[])(struct archive *) = {
		[OUTPUT_PLAIN] = archive_write_set_format_raw,
		[OUTPUT_TAR] = archive_write_set_format_gnutar,
		[OUTPUT_ZIP] = archive_write_set_format_zip,
	};

	o->archive = archive_write_new();
	if (!o->archive)
		return err_set(err, ENOMEM, "start libarchive");
	if (set_format[how->format](o->archive) != ARCHIVE_OK || add_filter(o->archive, how) < 0 ||
	    archive_write_open_fd(o->archive, o->fd) != ARCHIVE_OK)
		return archive_err(o, err);
	return how->format == OUTPUT_PLAIN ? output_member(o, o->name, GIT_FILEMODE_BLOB, NULL, 0, err) : 0;
}

int
output_open(struct export *x, const char *name, const struct output_how *how, struct output *o, struct err *err)
{
	mode_t mode = how->executable ? 0755 : 0644;

	o->format = how->format;
	o->when = x->tag->when;
	o->name = xstrdup(name);
	o->fd = openat(x->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (o->fd < 0 || fchmod(o->fd, mode) < 0)
		return err_sys(err, "create %s", name);
	if (how->format == OUTPUT_PLAIN && how->compression == COMPRESSION_NONE)
		return 0;
	return open_archive(o, how, err);
}

int
output_write(struct output *o, const void *data, size_t n, struct err *err)
{
	const char *p = data;

	if (!o->archive)
		return file_write_fd(o->fd, data, n, err) < 0 ? err_ctx(err, "%s", o->name) : 0;
	while (n > 0) {
		la_ssize_t done = archive_write_data(o->archive, p, n);

		if (done <= 0)
			return archive_err(o, err);
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int
output_member(struct output *o, const char *path, git_filemode_t mode, const void *data, size_t n, struct err *err)
{
	AUTO(archive_entry_free) struct archive_entry *e = archive_entry_new();
	AUTO(free) char *target = NULL;

	archive_entry_set_pathname(e, path);
	archive_entry_set_mtime(e, o->when, 0);
	archive_entry_set_uid(e, 0);
	archive_entry_set_gid(e, 0);
	archive_entry_set_uname(e, "root");
	archive_entry_set_gname(e, "root");
	archive_entry_set_size(e, 0);
	if (mode == GIT_FILEMODE_TREE) {
		archive_entry_set_mode(e, S_IFDIR | 0755);
	} else if (mode == GIT_FILEMODE_LINK) {
		target = xstrndup(data, n);
		archive_entry_set_mode(e, S_IFLNK | 0777);
		archive_entry_set_symlink(e, target);
		n = 0;
	} else {
		archive_entry_set_mode(e, S_IFREG | (mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644));
		archive_entry_set_size(e, (la_int64_t)n);
	}
	if (archive_write_header(o->archive, e) != ARCHIVE_OK)
		return archive_err(o, err);
	return output_write(o, data, n, err);
}

static uint32_t
read_le(const unsigned char *p, int bytes)
{
	uint32_t v = 0;

	for (int i = bytes - 1; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static uint32_t
dos_time(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	if (tm.tm_year < 80)
		return 1 << 21 | 1 << 16;
	if (tm.tm_year > 207)
		return 0xff9fbf7d;
	return (uint32_t)(tm.tm_year - 80) << 25 | (uint32_t)(tm.tm_mon + 1) << 21 | (uint32_t)tm.tm_mday << 16 |
	    (uint32_t)tm.tm_hour << 11 | (uint32_t)tm.tm_min << 5 | (uint32_t)tm.tm_sec / 2;
}

/* Flags, the method left alone, and the time: 8 bytes at the same distance in both headers of a member. */
static int
patch_header(const struct output *o, off_t at, bool utf8, struct err *err)
{
	unsigned char b[8];
	uint32_t t = htole32(dos_time(o->when));

	if (pread(o->fd, b, sizeof(b), at) != (ssize_t)sizeof(b))
		return err_sys(err, "read back %s", o->name);
	b[1] = (unsigned char)((b[1] & ~8u) | (utf8 ? 8u : 0));
	memcpy(b + 4, &t, sizeof(t));
	if (pwrite(o->fd, b, sizeof(b), at) != (ssize_t)sizeof(b))
		return err_sys(err, "write %s", o->name);
	return 0;
}

/* One header of the central directory at `at`; returns its length, or -1. */
static int64_t
patch_member(const struct output *o, off_t at, struct err *err)
{
	AUTO(free) char *name = NULL;
	AUTO(str_fini) struct str shown = {0};
	unsigned char h[46];
	uint32_t n;
	bool utf8;

	if (pread(o->fd, h, sizeof(h), at) != (ssize_t)sizeof(h) || memcmp(h, "PK\1\2", 4) != 0)
		return err_set(err, EIO, "%s: not the zip it should be", o->name);
	n = read_le(h + 28, 2);
	name = xcalloc(n + 1, 1);
	if (pread(o->fd, name, n, at + (off_t)sizeof(h)) != (ssize_t)n)
		return err_sys(err, "read back %s", o->name);
	text_printable(&shown, name);
	utf8 = text_length(name) != n && strcmp(str_c(&shown), name) == 0;
	if (patch_header(o, at + 8, utf8, err) < 0 || patch_header(o, (off_t)read_le(h + 42, 4) + 6, utf8, err) < 0)
		return -1;
	return (int64_t)sizeof(h) + n + read_le(h + 30, 2) + read_le(h + 32, 2);
}

static int
finish_zip(const struct output *o, struct err *err)
{
	unsigned char end[22];
	off_t size = lseek(o->fd, 0, SEEK_END), at;
	uint32_t members;

	if (size < (off_t)sizeof(end) || pread(o->fd, end, sizeof(end), size - (off_t)sizeof(end)) != (ssize_t)sizeof(end))
		return err_sys(err, "read back %s", o->name);
	members = read_le(end + 10, 2);
	at = (off_t)read_le(end + 16, 4);
	if (memcmp(end, "PK\5\6", 4) != 0 || members == 0xffff || at == 0xffffffff)
		return err_set(err, EFBIG, "%s: too many files or bytes for a zip; make it a tar", o->name);
	for (uint32_t i = 0; i < members; i++) {
		int64_t n = patch_member(o, at, err);

		if (n < 0)
			return -1;
		at += n;
	}
	return 0;
}

int
output_close(struct export *x, struct output *o, struct err *err)
{
	const struct timespec times[2] = {{.tv_sec = (time_t)o->when}, {.tv_sec = (time_t)o->when}};

	if (o->archive && archive_write_close(o->archive) != ARCHIVE_OK)
		return archive_err(o, err);
	if (o->format == OUTPUT_ZIP && finish_zip(o, err) < 0)
		return -1;
	if (futimens(o->fd, times) < 0)
		return err_sys(err, "set the time of %s", o->name);
	if (close(STEAL_FD(o->fd)) < 0)
		return err_sys(err, "write %s", o->name);
	strs_add(&x->out->files, o->name);
	return 0;
}
