/* Verbs about repositories: making, looking, settings, history. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "repo/import.h"
#include "schema/repository.h"
#include "shell/context.h"
#include "shell/table.h"

static void
show_progress(void *arg, size_t done, size_t all)
{
	if (isatty(STDERR_FILENO) || done == all)
		fprintf(stderr, "%simport: %zu of %zu packages%s", isatty(STDERR_FILENO) ? "\r" : "", done, all,
		    done == all ? "\n" : "");
}

struct create_options {
	const char *arch, *import, *group;
	bool accept_unsigned;
};

static int
create_option(struct context *c, const char *word, struct create_options *o, struct err *err)
{
	static const char *const names[] = {"--arch", "--import", "--base-group"};
	const char **values[] = {&o->arch, &o->import, &o->group};

	if (strcmp(word, "--accept-unsigned") == 0) {
		o->accept_unsigned = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(word, names[i], n) != 0 || (word[n] && word[n] != '='))
			continue;
		*values[i] = word[n] ? word + n + 1 : context_need(c, names[i], err);
		return *values[i] ? 0 : -1;
	}
	return err_set(err, EINVAL, "no option `%s`", word);
}

static int
create(struct context *c, struct err *err)
{
	struct create_options o = {.arch = "x86_64", .group = ""};
	AUTO(repository_fini) struct repository r = {0};
	AUTO(strs_fini) struct strs names = {0};
	const char *name = context_need(c, "a name", err), *word;

	if (!name)
		return -1;
	while ((word = context_next(c)))
		if (create_option(c, word, &o, err) < 0)
			return -1;
	if (!text_is_name(name) || !text_is_name(o.arch))
		return err_set(err, EINVAL, "`%s` cannot be a name", text_is_name(name) ? o.arch : name);
	if (context_open(c, err) < 0 || repository_names(c->store, &names, err) < 0)
		return -1;
	if (strs_has(&names, name))
		return err_set(err, EEXIST, "there is a repository %s already", name);
	r.name = xstrdup(name);
	r.base_group = xstrdup(o.group);
	for (char *p = r.base_group; *p; p++)
		*p = *p == ',' ? ' ' : *p;
	r.accept_unsigned = o.accept_unsigned;
	strs_add(&r.arches, o.arch);
	return import_repository(c->store, &r, o.arch, o.import, show_progress, NULL, err);
}

static int
list(struct context *c, struct err *err)
{
	AUTO(strs_fini) struct strs names = {0};
	AUTO(table_fini) struct table t;
	AUTO(str_fini) struct str out = {0};

	table_init(&t, 4);
	table_cell(&t, "REPOSITORY");
	table_cell(&t, "STATE");
	table_cell(&t, "ARCHES");
	table_cell(&t, "BASE GROUP");
	if (context_end(c, err) < 0 || context_open(c, err) < 0 || repository_names(c->store, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		AUTO(repository_fini) struct repository r = {0};
		AUTO(free) char *arches = NULL;

		if (repository_get(c->store, names.p[i], &r, err))
			return -1;
		arches = strs_join(&r.arches, " ");
		table_cell(&t, r.name);
		table_cellf(&t, "%lld", (long long)r.serial);
		table_cell(&t, arches);
		table_cell(&t, r.base_group);
	}
	table_print(&t, table_width(), table_colour(), &out);
	fputs(str_c(&out), stdout);
	return 0;
}

static int
set(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	const char *key = name ? context_need(c, "base-group or accept-unsigned", err) : NULL;
	const char *value = key ? context_need(c, "a value", err) : NULL;
	AUTO(repository_fini) struct repository r = {0};

	if (!value || context_end(c, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	if (strcmp(key, "base-group") == 0) {
		free(r.base_group);
		r.base_group = xstrdup(value);
		for (char *p = r.base_group; *p; p++)
			*p = *p == ',' ? ' ' : *p;
	} else if (strcmp(key, "accept-unsigned") == 0 && (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)) {
		r.accept_unsigned = value[0] == 'y';
	} else {
		return err_set(err, EINVAL, "not base-group NAME,NAME... or accept-unsigned yes|no");
	}
	return repository_save(c->store, &r, err);
}

/* Current packages: name, evr, arch, source, sha256; tab-separated. */
static int
list_packages(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	AUTO(repository_fini) struct repository r = {0};

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	for (size_t a = 0; a < r.arches.n; a++) {
		AUTO(member_list_fini) struct member_list l = {0};

		if (member_find(c->store, name, r.arches.p[a], NULL, &l, err) < 0)
			return -1;
		for (size_t i = 0; i < l.n; i++)
			printf("%s\t%s\t%s\t%s\t%s\n", l.p[i].name, l.p[i].evr, l.p[i].arch, l.p[i].source, l.p[i].sha256);
	}
	return 0;
}

const struct verb repository_verbs[] = {
	{"repo create", "NAME [--arch ARCH] [--import DIR] [--base-group A,B] [--accept-unsigned]",
	    "Make a repository, empty or from an rpm-md folder", create},
	{"repo ls", "", "List repositories", list},
	{"repo set", "NAME base-group A,B | accept-unsigned yes|no", "Change its settings", set},
	{"repo packages", "NAME", "Its packages: name, evr, arch, source, sha256; tab-separated", list_packages},
};
const size_t n_repository_verbs = ARRAY_SIZE(repository_verbs);
