/*
 * diff: from one tree to another, as a unified diff with a/ and b/ before the
 * names, which patch -p1 and git apply take. Both trees are walked first, so
 * that nothing but checked names, files and links reaches libgit2's diff.
 * Bytes are compared as text whatever they are, as patch(1) knows no other form.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "source/gear-export.h"
#include "source/glob.h"

struct comparing {
	struct export *x;
	const struct rule *rule;
	struct output *output;
	struct err *err;	/* set when a callback failed */
};

static bool
is_excluded(const struct rule *r, const char *path)
{
	for (size_t i = 0; i < r->exclude.n; i++)
		if (glob_match_path(r->exclude.p[i], path))
			return true;
	return false;
}

static int
check_file(void *arg, const char *path, const git_oid *id, git_filemode_t mode, struct err *err)
{
	const struct rule *r = arg;

	if (mode == GIT_FILEMODE_COMMIT && !is_excluded(r, path))
		return err_set(err, EINVAL, "%.200s is a submodule, which a patch cannot hold; exclude= it", path);
	return 0;
}

static int
count_side(struct comparing *c, const git_diff_file *file, const char *path)
{
	git_object_t type;
	size_t size;

	if (git_oid_is_zero(&file->id))
		return 0;
	if (git_odb_read_header(&size, &type, c->x->odb, &file->id) < 0)
		return gitlib_err(c->err, "%.200s", path);
	if (size > GEAR_MAX_DIFF)
		return err_set(c->err, EFBIG, "%.200s: too big to be compared; exclude= it", path);
	return export_count(c->x, 0, (int64_t)size, c->err);
}

/* Called before a difference is listed: positive leaves it out. */
static int
on_difference(const git_diff *diff, const git_diff_delta *delta, const char *matched, void *arg)
{
	struct comparing *c = arg;
	const char *path = delta->new_file.path ? delta->new_file.path : delta->old_file.path;

	if (is_excluded(c->rule, path))
		return 1;
	return count_side(c, &delta->old_file, path) < 0 || count_side(c, &delta->new_file, path) < 0 ? -1 : 0;
}

/* Write the lines above the hunks. Names with blanks get a tab behind them, as git does, or patch(1) cuts them. */
static int
write_header(struct comparing *c, const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);
		bool name = length > 4 && (memcmp(text, "--- ", 4) == 0 || memcmp(text, "+++ ", 4) == 0);
		bool tab = name && text[4] != '"' && memchr(text + 4, ' ', length - 4);

		if (output_write(c->output, text, length, c->err) < 0 ||
		    output_write(c->output, tab ? "\t\n" : "\n", tab ? 2 : 1, c->err) < 0)
			return -1;
		text += length + 1;
	}
	return 0;
}

static int
on_line(const git_diff_delta *delta, const git_diff_hunk *hunk, const git_diff_line *line, void *arg)
{
	struct comparing *c = arg;
	char origin = line->origin;

	if (origin == GIT_DIFF_LINE_FILE_HDR)
		return write_header(c, line->content, line->content_len);
	if ((origin == GIT_DIFF_LINE_CONTEXT || origin == GIT_DIFF_LINE_ADDITION || origin == GIT_DIFF_LINE_DELETION) &&
	    output_write(c->output, &origin, 1, c->err) < 0)
		return -1;
	return output_write(c->output, line->content, line->content_len, c->err);
}

/* libgit2's callbacks have no place for our error: it is in c->err if one of them failed. */
static int
failure(const struct comparing *c, const char *what)
{
	return c->err->code ? -1 : gitlib_err(c->err, "%s", what);
}

static int
compare(struct comparing *c, const git_oid *old, const git_oid *new)
{
	AUTO(git_diff_free) git_diff *diff = NULL;
	AUTO(git_tree_free) git_tree *old_tree = NULL;
	AUTO(git_tree_free) git_tree *new_tree = NULL;
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;

	options.flags = GIT_DIFF_FORCE_TEXT;
	options.context_lines = 3;
	options.interhunk_lines = 0;
	options.id_abbrev = GIT_HEX;
	options.max_size = GEAR_MAX_DIFF;
	options.old_prefix = "a";
	options.new_prefix = "b";
	options.notify_cb = on_difference;
	options.payload = c;
	c->err->code = 0;
	if (export_folder(c->x, old, &old_tree, c->err) < 0 || export_folder(c->x, new, &new_tree, c->err) < 0)
		return -1;
	if (git_diff_tree_to_tree(&diff, c->x->repo, old_tree, new_tree, &options) < 0)
		return failure(c, "compare the trees");
	if (git_diff_num_deltas(diff) == 0)
		gear_note(&c->x->out->notes, "line %d: the trees do not differ, %s is empty", c->rule->line, c->output->name);
	return git_diff_print(diff, GIT_DIFF_FORMAT_PATCH, on_line, c) < 0 ? failure(c, "write the patch") : 0;
}

static int
write_diff(struct export *x, const struct rule *r, const char *name, const git_oid *old, const git_oid *new,
	struct err *err)
{
	AUTO(output_fini) struct output o = OUTPUT_INIT;
	AUTO(free) char *origin = xasprintf("line %d", r->line);
	const struct output_how how = {.compression = r->compression};
	struct comparing c = {x, r, &o, err};

	if (export_walk(x, old, check_file, (void *)(uintptr_t)r, err) < 0 ||
	    export_walk(x, new, check_file, (void *)(uintptr_t)r, err) < 0)
		return -1;
	if (output_claim(x, name, origin, err) < 0 || output_open(x, name, &how, &o, err) < 0 ||
	    compare(&c, old, new) < 0)
		return -1;
	return output_close(x, &o, err);
}

int
export_diff(struct export *x, const struct rule *r, struct err *err)
{
	AUTO(export_keywords_fini) struct export_keywords k = {0};
	AUTO(export_tree_fini) struct export_tree old = {0};
	AUTO(export_tree_fini) struct export_tree new = {0};
	AUTO(free) char *name = NULL;
	AUTO(free) char *file = NULL;
	int found;

	if (export_keywords(x, r->spec, &k, err) < 0 || export_tree_parse(r->paths.p[0], &k, &old, err) < 0 ||
	    export_tree_parse(r->paths.p[1], &k, &new, err) < 0)
		return -1;
	k.list[KEYWORD_OLD_DIR].value = old.dir;
	k.list[KEYWORD_NEW_DIR].value = new.dir;
	if (export_expand(&k, r->name ? r->name : new.dir ? "@new_dir@-@version@-@release@.patch" :
	    "@name@-@version@-@release@.patch", &name, err) < 0)
		return -1;
	file = xasprintf("%s%s", name, compression_suffix(r->compression));
	found = export_tree_find(x, &k, &old, err);
	if (found == 0)
		found = export_tree_find(x, &k, &new, err);
	if (found == GEAR_ABSENT && r->optional)
		return 0;
	return found == 0 ? write_diff(x, r, file, &old.id, &new.id, err) : -1;
}
