/* Verbs about repositories: making, looking, settings, history. */
#include <errno.h>
#include <stdio.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "package/sanity.h"
#include "repo/finding.h"
#include "repo/import.h"
#include "schema/merge.h"
#include "schema/repository.h"
#include "shell/context.h"
#include "shell/import.h"
#include "shell/merger.h"
#include "shell/needs.h"
#include "shell/table.h"
#include "wire/limits.h"

enum { ALLOW_MAX = 1 << 20 };

static int
set_group(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	free(r->base_group);
	r->base_group = xstrdup(value);
	for (char *p = r->base_group; *p; p++)
		*p = *p == ',' ? ' ' : *p;
	return 0;
}

struct create_options {
	struct strs arches, imports;
	const char *group;
	bool accept_unsigned;
};

static void
create_options_fini(struct create_options *o)
{
	strs_fini(&o->arches);
	strs_fini(&o->imports);
}
AUTO_DEFINE_EMBEDDED(struct create_options, create_options_fini);

static int
create_option(struct context *c, const char *word, struct create_options *o, struct err *err)
{
	const struct context_option options[] = {
		{"--arch", "an architecture", &o->arches, NULL}, {"--import", "a folder", &o->imports, NULL},
		{"--base-group", "a group", NULL, &o->group},
	};
	int r = context_options(c, word, options, ARRAY_SIZE(options), err);

	if (r)
		return r < 0 ? -1 : 0;
	if (strcmp(word, "--accept-unsigned") == 0) {
		o->accept_unsigned = true;
		return 0;
	}
	return err_set(err, EINVAL, "no option `%s`", word);
}

static int
check_arches(struct create_options *o, struct err *err)
{
	if (o->arches.n == 0)
		strs_add(&o->arches, "x86_64");
	for (size_t i = 0; i < o->arches.n; i++) {
		const char *arch = o->arches.p[i];

		if (!text_is_name(arch) || strcmp(arch, "noarch") == 0)
			return err_set(err, EINVAL, "`%s` cannot be an architecture", arch);
		for (size_t k = 0; k < i; k++)
			if (strcmp(o->arches.p[k], arch) == 0)
				return err_set(err, EINVAL, "--arch %s is given twice", arch);
	}
	return 0;
}

static int
create(struct context *c, struct err *err)
{
	AUTO(create_options_fini) struct create_options o = {.group = ""};
	AUTO(repository_fini) struct repository r = {0};
	AUTO(strs_fini) struct strs names = {0};
	AUTO(free) const char **dirs = NULL;
	const char *name = context_need(c, "a name", err), *word;

	if (!name)
		return -1;
	while ((word = context_next(c)))
		if (create_option(c, word, &o, err) < 0)
			return -1;
	if (!text_is_name(name))
		return err_set(err, EINVAL, "`%s` cannot be a name", name);
	if (check_arches(&o, err) < 0)
		return -1;
	dirs = xcalloc(o.arches.n, sizeof(*dirs));
	if (import_place(&o.arches, &o.imports, "--import ", dirs, err) < 0 || context_open(c, err) < 0 || repository_names(c->store, &names, err) < 0)
		return -1;
	if (strs_has(&names, name))
		return err_set(err, EEXIST, "there is a repository %s already", name);
	r.name = xstrdup(name);
	r.accept_unsigned = o.accept_unsigned;
	if (set_group(c, &r, o.group, err) < 0)
		return -1;
	for (size_t i = 0; i < o.arches.n; i++)
		strs_add(&r.arches, o.arches.p[i]);
	return import_repository(c->store, &r, dirs, import_show, (void *)"packages", err);
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

/* Its settings: each takes one value, and says what is wrong with it. */

static int
set_unsigned(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	r->accept_unsigned = strcmp(value, "yes") == 0;
	return r->accept_unsigned || strcmp(value, "no") == 0 ? 0 : err_set(err, EINVAL, "accept-unsigned is yes or no");
}

static int
set_compression(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	r->zstd = strcmp(value, "zstd") == 0;
	return r->zstd || strcmp(value, "gz") == 0 ? 0 : err_set(err, EINVAL, "compression is gz or zstd");
}

static int
set_key(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	if (*value == '-')
		return err_set(err, EINVAL, "sign-key is gpg's name of a key, or none");
	free(r->sign_key);
	r->sign_key = xstrdup(strcmp(value, "none") == 0 ? "" : value);
	return 0;
}

static int
set_keep(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	r->keep_states = text_number(value, 1000000);
	return r->keep_states > 0 ? 0 : err_set(err, EINVAL, "keep-states is a number of states");
}

static int
set_allow(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(allow_fini) struct allow allow = {0};

	if ((strcmp(value, "none") != 0 && context_input(c, value, ALLOW_MAX, &text, err) < 0) || allow_parse(&allow, str_c(&text), err) < 0)
		return err_ctx(err, "%s", value);
	free(r->allow);
	r->allow = xstrdup(str_c(&text));
	return 0;
}

static int
set_limits(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	struct limits l = {0};
	const char *text = strcmp(value, "none") == 0 ? "" : value;

	if (limits_parse(&l, text, err) < 0)
		return -1;
	free(r->limits);
	r->limits = xstrdup(text);
	return 0;
}

static int
set_network(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	r->network = strcmp(value, "yes") == 0;
	return r->network || strcmp(value, "no") == 0 ? 0 : err_set(err, EINVAL, "network is yes or no");
}

static int
set_sanity(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	const char *text = strcmp(value, "none") == 0 ? "" : value;
	struct sanity_policy p;

	if (sanity_parse(text, &p, err) < 0)
		return -1;
	free(r->sanity);
	r->sanity = xstrdup(text);
	return 0;
}

static int
set_unlisted(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	r->closed = strcmp(value, "deny") == 0;
	return r->closed || strcmp(value, "allow") == 0 ? 0 : err_set(err, EINVAL, "unlisted is allow or deny");
}

static int
set_new_owner(const struct context *c, struct repository *r, const char *value, struct err *err)
{
	r->no_new_owner = strcmp(value, "no") == 0;
	return r->no_new_owner || strcmp(value, "yes") == 0 ? 0 : err_set(err, EINVAL, "new-owner is yes or no");
}

static const struct {
	const char *name;
	int (*set)(const struct context *c, struct repository *r, const char *value, struct err *err);
} settings[] = {
	{"base-group", set_group}, {"accept-unsigned", set_unsigned}, {"compression", set_compression},
	{"sign-key", set_key}, {"keep-states", set_keep}, {"allow", set_allow}, {"limits", set_limits},
	{"network", set_network}, {"sanity", set_sanity}, {"unlisted", set_unlisted}, {"new-owner", set_new_owner},
};

static int
set(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	const char *key = name ? context_need(c, "a setting", err) : NULL;
	const char *value = key ? context_need(c, "a value", err) : NULL;
	AUTO(repository_fini) struct repository r = {0};

	if (!value || context_end(c, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(key, settings[i].name) == 0) {
			AUTO(free) char *what = xasprintf("%s is %s", key, strcmp(value, "-") == 0 ? "what came on standard input" : value);

			return settings[i].set(c, &r, value, err) < 0 ? -1 : repository_save(c->store, &r, what, err);
		}
	return err_set(err, EINVAL, "no setting `%s`: base-group, accept-unsigned, compression, sign-key, keep-states, allow, limits, network, sanity, unlisted or new-owner", key);
}

/* How each state came about, oldest first: serial, when, how, from what, tasks, checks; tab-separated. */
static int
history(struct context *c, struct err *err)
{
	const char *name = context_need(c, "a repository", err);
	AUTO(repository_fini) struct repository r = {0};
	AUTO(merge_list_fini) struct merge_list l = {0};

	if (!name || context_end(c, err) < 0 || context_open(c, err) < 0 || repository_get(c->store, name, &r, err) ||
	    merge_find(c->store, name, -1, &l, err) < 0)
		return -1;
	for (size_t i = l.n; i-- > 0;) {
		const struct merge *m = &l.p[i];
		AUTO(free) int64_t *tasks = NULL;
		AUTO(str_fini) struct str when = {0};
		size_t n = 0;

		if (strcmp(m->state, "ABANDONED") == 0)
			continue;
		if (merge_tasks(c->store, m->id, &tasks, &n, err) < 0)
			return -1;
		text_date(&when, m->started);
		printf("%lld\t%s\t%s\t%lld\t", (long long)m->serial, str_c(&when), m->kind, (long long)m->base);
		for (size_t k = 0; k < n; k++)
			printf("%s%lld", k ? "," : "", (long long)tasks[k]);
		printf("\t%s\n", m->checker);
	}
	return 0;
}

static void
print_member(const struct member *m)
{
	const char *const columns[] = {m->name, m->evr, m->arch, m->source, m->sha256};
	AUTO(str_fini) struct str line = {0};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		str_puts(&line, i ? "\t" : "");
		text_printable(&line, columns[i]);
	}
	puts(str_c(&line));
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
			print_member(&l.p[i]);
	}
	return 0;
}

const struct verb repository_verbs[] = {
	{"repo create", "NAME [--arch ARCH]... [--import [ARCH=]DIR]... [--base-group A,B] [--accept-unsigned]",
	    "Make a repository, empty or from an rpm-md folder", create},
	{"repo import", "NAME [[ARCH=]DIR]... [--srpms DIR]... [--git DIR]... [--branch NAME]",
	    "Bring another farm's packages into an empty repository; source RPMs and git histories of its packages", import_verb},
	{"repo ls", "", "List repositories", list, REACH_USER},
	{"repo set", "NAME base-group A,B | accept-unsigned yes|no | compression gz|zstd | sign-key ID|none | keep-states N | "
	    "allow FILE|-|none | limits LIST|none | network yes|no | sanity LIST|none | unlisted allow|deny | "
	    "new-owner yes|no", "Change its settings", set, REACH_ADMIN},
	{"repo needs", "NAME [PACKAGE [--features LIST|none] [--limits LIST|none] | PACKAGE --clear]",
	    "What the jobs of a source package need of a builder", needs_verb, REACH_ADMIN},
	{"repo history", "NAME", "Its states: serial, when, how, from which, tasks, checks; tab-separated", history, REACH_USER},
	{"repo replay", "NAME SERIAL", "Make a state again from its predecessor and compare every byte", merger_replay, REACH_ADMIN},
	{"repo rollback", "NAME SERIAL", "Make an old state current again, as a new one", merger_rollback, REACH_ADMIN},
	{"repo gc", "NAME [--keep N] [--dry-run]", "Remove old states, and what nothing needs any more", merger_sweep, REACH_ADMIN},
	{"repo packages", "NAME", "Its packages: name, evr, arch, source, sha256; tab-separated", list_packages, REACH_USER},
};
const size_t n_repository_verbs = ARRAY_SIZE(repository_verbs);
