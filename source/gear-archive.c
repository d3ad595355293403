/*
 * tar and zip: a tree below a leading folder. A folder is written when the
 * first thing in it is; the walk visits each folder once, so whether it was
 * written already shows in the path of the member before.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "source/gear-export.h"
#include "source/glob.h"

struct making {
	struct export *x;
	const struct rule *rule;
	struct output *output;
	const char *base;	/* leading folder, "" for none */
	char *last;		/* path of the member before, "" at first */
};

static char *
member_path(const struct making *m, const char *path, size_t n)
{
	return xasprintf("%s%s%.*s", m->base, m->base[0] && n ? "/" : "", (int)n, path);
}

static int
add_folders(const struct making *m, const char *path, struct err *err)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		AUTO(free) char *member = NULL;

		if (strncmp(m->last, path, (size_t)(slash + 1 - path)) == 0)
			continue;
		member = member_path(m, path, (size_t)(slash - path));
		if (output_member(m->output, member, GIT_FILEMODE_TREE, NULL, 0, err) < 0)
			return -1;
	}
	return 0;
}

static int
check_link(const char *target, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)target[i] < 0x20 || target[i] == 0x7f)
			return err_set(err, EINVAL, "a symbolic link with control characters");
	return n == 0 || n > 4095 ? err_set(err, EINVAL, "a symbolic link to nothing or of undue length") : 0;
}

/* git archive would heed these; here all that is tracked goes in, unless the rules exclude it. */
static void
note_attributes(const struct making *m, const char *path, git_odb_object *blob)
{
	static const char *const attributes[] = {"export-ignore", "export-subst"};
	const char *slash = strrchr(path, '/');
	size_t n = git_odb_object_size(blob);

	if (strcmp(slash ? slash + 1 : path, ".gitattributes") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (memmem(git_odb_object_data(blob), n, attributes[i], strlen(attributes[i])))
			gear_note(&m->x->out->notes, "line %d: %s of %s has no effect here; use exclude= or %%prep",
			    m->rule->line, attributes[i], path);
}

static int
add_file(void *arg, const char *path, const git_oid *id, git_filemode_t mode, struct err *err)
{
	struct making *m = arg;
	AUTO(git_odb_object_free) git_odb_object *blob = NULL;
	AUTO(free) char *member = member_path(m, path, strlen(path));

	for (size_t i = 0; i < m->rule->exclude.n; i++)
		if (glob_match_path(m->rule->exclude.p[i], path))
			return 0;
	if (mode == GIT_FILEMODE_COMMIT)
		return err_set(err, EINVAL, "%.200s is a submodule, whose files are not in this repository; "
		    "add them to it, or exclude= it", path);
	if (export_blob(m->x, id, &blob, err) < 0 ||
	    (mode == GIT_FILEMODE_LINK &&
	    check_link(git_odb_object_data(blob), git_odb_object_size(blob), err) < 0))
		return err_ctx(err, "%.200s", path);
	note_attributes(m, path, blob);
	if (add_folders(m, path, err) < 0 ||
	    output_member(m->output, member, mode, git_odb_object_data(blob), git_odb_object_size(blob), err) < 0)
		return -1;
	free(m->last);
	m->last = xstrdup(path);
	return 0;
}

static int
fill(struct making *m, const git_oid *root, struct err *err)
{
	if (m->base[0] && output_member(m->output, m->base, GIT_FILEMODE_TREE, NULL, 0, err) < 0)
		return -1;
	if (export_walk(m->x, root, add_file, m, err) < 0)
		return -1;
	if (!m->last[0])
		gear_note(&m->x->out->notes, "line %d: the archive %s has no files", m->rule->line, m->output->name);
	return 0;
}

/* What the options say, keywords replaced. */
struct naming {
	char *name;		/* without suffix */
	char *base;
	char *file;		/* with it */
};

static void
naming_fini(struct naming *n)
{
	free(n->name);
	free(n->base);
	free(n->file);
}
AUTO_DEFINE_EMBEDDED(struct naming, naming_fini);

static int
name_archive(const struct rule *r, const struct export_keywords *k, const struct export_tree *t,
	struct naming *n, struct err *err)
{
	const char *name = r->name ? r->name : t->dir ? "@dir@-@version@" : "@name@-@version@";
	AUTO(free) char *suffix = NULL;

	if (export_expand(k, name, &n->name, err) < 0 ||
	    export_expand(k, r->base ? r->base : n->name, &n->base, err) < 0 ||
	    export_expand(k, r->suffix ? r->suffix : "", &suffix, err) < 0)
		return -1;
	if (!n->name[0] || strchr(n->name, '/'))
		return err_set(err, EINVAL, "name=%.200s is not a file name", n->name);
	if (n->base[0] && !gear_path_valid(n->base))
		return err_set(err, EINVAL, "base=%.200s is not a path, without ..", n->base);
	while (n->base[0] && n->base[strlen(n->base) - 1] == '/')
		n->base[strlen(n->base) - 1] = '\0';
	n->file = r->suffix ? xasprintf("%s%s", n->name, suffix) :
	    xasprintf("%s%s%s", n->name, r->kind == RULE_ZIP ? ".zip" : ".tar", compression_suffix(r->compression));
	return 0;
}

static int
write_archive(struct export *x, const struct rule *r, const struct naming *n, const git_oid *root, struct err *err)
{
	AUTO(output_fini) struct output o = OUTPUT_INIT;
	AUTO(free) char *origin = xasprintf("line %d", r->line);
	const struct output_how how = {
		.format = r->kind == RULE_ZIP ? OUTPUT_ZIP : OUTPUT_TAR,
		.compression = r->compression,
	};
	struct making m = {x, r, &o, n->base, xstrdup("")};
	int failed = output_claim(x, n->file, origin, err) < 0 || output_open(x, n->file, &how, &o, err) < 0 ||
	    fill(&m, root, err) < 0 || output_close(x, &o, err) < 0;

	free(m.last);
	return failed ? -1 : 0;
}

int
export_archive(struct export *x, const struct rule *r, struct err *err)
{
	AUTO(export_keywords_fini) struct export_keywords k = {0};
	AUTO(export_tree_fini) struct export_tree t = {0};
	AUTO(naming_fini) struct naming n = {0};
	int found;

	if (export_keywords(x, r->spec, &k, err) < 0 || export_tree_parse(r->paths.p[0], &k, &t, err) < 0)
		return -1;
	k.list[KEYWORD_DIR].value = t.dir;
	if (name_archive(r, &k, &t, &n, err) < 0)
		return -1;
	found = export_tree_find(x, &k, &t, err);
	if (found == GEAR_ABSENT && r->optional)
		return 0;
	return found == 0 ? write_archive(x, r, &n, &t.id, err) : -1;
}
