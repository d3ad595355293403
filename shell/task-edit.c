/* Verbs that edit a task. Any edit of a task that is not running makes it NEW. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "schema/approval.h"
#include "schema/event.h"
#include "schema/quota.h"
#include "schema/repository.h"
#include "shell/people.h"
#include "shell/source-check.h"
#include "shell/task.h"
#include "shell/upload.h"
#include "source/record.h"

int
task_make(struct context *c, const char *repository, int64_t *id, struct err *err)
{
	if (store_begin(c->store, err) < 0)
		return -1;
	if (context_user(c, err) < 0 || quota_check_task(c->store, c->user, err) < 0 || task_create(c->store, repository, c->user, id, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

int
task_new(struct context *c, struct err *err)
{
	const char *name = context_next(c);
	AUTO(repository_fini) struct repository r = {0};
	AUTO(strs_fini) struct strs names = {0};
	int64_t id;

	if (context_end(c, err) < 0 || context_open(c, err) < 0)
		return -1;
	if (!name) {
		if (repository_names(c->store, &names, err) < 0)
			return -1;
		if (names.n != 1)
			return err_set(err, EINVAL, "name the repository: there %s", names.n ? "are several" : "is none");
		name = names.p[0];
	}
	if (repository_get(c->store, name, &r, err) || task_make(c, name, &id, err) < 0)
		return -1;
	printf("%lld\n", (long long)id);
	fflush(stdout);
	fprintf(stderr, "new task #%lld: owner=%s repo=%s\n", (long long)id, c->user, name);
	return 0;
}

int
task_reread(struct context *c, struct task *t, struct err *err)
{
	struct task now = {0};

	if (task_get(c->store, t->id, &now, err))
		return -1;
	task_fini(t);
	*t = now;
	return 0;
}

/* In a transaction: make an idle task NEW again; a running one may not be edited, nor one that is shared no more. */
static int
begin_edit(struct context *c, struct task *t, struct err *err)
{
	if (task_reread(c, t, err) < 0 || context_may_write(c, t, err) < 0)
		return -1;
	if (t->state == TASK_NEW)
		return 0;
	if (!task_may_move(t->state, TASK_NEW))
		return err_set(err, EBUSY, "task #%lld is %s: %s", (long long)t->id, task_state_name(t->state),
		    t->state == TASK_DONE ? "it cannot be changed any more" : "`task abort` it first");
	return task_move(c->store, t, TASK_NEW, NULL, err) ? -1 : 0;
}

static int
save_new(struct context *c, struct task *t, int before, struct subtask *sub, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list l = {0};

	if (store_begin(c->store, err) < 0)
		return -1;
	if (begin_edit(c, t, err) < 0 || subtask_find(c->store, t->id, &l, err) < 0)
		return store_rollback(c->store);
	sub->task = t->id;
	sub->id = subtask_new_id(&l, before);
	sub->user = xstrdup(c->user);
	if (sub->id == 0) {
		err_set(err, ENOSPC, "no room for a subtask in front of %o", (unsigned)before);
		return store_rollback(c->store);
	}
	if (subtask_save(c->store, sub, err) < 0 || event_add(c->store, "task", t->id, 0, "", err,
	    "task #%lld: added #%o: %s %s%s%s", (long long)t->id, (unsigned)sub->id, subtask_kind_name(sub->kind),
	    sub->dir ? sub->dir : sub->package ? sub->package : sub->srpm_file, sub->tag_name ? " " : "",
	    sub->tag_name ? sub->tag_name : "") < 0)
		return store_rollback(c->store);
	if (store_commit(c->store, err) < 0)
		return -1;
	fprintf(stderr, "task #%lld: added #%o\n", (long long)t->id, (unsigned)sub->id);
	return 0;
}

static int
add_repo(struct context *c, struct task *t, int before, const char *git, const char *tag, struct err *err)
{
	AUTO(subtask_fini) struct subtask sub = {.kind = SUBTASK_REPO, .tag_name = xstrdup(tag), .dir = source_dir(c, git, err)};
	AUTO(repository_fini) struct repository r = {0};

	if (!sub.dir || repository_get(c->store, t->repository, &r, err) || source_resolve(c, &r, &sub, err) < 0)
		return -1;
	return save_new(c, t, before, &sub, err);
}

/* On the farm's own host a path, which wins, or the name of an upload; over ssh, where there are no paths, the latter. */
static int
open_srpm(struct context *c, const char *word, struct err *err)
{
	int fd = c->local ? open(word, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0 || (c->local && (errno != ENOENT || strchr(word, '/'))))
		return fd < 0 ? err_sys(err, "open %s", word) : fd;
	return upload_open(c->store, c->user, word, err);
}

static int
add_srpm(struct context *c, struct task *t, int before, const char *word, struct err *err)
{
	const char *slash = c->local ? strrchr(word, '/') : NULL, *file = slash ? slash + 1 : word;
	AUTO(subtask_fini) struct subtask sub = {.kind = SUBTASK_SRPM, .srpm_file = xstrdup(file)};
	AUTO(srpm_facts_fini) struct srpm_facts f = {0};
	AUTO(close) int fd = -1;
	struct sha256 sum;
	int64_t left;

	if (people_left(c->store, c->user, &left, err) < 0 || upload_check_name(file, err) < 0 || (fd = open_srpm(c, word, err)) < 0 || upload_facts(fd, file, &f, err) < 0 ||
	    artefact_put_fd(c->store->dir, fd, &sum, err) < 0)
		return -1;
	sub.package = STEAL(f.name);
	sub.srpm = xstrdup(sum.hex);
	return save_new(c, t, before, &sub, err);
}

static int
add_source(struct context *c, struct task *t, int before, enum subtask_kind kind, const char *package, const char *from,
	struct err *err)
{
	AUTO(subtask_fini) struct subtask sub = {.kind = kind, .package = xstrdup(package)};
	AUTO(source_fini) struct source src = {0};
	const char *where = from ? from : t->repository;
	int r = source_get(c->store, where, package, &src, err);

	if (r < 0)
		return -1;
	if (r == SOURCE_ABSENT)
		return err_set(err, ENOENT, "%s has no source package %s", where, package);
	if (kind == SUBTASK_REBUILD && !*src.srpm)
		return err_set(err, ENOENT, "%s was imported without its source: it cannot be rebuilt", package);
	if (kind == SUBTASK_REBUILD || kind == SUBTASK_COPY) {
		sub.srpm = xstrdup(src.srpm);
		sub.srpm_file = xstrdup(src.srpm_file);
	}
	if (from)
		sub.copy_from = xstrdup(from);
	return save_new(c, t, before, &sub, err);
}

/* rebuild-unmets and del-unmets: the sources that the last test found without their requirements. */
static int
add_unmets(struct context *c, struct task *t, enum subtask_kind kind, struct err *err)
{
	AUTO(strs_fini) struct strs sources = {0};

	if (task_unmet_find(c->store, t->id, &sources, err) < 0)
		return -1;
	if (sources.n == 0)
		return err_set(err, ENOENT, "the last test of task #%lld found no unmets", (long long)t->id);
	for (size_t i = 0; i < sources.n; i++)
		if (add_source(c, t, 0, kind, sources.p[i], NULL, err) < 0)
			return -1;
	return 0;
}

static int
add_sources(struct context *c, struct task *t, int before, enum subtask_kind kind, struct err *err)
{
	const char *word = context_need(c, "a source package", err);

	if (!word)
		return -1;
	for (; word; word = context_next(c)) {
		if (!text_is_name(word))
			return err_set(err, EINVAL, "`%s` is not the name of a source package", word);
		if (add_source(c, t, before, kind, word, NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_copy(struct context *c, struct task *t, int before, struct err *err)
{
	const char *package = context_need(c, "a source package", err), *from;
	AUTO(strs_fini) struct strs names = {0};

	if (!package || repository_names(c->store, &names, err) < 0)
		return -1;
	from = context_peek(c);
	if (from && strs_has(&names, from))
		context_next(c);
	else
		from = NULL;
	for (size_t i = 0; i < names.n && !from; i++)
		if (strcmp(names.p[i], t->repository) != 0)
			from = names.p[i];
	if (!from)
		return err_set(err, EINVAL, "there is no other repository to copy %s from", package);
	return add_source(c, t, before, SUBTASK_COPY, package, from, err);
}

int
task_add_words(struct context *c, struct task *t, int before, struct err *err)
{
	const char *word = context_need(c, "what to add (repo, NAME.git=TAG, srpm, del, rebuild, copy, ...)", err);
	const char *eq = word ? strchr(word, '=') : NULL, *git, *tag;

	if (!word)
		return -1;
	if (strcmp(word, "repo") == 0 || eq) {
		AUTO(free) char *name = eq ? xstrndup(word, (size_t)(eq - word)) : NULL;

		git = eq ? name : context_need(c, "a git repository", err);
		tag = eq ? eq + 1 : git ? context_need(c, "a tag", err) : NULL;
		return tag ? add_repo(c, t, before, git, tag, err) : -1;
	}
	if (strcmp(word, "srpm") == 0)
		return (word = context_need(c, "a file", err)) ? add_srpm(c, t, before, word, err) : -1;
	if (strcmp(word, "del") == 0)
		return add_sources(c, t, before, SUBTASK_DELETE, err);
	if (strcmp(word, "rebuild") == 0)
		return add_sources(c, t, before, SUBTASK_REBUILD, err);
	if (strcmp(word, "copy") == 0)
		return add_copy(c, t, before, err);
	if (strcmp(word, "rebuild-unmets") == 0)
		return add_unmets(c, t, SUBTASK_REBUILD, err);
	if (strcmp(word, "del-unmets") == 0)
		return add_unmets(c, t, SUBTASK_DELETE, err);
	return err_set(err, EINVAL, "`%s`: not one of repo, NAME.git=TAG, srpm, del, rebuild, copy, rebuild-unmets, del-unmets", word);
}

int
task_add(struct context *c, struct err *err)
{
	const char *word = context_peek(c), *id = NULL;
	AUTO(task_fini) struct task t = {0};
	int before = 0;

	if (word && context_id(word) >= 0) {
		id = context_next(c);
		word = context_peek(c);
		if (word && context_subtask(word) > 0)
			before = context_subtask(context_next(c));
	}
	word = context_peek(c);
	if (word && strcmp(word, "repo") == 0 && c->args.n - c->at > 3)
		return err_set(err, EINVAL, "`%s` is not expected here", c->args.p[c->at + 3]);
	if (context_task(c, id, true, &t, err) < 0 || task_add_words(c, &t, before, err) < 0)
		return -1;
	return context_end(c, err);
}

int
task_need_subtask(struct context *c, bool write, struct task *t, int *sub, struct err *err)
{
	const char *id = context_need(c, "a task id", err), *word;
	AUTO(subtask_list_fini) struct subtask_list l = {0};

	if (!id || context_task(c, id, write, t, err) < 0 || !(word = context_need(c, "a subtask", err)))
		return -1;
	*sub = strcmp(word, "all") == 0 ? 0 : context_subtask(word);
	if (subtask_find(c->store, t->id, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < l.n; i++)
		if (*sub == 0 || l.p[i].id == *sub)
			return 0;
	return err_set(err, ENOENT, "task #%lld has no subtask %s", (long long)t->id, word);
}

int
task_delsub(struct context *c, struct err *err)
{
	AUTO(task_fini) struct task t = {0};
	int sub;

	if (task_need_subtask(c, true, &t, &sub, err) < 0 || context_end(c, err) < 0)
		return -1;
	if (sub == 0)
		return err_set(err, EINVAL, "name one subtask");
	if (store_begin(c->store, err) < 0)
		return -1;
	if (begin_edit(c, &t, err) < 0 || subtask_remove(c->store, t.id, sub, err) < 0 ||
	    event_add(c->store, "task", t.id, 0, "", err, "task #%lld: removed #%o", (long long)t.id, (unsigned)sub) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

int
task_abort(struct context *c, struct err *err)
{
	const char *id = context_need(c, "a task id", err);
	AUTO(free) char *why = xasprintf("aborted by %s", c->user);
	AUTO(task_fini) struct task t = {0};

	if (!id || context_end(c, err) < 0 || context_task(c, id, true, &t, err) < 0)
		return -1;
	if (t.state == TASK_CANCELLED)
		return 0;
	if (!task_may_move(t.state, TASK_CANCELLED))
		return err_set(err, EBUSY, "task #%lld is %s: it cannot be aborted any more", (long long)t.id, task_state_name(t.state));
	return task_move(c->store, &t, TASK_CANCELLED, why, err) ? -1 : 0;
}

static void
release_records(struct context *c, int64_t task, const struct subtask_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		AUTO(git_repository_free) git_repository *record = NULL;
		struct err ignored;

		if (*l->p[i].package && record_open(c->root, l->p[i].package, false, &record, &ignored) == 0)
			record_release(record, task, &ignored);
	}
}

int
task_rm(struct context *c, struct err *err)
{
	const char *id = context_need(c, "a task id", err);
	AUTO(subtask_list_fini) struct subtask_list l = {0};
	AUTO(task_fini) struct task t = {0};

	if (!id || context_end(c, err) < 0 || context_task(c, id, true, &t, err) < 0)
		return -1;
	if (store_begin(c->store, err) < 0)
		return -1;
	if (task_reread(c, &t, err) < 0)
		return store_rollback(c->store);
	if (t.state != TASK_NEW && !task_may_move(t.state, TASK_NEW)) {
		err_set(err, EBUSY, "task #%lld is %s: %s", (long long)t.id, task_state_name(t.state),
		    t.state == TASK_DONE ? "it is part of the repository's history" : "`task abort` it first");
		return store_rollback(c->store);
	}
	if (subtask_find(c->store, t.id, &l, err) < 0 || task_remove(c->store, t.id, err) < 0)
		return store_rollback(c->store);
	if (store_commit(c->store, err) < 0)
		return -1;
	release_records(c, t.id, &l);
	return 0;
}

int
task_share(struct context *c, struct err *err)
{
	const char *word = context_need(c, "status, enable or disable", err), *id = NULL;
	AUTO(task_fini) struct task t = {0};
	bool enable;

	if (word && context_id(word) >= 0) {
		id = word;
		word = context_need(c, "status, enable or disable", err);
	}
	if (!word || context_end(c, err) < 0)
		return -1;
	enable = strcmp(word, "enable") == 0;
	if (strcmp(word, "status") == 0) {
		if (context_task(c, id, false, &t, err) < 0)
			return -1;
		puts(t.shared ? "enabled" : "disabled");
		return 0;
	}
	if (!enable && strcmp(word, "disable") != 0)
		return err_set(err, EINVAL, "`%s`: not status, enable or disable", word);
	if (context_task(c, id, true, &t, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (task_reread(c, &t, err) < 0 || context_may_write(c, &t, err) < 0)
		return store_rollback(c->store);
	t.shared = enable;
	if (task_save(c->store, &t, err) < 0 || event_add(c->store, "task", t.id, 0, "", err, "task #%lld: sharing %sd",
	    (long long)t.id, word) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

static int
change_deps(struct context *c, struct task *t, const char *how, struct err *err)
{
	bool clear = strcmp(how, "clear") == 0 || strcmp(how, "set") == 0, del = strcmp(how, "del") == 0;
	AUTO(free) int64_t *old = NULL;
	size_t n = 0;
	const char *word;
	int r = begin_edit(c, t, err);

	if (r == 0 && clear)
		r = task_deps(c->store, t->id, &old, &n, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = task_dep_del(c->store, t->id, old[i], err);
	while (r == 0 && (word = context_next(c))) {
		AUTO(task_fini) struct task dep = {0};
		int64_t id = context_id(word);

		if (id < 0 || id == t->id)
			r = err_set(err, EINVAL, id < 0 ? "`%s` is not a task id" : "task #%s cannot depend on itself", word);
		else if (del)
			r = task_dep_del(c->store, t->id, id, err);
		else if ((r = task_get(c->store, id, &dep, err)) == 0)
			r = task_dep_add(c->store, t->id, id, err);
	}
	if (r == 0)
		r = event_add(c->store, "task", t->id, 0, "", err, "task #%lld: dependencies changed", (long long)t->id);
	return r ? -1 : 0;
}

int
task_deps_verb(struct context *c, struct err *err)
{
	static const char *const ways[] = {"clear", "add", "del", "set"};
	const char *word = context_need(c, "show, clear, add, del or set", err), *id = NULL;
	AUTO(task_fini) struct task t = {0};
	AUTO(free) int64_t *deps = NULL;
	size_t n = 0, way = 0;

	if (word && context_id(word) >= 0) {
		id = word;
		word = context_need(c, "show, clear, add, del or set", err);
	}
	if (!word)
		return -1;
	if (strcmp(word, "show") == 0) {
		if (context_end(c, err) < 0 || context_task(c, id, false, &t, err) < 0 || task_deps(c->store, t.id, &deps, &n, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			printf("%lld\n", (long long)deps[i]);
		return 0;
	}
	while (way < ARRAY_SIZE(ways) && strcmp(ways[way], word) != 0)
		way++;
	if (way == ARRAY_SIZE(ways))
		return err_set(err, EINVAL, "`%s`: not show, clear, add, del or set", word);
	if (context_task(c, id, true, &t, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	if (change_deps(c, &t, word, err) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}

/*
 * What was seen to fail is that the tag does not descend from what is published: that commit and no other. Before the first
 * run it is not known of which package.
 */
static int
check_published(struct context *c, const struct task *t, const struct subtask *sub, const char *commit, struct err *err)
{
	AUTO(git_repository_free) git_repository *record = NULL;
	char head[GIT_HEX + 1] = "";
	int r = *sub->package ? record_open(c->root, sub->package, false, &record, err) : 0;

	if (r == 0 && record)
		r = record_head(record, t->repository, head, err);
	if (r < 0 || !*sub->package || strcmp(head, commit) == 0)
		return r < 0 ? -1 : 0;
	return r ? err_set(err, ENOENT, "subtask %o: nothing of %s is published in %s from git: there is nothing to override",
	    (unsigned)sub->id, sub->package, t->repository) :
	    err_set(err, ENOENT, "subtask %o: %s is published in %s, not %s: only that is to be overridden", (unsigned)sub->id, head,
	    t->repository, commit);
}

int
task_inheritance(struct context *c, struct err *err)
{
	AUTO(subtask_list_fini) struct subtask_list l = {0};
	AUTO(task_fini) struct task t = {0};
	const char *word, *commit;
	int sub;

	if (task_need_subtask(c, true, &t, &sub, err) < 0 || !(word = context_need(c, "disable", err)) ||
	    !(commit = context_need(c, "the commit that was named in the failure", err)) || context_end(c, err) < 0)
		return -1;
	if (strcmp(word, "disable") != 0 || strlen(commit) != GIT_HEX || strspn(commit, "0123456789abcdef") != GIT_HEX || sub == 0)
		return err_set(err, EINVAL, "`disable` and a whole commit id (40 hex digits) for one subtask");
	if (store_begin(c->store, err) < 0)
		return -1;
	if (begin_edit(c, &t, err) < 0 || subtask_find(c->store, t.id, &l, err) < 0)
		return store_rollback(c->store);
	for (size_t i = 0; i < l.n; i++) {
		if (l.p[i].id != sub)
			continue;
		if (check_published(c, &t, &l.p[i], commit, err) < 0)
			return store_rollback(c->store);
		free(l.p[i].inherit_ok);
		l.p[i].inherit_ok = xstrdup(commit);
		if (subtask_save(c->store, &l.p[i], err) < 0)
			return store_rollback(c->store);
	}
	if (approval_lapse(c->store, t.id, sub, err) < 0 || event_add(c->store, "task", t.id, 0, "", err,
	    "task #%lld: #%o need not descend from %s", (long long)t.id, (unsigned)sub, commit) < 0)
		return store_rollback(c->store);
	return store_commit(c->store, err);
}
