/* Exports of gear made for the tests beside this file, and what came out of them. */
#ifndef ARTEL_SOURCE_TEST_EXPORT_H
#define ARTEL_SOURCE_TEST_EXPORT_H

#include "source/test-git.h"

#include <archive.h>
#include <archive_entry.h>

#include "source/gear.h"
#include "source/tag.h"

#define SPEC "Name: foo\nVersion: 1.2\nRelease: alt3\n"

/* One export: what it said and the folder it wrote. */
struct exported {
	struct gear gear;
	struct err err;
	int result;
	int dir;
};

static inline void
exported_fini(struct exported *e)
{
	gear_fini(&e->gear);
	if (e->dir > 0)
		close(e->dir);
}
AUTO_DEFINE_EMBEDDED(struct exported, exported_fini);

/* Tag HEAD with a message and export it into a new folder of the place. */
static inline void
export_with(const struct place *p, const char *message, struct exported *e)
{
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(tag_fini) struct tag tag = {0};
	AUTO(free) char *folder = xasprintf("%s/out.XXXXXX", p->dir);

	RUN(p, "git", "tag", "-f", "-a", "-m", message, "tag");
	assert_non_null(mkdtemp(folder));
	e->dir = file_open_dir(AT_FDCWD, folder, &e->err);
	assert_true(e->dir >= 0);
	if (tag_repository(p->work, &repo, &e->err) < 0 || tag_read(repo, "tag", &tag, &e->err) != 0)
		fail_msg("%s", e->err.msg);
	e->result = gear_export(repo, &tag, e->dir, &e->gear, &e->err);
}

static inline void
export_good(const struct place *p, struct exported *e)
{
	commit(p);
	export_with(p, "release", e);
	if (e->result != 0)
		fail_msg("%s", e->err.msg);
}

static inline void
export_bad(const struct place *p, const char *part)
{
	AUTO(exported_fini) struct exported e = {0};

	export_with(p, "release", &e);
	if (e.result == 0)
		fail_msg("exported, where \"%s\" was expected", part);
	if (!strstr(e.err.msg, part))
		fail_msg("\"%s\" is not in \"%s\"", part, e.err.msg);
}

static inline void
rules_bad(const struct place *p, const char *rules, const char *part)
{
	put(p, ".gear/rules", rules);
	commit(p);
	export_bad(p, part);
}

static inline void
content(const struct exported *e, const char *name, struct str *out)
{
	struct err err = {0};

	if (file_read(e->dir, name, 100 << 20, out, &err) != 0)
		fail_msg("%s: absent", name);
}

static inline void
assert_content(const struct exported *e, const char *name, const char *expected)
{
	AUTO(str_fini) struct str text = {0};

	content(e, name, &text);
	assert_string_equal(str_c(&text), expected);
}

static inline void
assert_files(const struct exported *e, const char *expected)
{
	AUTO(free) char *all = strs_join(&e->gear.files, " ");

	assert_string_equal(all, expected);
}

/* What an archive, or a compressed file as the member "data", holds: "755 path=content;..." */
static inline void
list(const struct exported *e, const char *name, struct str *out)
{
	AUTO(str_fini) struct str bytes = {0};
	struct archive *a = archive_read_new();
	struct archive_entry *m;

	content(e, name, &bytes);
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_zip(a);
	archive_read_support_format_raw(a);
	assert_int_equal(archive_read_open_memory(a, bytes.p, bytes.n), ARCHIVE_OK);
	while (archive_read_next_header(a, &m) == ARCHIVE_OK) {
		char buf[4096];
		la_ssize_t n;

		str_add(out, "%o %s", (unsigned)archive_entry_perm(m), archive_entry_pathname(m));
		if (archive_entry_filetype(m) == AE_IFLNK)
			str_add(out, "->%s", archive_entry_symlink(m));
		if (archive_entry_filetype(m) == AE_IFREG)
			str_putc(out, '=');
		while ((n = archive_read_data(a, buf, sizeof(buf))) > 0)
			str_put(out, buf, (size_t)n);
		str_putc(out, ';');
		if (archive_format(a) != ARCHIVE_FORMAT_RAW)
			assert_int_equal(archive_entry_mtime(m), WHEN);
	}
	assert_int_equal(archive_read_free(a), ARCHIVE_OK);
}

static inline void
assert_members(const struct exported *e, const char *name, const char *expected)
{
	AUTO(str_fini) struct str text = {0};

	list(e, name, &text);
	assert_string_equal(str_c(&text), expected);
}

#endif
