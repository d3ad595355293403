/* Rules that take single files as they are, or compressed: copy, gzip, ..., compress. */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "source/gear-export.h"
#include "source/glob.h"

/* One pattern at work. */
struct copy {
	struct export *x;
	const struct rule *rule;
	const char *pattern;
	const char *file;	/* its last component, where wildcards count */
	char *folder;		/* the rest, "." if it has only one */
	char *name;		/* of name=, keywords replaced; NULL: not given */
	bool found;
};

/* Patterns of exclude: see the whole path, with and without the "./" that gear puts before a file at the top. */
static bool
is_excluded(const struct copy *c, const char *path)
{
	AUTO(free) char *dotted = xasprintf("./%s", path);

	for (size_t i = 0; i < c->x->rules.exclude.n; i++)
		if (glob_match(c->x->rules.exclude.p[i], path) || glob_match(c->x->rules.exclude.p[i], dotted))
			return true;
	return false;
}

static int
write_file(const struct copy *c, const char *name, const git_tree_entry *entry, struct err *err)
{
	AUTO(git_odb_object_free) git_odb_object *blob = NULL;
	AUTO(output_fini) struct output o = OUTPUT_INIT;
	const struct output_how how = {
		.compression = c->rule->compression,
		.level = c->rule->level,
		.executable = git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE,
	};

	if (export_blob(c->x, git_tree_entry_id(entry), &blob, err) < 0 ||
	    output_open(c->x, name, &how, &o, err) < 0 ||
	    output_write(&o, git_odb_object_data(blob), git_odb_object_size(blob), err) < 0)
		return -1;
	return output_close(c->x, &o, err);
}

/* A file that matches. The spec is written by gear itself, which claimed its name. */
static int
copy_file(const struct copy *c, const char *path, const git_tree_entry *entry, struct err *err)
{
	AUTO(free) char *name = c->name ? xstrdup(c->name) :
	    xasprintf("%s%s", git_tree_entry_name(entry), compression_suffix(c->rule->compression));
	AUTO(free) char *origin = xasprintf("a copy of %s%s", path, compression_suffix(c->rule->compression));
	int r = output_claim(c->x, name, origin, err);

	if (r == 0 && write_file(c, name, entry, err) < 0)
		return err_ctx(err, "%.200s", path);
	return r < 0 ? -1 : 0;
}

static int
try_entry(struct copy *c, const git_tree_entry *entry, struct err *err)
{
	const char *name = git_tree_entry_name(entry);
	bool top = strcmp(c->folder, ".") == 0;
	AUTO(free) char *path = top ? xstrdup(name) : xasprintf("%s/%s", c->folder, name);
	git_filemode_t mode = git_tree_entry_filemode(entry);

	if (mode == GIT_FILEMODE_TREE || mode == GIT_FILEMODE_COMMIT || !glob_match(c->file, name) ||
	    is_excluded(c, path))
		return 0;
	if (mode == GIT_FILEMODE_LINK && !strpbrk(c->file, "*?["))
		return err_set(err, EINVAL, "%.200s is a symbolic link; name the file that it points to", path);
	if (mode == GIT_FILEMODE_LINK) {
		gear_note(&c->x->out->notes, "%s is a symbolic link and was not copied", path);
		return 0;
	}
	c->found = true;
	return copy_file(c, path, entry, err);
}

static int
copy_pattern(struct copy *c, struct err *err)
{
	AUTO(git_tree_free) git_tree *tree = NULL;
	git_oid id;
	int r = export_find_folder(c->x, &c->x->main, c->folder, &id, err);

	if (r != 0)
		return r == GEAR_ABSENT && c->rule->optional ? 0 : -1;
	if (export_folder(c->x, &id, &tree, err) < 0)
		return -1;
	for (size_t i = 0; i < git_tree_entrycount(tree); i++)
		if (try_entry(c, git_tree_entry_byindex(tree, i), err) < 0)
			return -1;
	if (!c->found && !c->rule->optional)
		return err_set(err, ENOENT, "no file matches %.200s", c->pattern);
	return 0;
}

int
export_copy(struct export *x, const struct rule *r, struct err *err)
{
	AUTO(export_keywords_fini) struct export_keywords k = {0};
	AUTO(free) char *name = NULL;

	if (export_keywords(x, NULL, &k, err) < 0)
		return -1;
	if (r->name && export_expand(&k, r->name, &name, err) < 0)
		return -1;
	for (size_t i = 0; i < r->paths.n; i++) {
		const char *pattern = r->paths.p[i];
		const char *slash = strrchr(pattern, '/');
		AUTO(free) char *folder = slash ? xstrndup(pattern, (size_t)(slash - pattern)) : xstrdup(".");
		struct copy c = {x, r, pattern, slash ? slash + 1 : pattern, folder, name, false};

		if (copy_pattern(&c, err) < 0)
			return -1;
	}
	return 0;
}
