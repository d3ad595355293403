/* `task ls` and `task show`: two outputs that scripts parse, kept to the letter. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "schema/approval.h"
#include "schema/build.h"
#include "schema/event.h"
#include "shell/buildinfo.h"
#include "shell/json.h"
#include "shell/task.h"

/* ls */

static void
subtask_word(const struct subtask *t, struct str *out)
{
	const char *slash = strrchr(t->dir, '/');

	switch (t->kind) {
	case SUBTASK_REPO:
		str_add(out, " %s=%s", slash ? slash + 1 : t->dir, t->tag_name);
		break;
	case SUBTASK_SRPM:
		str_add(out, " srpm=%s", t->srpm_file);
		break;
	case SUBTASK_COPY:
		str_add(out, " copy=%s", t->package);
		break;
	case SUBTASK_REBUILD:
		str_add(out, " rebuild=%s", t->package);
		break;
	default:
		str_add(out, " del=%s", t->package);
	}
}

static int
ls_line(struct context *c, const struct task *t, bool owner, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list subs = {0};
	AUTO(str_fini) struct str line = {0};
	AUTO(str_fini) struct str shown = {0};

	if (subtask_find(c->store, t->id, &subs, err) < 0)
		return -1;
	str_add(&line, "#%lld %s #%d", (long long)t->id, task_state_name(t->state), t->try);
	if (t->iter != 1)
		str_add(&line, ".%d", t->iter);
	str_puts(&line, t->shared ? " [shared]" : "");
	str_puts(&line, t->test_only ? " [test-only]" : "");
	if (t->class != CLASS_NORMAL)
		str_add(&line, " [%s]", task_class_name(t->class));
	str_puts(&line, *t->hold ? " [held]" : "");
	str_add(&line, " %s%s%s", t->repository, owner ? "/" : "", owner ? t->owner : "");
	for (size_t i = 0; i < subs.n; i++)
		subtask_word(&subs.p[i], &line);
	text_printable(&shown, str_c(&line));
	puts(str_c(&shown));
	return 0;
}

struct ls_options {
	struct strs repositories, users;
	unsigned states;
	bool all_users;
};

static int
ls_option(struct ls_options *o, const char *word, struct err *err)
{
	AUTO(strs_fini) struct strs list = {0};

	if (strncmp(word, "--repo=", 7) == 0) {
		strs_split(&o->repositories, word + 7, ",");
		return 0;
	}
	if (strncmp(word, "--user=", 7) == 0) {
		strs_split(&o->users, word + 7, ",");
		o->all_users = strs_has(&o->users, "ALL");
		return 0;
	}
	if (strncmp(word, "--state=", 8) != 0)
		return err_set(err, EINVAL, "`%s`: not --repo=, --state= or --user=", word);
	strs_split(&list, word + 8, ",");
	for (size_t i = 0; i < list.n; i++) {
		enum task_state s = task_state_find(list.p[i]);

		if (strcmp(list.p[i], "ALL") == 0)
			o->states = (1u << TASK_STATES) - 1;
		else if (s == TASK_STATES)
			return err_set(err, EINVAL, "no state `%s`", list.p[i]);
		else
			o->states |= 1u << s;
	}
	return 0;
}

static int
ls_print(struct context *c, const struct ls_options *o, struct err *err)
{
	const struct task_filter f = {.states = o->states ? o->states : ((1u << TASK_STATES) - 1) & ~(1u << TASK_DONE),
	    .owner = o->users.n == 1 && !o->all_users ? o->users.p[0] : o->users.n ? NULL : c->user};
	AUTO(task_list_fini) struct task_list l = {0};

	if (task_find(c->store, &f, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++) {
		const struct task *t = &l.p[i];

		if ((o->repositories.n && !strs_has(&o->repositories, t->repository)) ||
		    (o->users.n > 1 && !o->all_users && !strs_has(&o->users, t->owner)))
			continue;
		if (ls_line(c, t, o->all_users || o->users.n > 1, err) < 0)
			return -1;
	}
	return 0;
}

int
task_ls(struct context *c, struct err *err)
{
	struct ls_options o = {0};
	const char *word;
	int r = context_open(c, err);

	while (r == 0 && (word = context_next(c)))
		r = ls_option(&o, word, err);
	if (r == 0)
		r = ls_print(c, &o, err);
	strs_fini(&o.repositories);
	strs_fini(&o.users);
	return r;
}

/* show */

static void
put_time(int64_t ms, struct str *out)
{
	time_t t = (time_t)(ms / 1000);
	char text[64] = "-";
	struct tm tm;

	if (ms && gmtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%b-%d/%H:%M:%S", &tm);
	str_puts(out, text);
}

/* A message in a key=value line: blanks and line ends become underscores. */
static void
put_word(const char *text, struct str *out)
{
	AUTO(free) char *word = xstrdup(text);

	for (char *p = word; *p; p++)
		if (strchr(" \t\n", *p))
			*p = '_';
	text_printable(out, word);
}

static void
put_deps(const int64_t *deps, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		str_add(out, "%s%lld", i ? "," : "", (long long)deps[i]);
}

static const char *
yes(bool b)
{
	return b ? "yes" : "no";
}

static void
show_head(const struct task *t, const int64_t *deps, size_t n, struct str *out)
{
	str_add(out, "id=%lld locked=no shared=%s fail_early=%s test_only=%s repo=%s owner=%s state=%s try=%d iter=%d age=%lldw",
	    (long long)t->id, yes(t->shared), yes(t->fail_early), yes(t->test_only), t->repository, t->owner,
	    task_state_name(t->state), t->try, t->iter, (long long)((now_ms() - t->created) / (7 * 86400000ll)));
	if (n) {
		str_puts(out, " depends=");
		put_deps(deps, n, out);
	}
	if (t->submitted) {
		str_puts(out, " build_time=");
		put_time(t->submitted, out);
	}
	if (t->class != CLASS_NORMAL)
		str_add(out, " class=%s", task_class_name(t->class));
	if (*t->hold) {
		str_puts(out, " hold=");
		put_word(t->hold, out);
	}
	if (*t->message) {
		str_puts(out, " message=");
		put_word(t->message, out);
	}
	str_putc(out, '\n');
}

/* A line " SUB:key=value", left out when the value is empty. */
static void
show_key(const struct subtask *t, const char *key, const char *value, struct str *out)
{
	if (!*value)
		return;
	str_add(out, " %o:%s=", (unsigned)t->id, key);
	text_printable(out, value);
	str_putc(out, '\n');
}

static int
show_subtask(struct context *c, const struct subtask *t, struct str *out, struct err *err)
{
	static const char *const verdicts[] = {"approve", "disapprove"};
	const char *named = t->kind == SUBTASK_REPO || t->kind == SUBTASK_SRPM ? "pkgname" : "package";

	if (t->kind == SUBTASK_DELETE)
		str_add(out, " %o:delete\n", (unsigned)t->id);
	if (t->kind == SUBTASK_REBUILD)
		str_add(out, " %o:rebuild\n", (unsigned)t->id);
	show_key(t, "dir", t->dir, out);
	show_key(t, "tag_name", t->tag_name, out);
	show_key(t, "tag_id", t->tag_id, out);
	show_key(t, "tag_author", t->tag_author, out);
	show_key(t, "srpm", t->kind == SUBTASK_SRPM ? t->srpm_file : "", out);
	show_key(t, "copy_repo", t->copy_from, out);
	show_key(t, "userid", t->kind == SUBTASK_REPO || t->kind == SUBTASK_SRPM ? t->user : "", out);
	show_key(t, named, t->package, out);
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		AUTO(strs_fini) struct strs who = {0};
		AUTO(free) char *list = NULL;

		if (approval_find(c->store, t->task, t->id, verdicts[i], &who, err) < 0)
			return -1;
		list = strs_join(&who, ",");
		show_key(t, i ? "disapproved_by" : "approved_by", list, out);
	}
	return 0;
}

static int
json_subtask(struct context *c, const struct subtask *t, json_t *all, struct err *err)
{
	static const char *const types[SUBTASK_KINDS] = {"repo", "srpm", "copy", "rebuild", "delete"};
	AUTO(strs_fini) struct strs yes_list = {0};
	AUTO(strs_fini) struct strs no_list = {0};
	AUTO(free) char *id = xasprintf("%o", (unsigned)t->id);
	const char *keys[][2] = {{"dir", t->dir}, {"tag_name", t->tag_name}, {"tag_id", t->tag_id},
	    {"tag_author", t->tag_author}, {"type", types[t->kind]}, {"srpm", t->srpm_file}, {"copy_repo", t->copy_from},
	    {t->kind == SUBTASK_REPO || t->kind == SUBTASK_SRPM ? "pkgname" : "package", t->package}, {"userid", t->user}};
	json_t *j = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (*keys[i][1])
			json_object_set_new(j, keys[i][0], json_text(keys[i][1]));
	json_object_set_new(all, id, j);
	if (approval_find(c->store, t->task, t->id, "approve", &yes_list, err) < 0 ||
	    approval_find(c->store, t->task, t->id, "disapprove", &no_list, err) < 0)
		return -1;
	json_object_set_new(j, "approved_by", json_names(&yes_list));
	json_object_set_new(j, "disapproved_by", json_names(&no_list));
	return 0;
}

/* The packages that a build's root held; and what else is known of how it ran. */
static void
json_record(struct context *c, const struct output_list *outs, const struct job *j, json_t *o)
{
	AUTO(buildinfo_fini) struct buildinfo r = {0};
	json_t *all;
	const char *sha256;
	struct err ignored;

	if (buildinfo_find(c, outs, j->subtask, j->arch, &sha256, &r, &ignored) < 0)
		return;
	all = json_array();
	for (size_t i = 0; i < r.packages.n; i++)
		json_array_append_new(all, json_pack("{s:s, s:o, s:b}", "sha256", r.packages.p[i].sha256, "nevra",
		    json_text(r.packages.p[i].nevra), "base", r.packages.p[i].base));
	json_object_set_new(o, "buildroot", all);
	if (r.kind)
		json_object_set_new(o, "ran", json_pack("{s:s, s:I, s:i, s:i, s:o}", "record", sha256, "source_date_epoch",
		    (json_int_t)r.source_date_epoch, "jobs", r.jobs, "processors", r.processors, "kernel", json_text(r.kernel)));
}

/* What was not measured is not there. */
static json_t *
json_usage(const struct used *u)
{
	const struct {
		const char *name;
		int64_t value;
	} all[] = {{"elapsed_ms", u->elapsed_ms}, {"cpu_ms", u->cpu_ms}, {"memory", u->memory}, {"disk", u->disk}};
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].value)
			json_object_set_new(o, all[i].name, json_integer(all[i].value));
	return o;
}

static int
json_jobs(struct context *c, int64_t task, json_t *root, struct err *err)
{
	AUTO(job_list_fini) struct job_list jobs = {0};
	AUTO(output_list_fini) struct output_list outs = {0};
	json_t *list = json_array();

	json_object_set_new(root, "jobs", list);
	if (job_of_task(c->store, task, &jobs, err) < 0 || output_find(c->store, task, &outs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.n; i++) {
		const struct job *j = &jobs.p[i];
		json_t *o = json_object(), *files = json_array();

		json_array_append_new(list, o);
		json_object_set_new(o, "subtask", json_sprintf("%o", j->subtask));
		json_object_set_new(o, "kind", json_text(job_kind_name(j->kind)));
		json_object_set_new(o, "arch", json_text(j->arch));
		json_object_set_new(o, "state", json_text(job_state_name(j->state)));
		json_object_set_new(o, "builder", json_text(j->builder));
		json_object_set_new(o, "reason", json_text(j->reason));
		json_object_set_new(o, "attempt", json_integer(j->attempt));
		json_object_set_new(o, "ms", json_integer(j->finished && j->started ? j->finished - j->started : 0));
		json_object_set_new(o, "usage", json_usage(&j->used));
		json_object_set_new(o, "files", files);
		for (size_t k = 0; k < outs.n; k++) {
			const struct output *out = &outs.p[k];
			json_t *f;

			if (out->subtask != j->subtask || strcmp(out->arch, j->arch) != 0 || j->kind == JOB_TEST)
				continue;
			if (strcmp(out->kind, "buildroot") == 0)
				continue;
			f = json_object();
			json_object_set_new(f, "file", json_text(out->file));
			json_object_set_new(f, "sha256", json_text(out->sha256));
			if (strcmp(out->kind, "rpm") == 0) {
				json_object_set_new(f, "identity", json_text(out->identity));
				json_object_set_new(f, "kept", json_boolean(out->kept));
			}
			json_array_append_new(files, f);
		}
		if (j->kind != JOB_TEST)
			json_record(c, &outs, j, o);
	}
	return 0;
}

static int
show_json(struct context *c, const struct task *t, const struct subtask_list *subs, const int64_t *deps, size_t n,
	struct err *err)
{
	AUTO(str_fini) struct str when = {0};
	json_t *root = json_object(), *depends = json_array(), *all = json_object();
	int r = 0;

	put_time(t->submitted, &when);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(depends, json_integer(deps[i]));
	json_object_set_new(root, "updated", json_integer(t->changed / 1000));
	json_object_set_new(root, "taskid", json_integer(t->id));
	json_object_set_new(root, "shared", json_boolean(t->shared));
	json_object_set_new(root, "fail_early", json_boolean(t->fail_early));
	json_object_set_new(root, "test_only", json_boolean(t->test_only));
	json_object_set_new(root, "keep_root", json_boolean(t->keep_root));
	json_object_set_new(root, "class", json_text(task_class_name(t->class)));
	json_object_set_new(root, "hold", json_text(t->hold));
	json_object_set_new(root, "repo", json_text(t->repository));
	json_object_set_new(root, "state", json_text(task_state_name(t->state)));
	json_object_set_new(root, "try", json_integer(t->try));
	json_object_set_new(root, "iter", json_integer(t->iter));
	json_object_set_new(root, "depends", depends);
	json_object_set_new(root, "age", json_integer((now_ms() - t->created) / (7 * 86400000ll)));
	json_object_set_new(root, "build_time", json_text(str_c(&when)));
	json_object_set_new(root, "message", json_text(t->message));
	json_object_set_new(root, "owner", json_text(t->owner));
	json_object_set_new(root, "reason", json_text(t->reason));
	json_object_set_new(root, "build_ms", json_integer(t->build_ms));
	json_object_set_new(root, "test_ms", json_integer(t->test_ms));
	json_object_set_new(root, "merge_ms", json_integer(t->merge_ms));
	json_object_set_new(root, "subtasks", all);
	for (size_t i = 0; i < subs->n && r == 0; i++)
		r = json_subtask(c, &subs->p[i], all, err);
	if (r == 0)
		r = json_jobs(c, t->id, root, err);
	if (r == 0)
		json_print(root);
	else
		json_decref(root);
	return r;
}

static int
print_event(void *arg, const struct event *e)
{
	time_t t = (time_t)(e->at / 1000);
	struct str *out = arg;
	char when[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(when, sizeof(when), "%Y-%b-%d %H:%M:%S", &tm);
	str_add(out, "%s :: ", when);
	text_printable(out, e->text);
	str_putc(out, '\n');
	return 0;
}

static int
show_text(struct context *c, const struct task *t, const struct subtask_list *subs, const int64_t *deps, size_t n,
	bool brief, struct err *err)
{
	AUTO(str_fini) struct str out = {0};

	show_head(t, deps, n, &out);
	for (size_t i = 0; i < subs->n; i++)
		if (show_subtask(c, &subs->p[i], &out, err) < 0)
			return -1;
	if (!brief && event_each(c->store, 0, t->id, print_event, &out, err) < 0)
		return -1;
	fputs(str_c(&out), stdout);
	return 0;
}

int
task_show(struct context *c, struct err *err)
{
	bool events = false, json = c->json;
	AUTO(subtask_list_fini) struct subtask_list subs = {0};
	AUTO(free) int64_t *deps = NULL;
	AUTO(task_fini) struct task t = {0};
	const char *word, *id = NULL;
	size_t n = 0;

	while ((word = context_next(c))) {
		if (strcmp(word, "--json") == 0)
			json = true;
		else if (strcmp(word, "--brief") == 0)
			events = false;
		else if (strcmp(word, "--events") == 0)
			events = true;
		else if (id)
			return err_set(err, EINVAL, "`%s` is not expected here", word);
		else
			id = word;
	}
	if (context_task(c, id, false, &t, err) < 0 || subtask_find(c->store, t.id, &subs, err) < 0 ||
	    task_deps(c->store, t.id, &deps, &n, err) < 0)
		return -1;
	return json ? show_json(c, &t, &subs, deps, n, err) : show_text(c, &t, &subs, deps, n, !events, err);
}
