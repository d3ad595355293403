/*
 * What is read first decides how the rest is read: the rules, then the spec
 * (which the rules may name, and whose variables the tag may set), then each
 * rule in the order of the file, and the spec is written last.
 *
 * All reading goes through a repository in memory that has the user's objects
 * and nothing else of theirs: no configuration, attributes, refs or work tree.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "source/gear-export.h"

enum {
	SPEC_SUFFIX = 5,	/* bytes of ".spec" */
	ARGUMENT_MAX = 4096,
};

void
gear_fini(struct gear *g)
{
	spec_fini(&g->spec);
	strs_fini(&g->files);
	strs_fini(&g->notes);
	free(g->spec_file);
	*g = (struct gear){0};
}

void
export_fini(struct export *x)
{
	gear_rules_fini(&x->rules);
	map_fini(&x->bases);
	vec_fini(&x->roots);
	map_fini(&x->names);
	strs_fini(&x->origins);
	free(x->tags_dir);
	free(x->spec_path);
	git_odb_free(x->odb);
	git_repository_free(x->repo);
}

void
export_tree_fini(struct export_tree *t)
{
	free(t->path);
	free(t->dir);
	free(t->base);
}

void
export_keywords_fini(struct export_keywords *k)
{
	spec_fini(&k->spec);
}

int
export_keywords(struct export *x, const char *spec, struct export_keywords *k, struct err *err)
{
	const struct spec *all = &x->out->spec;
	AUTO(str_fini) struct str text = {0};

	if (spec && export_text(x, spec, &text, err) != 0)
		return -1;
	if (spec && spec_scan_some(str_c(&text), &k->spec, err) < 0)
		return err_ctx(err, "%s", spec);
	k->list[KEYWORD_NAME] = (struct gear_keyword){"name", k->spec.name ? k->spec.name : all->name};
	k->list[KEYWORD_VERSION] = (struct gear_keyword){"version", k->spec.version ? k->spec.version : all->version};
	k->list[KEYWORD_RELEASE] = (struct gear_keyword){"release", k->spec.release ? k->spec.release : all->release};
	k->list[KEYWORD_DIR] = (struct gear_keyword){"dir", NULL};
	k->list[KEYWORD_OLD_DIR] = (struct gear_keyword){"old_dir", NULL};
	k->list[KEYWORD_NEW_DIR] = (struct gear_keyword){"new_dir", NULL};
	return 0;
}

int
export_expand(const struct export_keywords *k, const char *text, char **out, struct err *err)
{
	return gear_expand(text, k->list, KEYWORDS, ARGUMENT_MAX, out, err);
}

int
export_tree_parse(const char *text, const struct export_keywords *k, struct export_tree *t, struct err *err)
{
	const char *colon = strchr(text, ':');
	AUTO(strs_fini) struct strs parts = {0};

	t->base = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(".");
	if (export_expand(k, colon ? colon + 1 : text, &t->path, err) < 0)
		return -1;
	if (!gear_path_valid(t->path))
		return err_set(err, EINVAL, "\"%.200s\" is not a path, without ..", t->path);
	strs_split(&parts, t->path, "/");
	for (size_t i = 0; i < parts.n; i++)
		if (strcmp(parts.p[i], ".") != 0) {
			free(t->dir);
			t->dir = xstrdup(parts.p[i]);
		}
	return 0;
}

int
export_tree_find(struct export *x, const struct export_keywords *k, struct export_tree *t, struct err *err)
{
	AUTO(free) char *base = NULL;
	git_oid root;

	if (export_expand(k, t->base, &base, err) < 0 || export_base(x, base, &root, err) < 0)
		return -1;
	return export_find_folder(x, &root, t->path, &t->id, err);
}

/* The tag of the export, its objects, its tree. */
static int
prepare(struct export *x, git_repository *repo, struct err *err)
{
	AUTO(git_commit_free) git_commit *commit = NULL;
	git_oid id;

	if (!gitlib_hex(x->tag->commit, &id))
		return err_set(err, EINVAL, "not a commit id");
	if (git_repository_odb(&x->odb, repo) < 0 || git_repository_wrap_odb(&x->repo, x->odb) < 0 ||
	    git_commit_lookup(&commit, x->repo, &id) < 0)
		return gitlib_err(err, "commit %s", x->tag->commit);
	git_oid_cpy(&x->main, git_commit_tree_id(commit));
	return 0;
}

/* 0, or GEAR_ABSENT if there is no rules file. */
static int
read_rules(struct export *x, struct err *err)
{
	static const char *const names[] = {".gear-rules", ".gear/rules"};
	AUTO(str_fini) struct str text = {0};
	int r = GEAR_ABSENT;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == GEAR_ABSENT; i++) {
		r = export_text(x, names[i], &text, err);
		if (r == 0 && gear_rules_parse(str_c(&text), &x->rules, &x->out->notes, err) < 0)
			return err_ctx(err, "%s", names[i]);
	}
	return r;
}

static int
find_tags(struct export *x, struct err *err)
{
	static const char *const folders[] = {".gear-tags", ".gear/tags"};

	if (x->rules.tags)
		x->tags_dir = xstrdup(x->rules.tags);
	for (size_t i = 0; i < ARRAY_SIZE(folders) && !x->tags_dir; i++) {
		AUTO(free) char *list = xasprintf("%s/list", folders[i]);
		git_filemode_t mode;
		git_oid id;
		int r = export_find(x, &x->main, list, &id, &mode, err);

		if (r < 0)
			return -1;
		if (r == 0)
			x->tags_dir = xstrdup(folders[i]);
	}
	return 0;
}

/* The only *.spec at the top, unless the rules name one. */
static int
find_spec(struct export *x, struct err *err)
{
	AUTO(git_tree_free) git_tree *tree = NULL;

	if (x->rules.spec) {
		x->spec_path = xstrdup(x->rules.spec);
		return 0;
	}
	if (export_folder(x, &x->main, &tree, err) < 0)
		return -1;
	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		const char *name = git_tree_entry_name(entry);
		size_t n = strlen(name);

		if (git_tree_entry_type(entry) != GIT_OBJECT_BLOB || n <= SPEC_SUFFIX ||
		    strcmp(name + n - SPEC_SUFFIX, ".spec") != 0)
			continue;
		if (x->spec_path)
			return err_set(err, EINVAL, "two specs, %.200s and %.200s; choose one by a rule `spec: NAME`",
			    x->spec_path, name);
		x->spec_path = xstrdup(name);
	}
	return x->spec_path ? 0 : err_set(err, ENOENT, "no *.spec at the top of the tree, and no rule `spec: PATH`");
}

/* The value of a line `X-gear-specsubst: variable=value` of the tag's message; malloc'ed, or NULL. */
static char *
tag_variable(const struct tag *tag, const char *variable)
{
	static const char *const keys[] = {"X-gear-specsubst:", "X-girar-specsubst:"};
	const char *message = strstr(str_c(&tag->payload), "\n\n");
	AUTO(strs_fini) struct strs lines = {0};
	size_t n = strlen(variable);

	strs_split(&lines, message ? message : "", "\n");
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		for (size_t i = 0; i < lines.n; i++) {
			const char *p = lines.p[i];

			if (strncmp(p, keys[k], strlen(keys[k])) != 0)
				continue;
			p += strlen(keys[k]);
			p += strspn(p, " \t");
			if (strncmp(p, variable, n) == 0 && p[n] == '=')
				return xstrdup(p + n + 1);
		}
	return NULL;
}

/* Replace each @variable@ of specsubst: in the spec, in one pass: values are not looked into again. */
static int
substitute(struct export *x, struct str *text, struct err *err)
{
	const struct strs *variables = &x->rules.specsubst;
	AUTO(free) struct gear_keyword *keywords = xcalloc(variables->n, sizeof(*keywords));
	AUTO(strs_fini) struct strs values = {0};
	char *result = NULL;

	for (size_t i = 0; i < variables->n; i++) {
		char *value = tag_variable(x->tag, variables->p[i]);

		if (!value)
			return err_set(err, ENOENT, "specsubst: the tag's message has no line `X-gear-specsubst: %s=...`",
			    variables->p[i]);
		strs_take(&values, value);
		keywords[i] = (struct gear_keyword){variables->p[i], value};
	}
	if (variables->n == 0)
		return 0;
	if (gear_expand(str_c(text), keywords, variables->n, GEAR_MAX_TEXT, &result, err) < 0)
		return err_ctx(err, "specsubst");
	str_clear(text);
	str_puts(text, result);
	free(result);
	return 0;
}

static int
read_spec(struct export *x, struct str *text, struct err *err)
{
	const char *slash;
	AUTO(free) char *origin = NULL;

	if (find_spec(x, err) < 0 || export_text(x, x->spec_path, text, err) != 0)
		return -1;
	if (substitute(x, text, err) < 0 || spec_scan(str_c(text), &x->out->spec, err) < 0)
		return err_ctx(err, "%s", x->spec_path);
	slash = strrchr(x->spec_path, '/');
	x->out->spec_file = xstrdup(slash ? slash + 1 : x->spec_path);
	origin = xasprintf("a copy of %s", x->spec_path);
	return output_claim(x, x->out->spec_file, origin, err) < 0 ? -1 : 0;
}

static int
write_spec(struct export *x, const struct str *text, struct err *err)
{
	AUTO(output_fini) struct output o = OUTPUT_INIT;

	if (output_open(x, x->out->spec_file, &(struct output_how){0}, &o, err) < 0 ||
	    output_write(&o, str_c(text), text->n, err) < 0)
		return -1;
	return output_close(x, &o, err);
}

/* Without rules: every file that lies beside the spec. */
static int
copy_beside(struct export *x, struct err *err)
{
	char all[] = "*", *patterns[] = {all};
	const struct rule r = {.kind = RULE_COPY, .optional = true, .paths = {.p = patterns, .n = 1}};

	return export_copy(x, &r, err);
}

static int
run_rules(struct export *x, struct err *err)
{
	static int (*const run[])(struct export *, const struct rule *, struct err *) = {
		[RULE_COPY] = export_copy, [RULE_TAR] = export_archive, [RULE_ZIP] = export_archive,
		[RULE_DIFF] = export_diff,
	};

	for (size_t i = 0; i < x->rules.rules.n; i++) {
		const struct rule *r = &x->rules.rules.p[i];

		if (run[r->kind](x, r, err) < 0)
			return err_ctx(err, "line %d of the rules", r->line);
	}
	return 0;
}

static int
export_all(struct export *x, git_repository *repo, struct err *err)
{
	AUTO(str_fini) struct str spec = {0};
	int r;

	if (prepare(x, repo, err) < 0)
		return -1;
	r = read_rules(x, err);
	if (r < 0 || find_tags(x, err) < 0 || read_spec(x, &spec, err) < 0)
		return -1;
	if ((r == GEAR_ABSENT ? copy_beside(x, err) : run_rules(x, err)) < 0)
		return -1;
	return write_spec(x, &spec, err);
}

int
gear_export(git_repository *repo, const struct tag *tag, int dir, struct gear *out, struct err *err)
{
	AUTO(export_fini) struct export x = {.tag = tag, .dir = dir, .out = out};
	AUTO(str_fini) struct str shown = {0};

	if (export_all(&x, repo, err) == 0)
		return 0;
	/* Names out of the tree may be in the message. */
	text_printable(&shown, err->msg);
	return err_set(err, err->code, "%s", str_c(&shown));
}
