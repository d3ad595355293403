/*
 * Every folder is loaded by export_folder(), which lets through no name that
 * could mean something else to whoever unpacks it: no `/`, `.`, `..`, `.git`,
 * no control characters, none twice. Links are never followed.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/err.h"
#include "source/gear-export.h"
#include "source/inherit.h"

enum {
	PATH_MAX_BYTES = 4096,
	TAG_CHAIN_MAX = 10,
};

static int
check_name(const char *name, struct err *err)
{
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/') ||
	    strcasecmp(name, ".git") == 0)
		return err_set(err, EINVAL, "the tree contains the forbidden name \"%.200s\"", name);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(err, EINVAL, "the name \"%.200s\" has control characters", name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
by_letters(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names are unique; that some differ only in case is worth a note, since not every file system can hold both. */
static int
check_names(struct export *x, const git_tree *tree, struct err *err)
{
	size_t n = git_tree_entrycount(tree);
	AUTO(free) const char **names = xcalloc(n, sizeof(*names));

	for (size_t i = 0; i < n; i++) {
		names[i] = git_tree_entry_name(git_tree_entry_byindex(tree, i));
		if (check_name(names[i], err) < 0)
			return -1;
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 1; i < n; i++)
		if (by_name(&names[i - 1], &names[i]) == 0)
			return err_set(err, EINVAL, "the name \"%.200s\" is there twice in one folder", names[i]);
	qsort(names, n, sizeof(*names), by_letters);
	for (size_t i = 1; i < n; i++)
		if (by_letters(&names[i - 1], &names[i]) == 0)
			gear_note(&x->out->notes, "\"%.200s\" differs from another name only in case", names[i]);
	return 0;
}

int
export_folder(struct export *x, const git_oid *id, git_tree **out, struct err *err)
{
	AUTO(git_tree_free) git_tree *tree = NULL;
	git_object_t type;
	size_t size;

	if (git_odb_read_header(&size, &type, x->odb, id) < 0)
		return gitlib_err(err, "folder %.7s", git_oid_tostr_s(id));
	if (size > GEAR_MAX_TREE)
		return err_set(err, EFBIG, "a folder with too many names");
	if (git_tree_lookup(&tree, x->repo, id) < 0)
		return gitlib_err(err, "folder %.7s", git_oid_tostr_s(id));
	x->seen += (int64_t)git_tree_entrycount(tree);
	if (x->seen > GEAR_MAX_SEEN)
		return err_set(err, EFBIG, "the rules make gear read more than %d names", GEAR_MAX_SEEN);
	if (check_names(x, tree, err) < 0)
		return -1;
	*out = STEAL(tree);
	return 0;
}

static const char *
mode_text(git_filemode_t mode)
{
	return mode == GIT_FILEMODE_TREE ? "folder" : mode == GIT_FILEMODE_LINK ? "symbolic link" :
	    mode == GIT_FILEMODE_COMMIT ? "submodule" : "file";
}

/* One component further down: 0 or GEAR_ABSENT. */
static int
descend(struct export *x, const char *path, const char *name, git_oid *id, git_filemode_t *mode, struct err *err)
{
	AUTO(git_tree_free) git_tree *tree = NULL;
	const git_tree_entry *entry;

	if (*mode == GIT_FILEMODE_LINK || *mode == GIT_FILEMODE_COMMIT)
		return err_set(err, EINVAL, "%s: a %s on the way, which is not followed", path, mode_text(*mode));
	if (*mode == GIT_FILEMODE_TREE && export_folder(x, id, &tree, err) < 0)
		return -1;
	entry = tree ? git_tree_entry_byname(tree, name) : NULL;
	if (!entry) {
		err_set(err, ENOENT, "%s: there is no such file or folder", path);
		return GEAR_ABSENT;
	}
	git_oid_cpy(id, git_tree_entry_id(entry));
	*mode = git_tree_entry_filemode(entry);
	return 0;
}

int
export_find(struct export *x, const git_oid *root, const char *path, git_oid *id, git_filemode_t *mode,
	struct err *err)
{
	AUTO(strs_fini) struct strs parts = {0};

	strs_split(&parts, path, "/");
	git_oid_cpy(id, root);
	*mode = GIT_FILEMODE_TREE;
	for (size_t i = 0; i < parts.n; i++) {
		int r = strcmp(parts.p[i], ".") == 0 ? 0 : descend(x, path, parts.p[i], id, mode, err);

		if (r != 0)
			return r;
	}
	return 0;
}

int
export_find_folder(struct export *x, const git_oid *root, const char *path, git_oid *id, struct err *err)
{
	git_filemode_t mode;
	int r = export_find(x, root, path, id, &mode, err);

	if (r != 0 || mode == GIT_FILEMODE_TREE)
		return r;
	err_set(err, ENOTDIR, "%s: a %s where a folder is wanted", path, mode_text(mode));
	return GEAR_ABSENT;
}

static bool
is_file(git_filemode_t mode)
{
	return mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
}

int
export_text(struct export *x, const char *path, struct str *out, struct err *err)
{
	git_filemode_t mode;
	git_oid id;
	int r = export_find(x, &x->main, path, &id, &mode, err);

	if (r != 0)
		return r;
	if (!is_file(mode))
		return err_set(err, EINVAL, "%s: a %s where a file is wanted", path, mode_text(mode));
	if (gitlib_read(x->odb, &id, GIT_OBJECT_BLOB, GEAR_MAX_TEXT, out, err) < 0)
		return err_ctx(err, "%s", path);
	if (strlen(str_c(out)) != out->n)
		return err_set(err, EINVAL, "%s: it contains a NUL", path);
	return export_count(x, 0, (int64_t)out->n, err);
}

int
export_count(struct export *x, int64_t files, int64_t bytes, struct err *err)
{
	x->files += files;
	x->bytes += bytes;
	if (x->files > GEAR_MAX_FILES)
		return err_set(err, EFBIG, "the sources have more than %d files in all", GEAR_MAX_FILES);
	if (x->bytes > GEAR_MAX_BYTES)
		return err_set(err, EFBIG, "the sources have more than %lld GiB in all", GEAR_MAX_BYTES >> 30);
	return 0;
}

int
export_blob(struct export *x, const git_oid *id, git_odb_object **out, struct err *err)
{
	AUTO(git_odb_object_free) git_odb_object *blob = NULL;

	if (gitlib_load(x->odb, id, GIT_OBJECT_BLOB, GEAR_MAX_BLOB, &blob, err) < 0 ||
	    export_count(x, 1, (int64_t)git_odb_object_size(blob), err) < 0)
		return -1;
	*out = STEAL(blob);
	return 0;
}

/* The id that .gear/tags/list gives for a name: 0 or GEAR_ABSENT. */
static int
look_up(struct export *x, const char *name, git_oid *id, struct err *err)
{
	AUTO(free) char *path = x->tags_dir ? xasprintf("%s/list", x->tags_dir) : NULL;
	AUTO(strs_fini) struct strs lines = {0};
	AUTO(str_fini) struct str list = {0};
	int r = path ? export_text(x, path, &list, err) : GEAR_ABSENT;

	if (r != 0)
		return r;
	strs_split(&lines, str_c(&list), "\r\n");
	for (size_t i = 0; i < lines.n; i++) {
		AUTO(strs_fini) struct strs words = {0};

		strs_split(&words, lines.p[i], " \t");
		if (words.n == 0)
			continue;
		if (words.n != 2 || !gitlib_hex(words.p[0], id))
			return err_set(err, EINVAL, "%s: \"%.100s\" is not \"ID NAME\"", path, lines.p[i]);
		if (strcmp(words.p[1], name) == 0)
			return 0;
	}
	return GEAR_ABSENT;
}

/* Follow one stored tag object from *id to what it points to: 0, or GEAR_ABSENT if none of this id is stored. */
static int
follow_stored(struct export *x, git_oid *id, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s/%s", x->tags_dir, git_oid_tostr_s(id));
	AUTO(str_fini) struct str text = {0};
	git_oid real, target;
	AUTO(free) char *hex = NULL;
	int r = export_text(x, path, &text, err);

	if (r != 0)
		return r;
	if (git_odb_hash(&real, str_c(&text), text.n, GIT_OBJECT_TAG) < 0 || !git_oid_equal(&real, id))
		return err_set(err, EINVAL, "%s: the stored tag has another id; store it again", path);
	if (strncmp(str_c(&text), "object ", 7) != 0 || text.n < 7 + GIT_HEX)
		return err_set(err, EINVAL, "%s: not a tag object", path);
	hex = xstrndup(text.p + 7, GIT_HEX);
	if (!gitlib_hex(hex, &target))
		return err_set(err, EINVAL, "%s: not a tag object", path);
	git_oid_cpy(id, &target);
	return 0;
}

/* The commit that a base names, not yet checked for being an ancestor. */
static int
resolve_base(struct export *x, const char *base, git_oid *id, struct err *err)
{
	git_object_t type;
	size_t size;
	int r = gitlib_hex(base, id) ? GEAR_ABSENT : look_up(x, base, id, err);
	bool listed = r == 0;

	if (r == GEAR_ABSENT && !gitlib_hex(base, id))
		return err_set(err, ENOENT, "tag %s is not in %s/list; store it there", base,
		    x->tags_dir ? x->tags_dir : ".gear/tags");
	for (int i = 0; r == 0 && i < TAG_CHAIN_MAX; i++)
		r = follow_stored(x, id, err);
	if (r < 0)
		return -1;
	if (git_odb_read_header(&size, &type, x->odb, id) < 0)
		return gitlib_err(err, "commit %s", git_oid_tostr_s(id));
	if (listed && type == GIT_OBJECT_TAG)
		return err_set(err, ENOENT, "tag object %s is not stored in %s", git_oid_tostr_s(id), x->tags_dir);
	if (type != GIT_OBJECT_COMMIT)
		return err_set(err, EINVAL, "%s is not a commit", base);
	return 0;
}

/* The same with that check, down to the root tree. */
static int
find_root(struct export *x, const char *base, git_oid *root, struct err *err)
{
	AUTO(git_commit_free) git_commit *commit = NULL;
	char hex[GIT_HEX + 1];
	git_oid id;
	int r;

	if (resolve_base(x, base, &id, err) < 0)
		return -1;
	git_oid_tostr(hex, sizeof(hex), &id);
	r = inherit_check(x->repo, hex, x->tag->commit, err);
	if (r < 0)
		return -1;
	if (r == INHERIT_NOT)
		return err_set(err, EINVAL, "%s is not an ancestor of the tag's commit; merge it first", base);
	if (git_commit_lookup(&commit, x->repo, &id) < 0)
		return gitlib_err(err, "commit %s", hex);
	git_oid_cpy(root, git_commit_tree_id(commit));
	return 0;
}

int
export_base(struct export *x, const char *base, git_oid *root, struct err *err)
{
	uint32_t known;

	git_oid_cpy(root, &x->main);
	if (strcmp(base, ".") == 0)
		return 0;
	known = map_find(&x->bases, base);
	if (known != MAP_NONE) {
		git_oid_cpy(root, &x->roots.p[known]);
		return 0;
	}
	if (x->roots.n >= GEAR_MAX_BASES)
		return err_set(err, E2BIG, "the rules name more than %d commits and tags", GEAR_MAX_BASES);
	if (find_root(x, base, root, err) < 0)
		return -1;
	map_intern(&x->bases, base);
	vec_push(&x->roots, *root);
	return 0;
}

struct walk {
	struct export *x;
	export_walk_fn *fn;
	void *arg;
};

static int
walk_folder(const struct walk *w, const git_oid *id, const char *path, int depth, struct err *err)
{
	AUTO(git_tree_free) git_tree *tree = NULL;

	if (depth > GEAR_MAX_DEPTH)
		return err_set(err, ELOOP, "more than %d folders in one another", GEAR_MAX_DEPTH);
	if (export_folder(w->x, id, &tree, err) < 0)
		return *path ? err_ctx(err, "%.200s", path) : -1;
	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		git_filemode_t mode = git_tree_entry_filemode(entry);
		AUTO(free) char *below = xasprintf("%s%s%s", path, *path ? "/" : "", git_tree_entry_name(entry));
		int r;

		if (strlen(below) > PATH_MAX_BYTES)
			return err_set(err, ENAMETOOLONG, "%.200s...: a path of more than %d bytes", below, PATH_MAX_BYTES);
		if (mode == GIT_FILEMODE_TREE)
			r = walk_folder(w, git_tree_entry_id(entry), below, depth + 1, err);
		else
			r = w->fn(w->arg, below, git_tree_entry_id(entry), mode, err);
		if (r < 0)
			return -1;
	}
	return 0;
}

int
export_walk(struct export *x, const git_oid *root, export_walk_fn *fn, void *arg, struct err *err)
{
	const struct walk w = {x, fn, arg};

	return walk_folder(&w, root, "", 0, err);
}
