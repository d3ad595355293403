/* Plumbing over whole repositories: what is unmet, what a change would do, what a merge would take. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/vec.h"
#include "repo/check.h"
#include "repo/import.h"
#include "repo/state.h"
#include "repo/unmet.h"
#include "schema/repository.h"
#include "shell/context.h"
#include "shell/plumb-repo.h"


static void
print_json(const json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(2));

	puts(text ? text : "");
	free(text);
}

static void
print_unmets(const struct repo *r, const struct unmet_list *l, bool json)
{
	AUTO(json_decref) json_t *all = json_array();

	for (size_t i = 0; i < l->n; i++) {
		AUTO(str_fini) struct str nevra = {0};
		AUTO(str_fini) struct str need = {0};

		repo_nevra(r, l->p[i].package, &nevra);
		repo_requirement_text(r, l->p[i].requirement, &need);
		if (json)
			json_array_append_new(all, json_pack("{s:s, s:s}", "package", str_c(&nevra), "requirement", str_c(&need)));
		else
			printf("%s\t%s\n", str_c(&nevra), str_c(&need));
	}
	if (json)
		print_json(all);
}

int
plumb_repo_check(struct context *c, struct err *err)
{
	AUTO(repo_fini) struct repo r = {0};
	AUTO(unmet_list_fini) struct unmet_list l = {0};
	VEC(const char *) dirs = {0};
	bool json = c->json;
	const char *dir;
	int rc;

	while ((dir = context_next(c)))
		if (strcmp(dir, "--json") == 0)
			json = true;
		else
			vec_push(&dirs, dir);
	rc = dirs.n ? import_metadata(dirs.p, dirs.n, false, &r, err) : err_set(err, EINVAL, "name one or more rpm-md folders");
	vec_fini(&dirs);
	if (rc < 0)
		return -1;
	unmet_find(&r, &l);
	print_unmets(&r, &l, json);
	return l.n ? VERB_FAILED : VERB_OK;
}

/* What a change would do. */

static int
load_base(struct context *c, const char *what, const char *arch, struct state *st, struct allow *allow, struct err *err)
{
	AUTO(free) char *repomd = xasprintf("%s/repodata/repomd.xml", what);
	AUTO(repository_fini) struct repository r = {0};

	if (access(repomd, F_OK) == 0) {
		if (import_metadata(&what, 1, true, &st->repo, err) < 0)
			return -1;
		repo_count_all(&st->repo);
		return 0;
	}
	if (context_open(c, err) < 0 || repository_get(c->store, what, &r, err))
		return -1;
	if (arch && !strs_has(&r.arches, arch))
		return err_set(err, EINVAL, "%s has no architecture %s", what, arch);
	if (allow_parse(allow, r.allow, err) < 0)
		return -1;
	return state_load(c->store, what, arch ? arch : r.arches.p[0], r.serial, st, err);
}

static int
add_rpm(struct change *c, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(facts_fini) struct facts f = {0};

	if (facts_from_rpm(path, slash ? slash + 1 : path, &f, err) < 0)
		return -1;
	if (!strs_has(&c->builds, f.source))
		strs_add(&c->builds, f.source);
	change_add(c, &f, "");
	return 0;
}

static json_t *
findings_json(const struct finding_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct finding *f = &l->p[i];
		AUTO(str_fini) struct str what = {0};

		text_printable(&what, f->what);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:I}", "kind", finding_kind_name(f->kind),
		    "package", f->package, "source", f->source, "what", str_c(&what), "by", (json_int_t)f->by, "other", f->other,
		    "other_by", (json_int_t)f->other_by));
	}
	return list;
}

static void
print_findings(const char *what, const struct finding_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		printf("%s\t%s\t%s\t%s\t%s\n", what, finding_kind_name(l->p[i].kind), l->p[i].package, l->p[i].what, l->p[i].other);
}

static void
print_report(const struct report *r, bool json)
{
	if (json) {
		AUTO(json_decref) json_t *notes = json_array();
		AUTO(json_decref) json_t *o = NULL;

		for (size_t i = 0; i < r->notes.n; i++)
			json_array_append_new(notes, json_string(r->notes.p[i]));
		o = json_pack("{s:o, s:o, s:o, s:O}", "broken", findings_json(&r->broken), "repaired", findings_json(&r->repaired),
		    "allowed", findings_json(&r->allowed), "notes", notes);
		print_json(o);
		return;
	}
	print_findings("broken", &r->broken);
	print_findings("repaired", &r->repaired);
	print_findings("allowed", &r->allowed);
	for (size_t i = 0; i < r->notes.n; i++)
		printf("note\t\t\t%s\t\n", r->notes.p[i]);
}

struct try_options {
	struct change change;
	const char *arch;
	bool json;
};

/* Words after --add are RPMs, words after --del sources, until the next option. */
static int
try_options(struct context *c, struct try_options *o, struct err *err)
{
	const char *word;
	int list = 0;

	while ((word = context_next(c))) {
		if (strcmp(word, "--json") == 0) {
			o->json = true;
		} else if (strcmp(word, "--arch") == 0) {
			if (!(o->arch = context_need(c, "an architecture", err)))
				return -1;
		} else if (strcmp(word, "--add") == 0 || strcmp(word, "--del") == 0) {
			list = word[2];
		} else if (list == 'a') {
			if (add_rpm(&o->change, word, err) < 0)
				return -1;
		} else if (list == 'd') {
			strs_add(&o->change.deletes, word);
		} else {
			return err_set(err, EINVAL, "`%s`: RPMs follow --add, sources follow --del", word);
		}
	}
	return 0;
}

static int
try_change(struct context *c, const char *what, struct try_options *o, struct err *err)
{
	AUTO(state_fini) struct state st = {0};
	AUTO(allow_fini) struct allow allow = {0};
	AUTO(report_fini) struct report report = {0};
	const struct change *changes[] = {&o->change};

	if (load_base(c, what, o->arch, &st, &allow, err) < 0 || check_changes(&st.repo, changes, 1, &allow, &report, err) < 0)
		return -1;
	print_report(&report, o->json);
	return report.broken.n ? VERB_FAILED : VERB_OK;
}

int
plumb_repo_try(struct context *c, struct err *err)
{
	const char *what = context_need(c, "a repository or an rpm-md folder", err);
	struct try_options o = {.json = c->json};
	int r;

	if (!what)
		return -1;
	r = try_options(c, &o, err);
	if (r == 0)
		r = try_change(c, what, &o, err);
	change_fini(&o.change);
	return r;
}
