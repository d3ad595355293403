/*
 * Three steps: the record of the build is found and what it names looked for; artel-builder builds, without a
 * scheduler, into a folder; the files there are held against the outputs on record, byte for byte, by SHA-256. What
 * differs is told from the facts of both, so that no RPM is parsed here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "package/facts.h"
#include "shell/buildinfo.h"
#include "shell/context.h"
#include "shell/program.h"
#include "shell/rebuild.h"

enum { GONE_NAMED = 10, DIFFERENCES_NAMED = 20 };

/* KEPT: the repository's own package stands in the place of what was built, which is not on record; this one is like it. */
enum verdict { IDENTICAL, KEPT, DIFFERS, MISSING, EXTRA, VERDICTS };
static const char *const verdicts[VERDICTS] = {"identical", "kept", "differs", "missing", "extra"};

struct compared {
	char *file;
	enum verdict verdict;
	const char *recorded;		/* SHA-256, "" for one that is extra; of `outs` */
	char *rebuilt;			/* SHA-256, "" for one that is missing */
	struct strs what;		/* differs: what, a line each */
};

struct rebuild {
	struct context *c;
	struct task task;
	int subtask;
	const char *arch;		/* "" for the source RPM */
	const char *keep, *jobs;
	bool json;
	struct output_list outs;
	struct buildinfo record;
	const char *sha256;		/* of the record */
	char *folder;
	int dir;			/* the same, open */
	struct {
		struct compared *p;
		size_t n, cap;
	} files;
};

static void
rebuild_fini(struct rebuild *r)
{
	for (size_t i = 0; i < r->files.n; i++) {
		free(r->files.p[i].file);
		free(r->files.p[i].rebuilt);
		strs_fini(&r->files.p[i].what);
	}
	vec_fini(&r->files);
	task_fini(&r->task);
	output_list_fini(&r->outs);
	buildinfo_fini(&r->record);
	free(r->folder);
	if (r->dir >= 0)
		close(r->dir);
}
AUTO_DEFINE_EMBEDDED(struct rebuild, rebuild_fini);

static int
arguments(struct rebuild *r, struct err *err)
{
	struct context *c = r->c;
	const char *word, *task = NULL, *subtask = NULL;

	while ((word = context_next(c))) {
		const char **value = strcmp(word, "--keep") == 0 ? &r->keep : strcmp(word, "--jobs") == 0 ? &r->jobs : NULL;

		if (value && !(*value = context_need(c, "a value", err)))
			return -1;
		if (value)
			continue;
		if (strcmp(word, "--json") == 0)
			r->json = true;
		else if (!task)
			task = word;
		else if (!subtask)
			subtask = word;
		else if (!*r->arch && *word != '-')
			r->arch = word;
		else
			return err_set(err, EINVAL, "`%s` is not expected here", word);
	}
	r->subtask = subtask ? context_subtask(subtask) : -1;
	if (r->subtask < 0)
		return err_set(err, EINVAL, "not TASK SUBTASK [ARCH] [--keep DIR] [--jobs N] [--json]");
	if (r->jobs && text_number(r->jobs, 4096) < 1)
		return err_set(err, EINVAL, "--jobs: `%s` is not a number of jobs", r->jobs);
	return context_task(c, task, false, &r->task, err);
}

static bool
is_rpm(const struct rebuild *r, const struct output *o)
{
	return o->subtask == r->subtask && strcmp(o->arch, r->arch) == 0 && strcmp(o->kind, "buildroot") != 0;
}

/* All that the build needs must still be there; what is gone is named. */
static int
look_for_inputs(const struct rebuild *r, struct err *err)
{
	AUTO(str_fini) struct str gone = {0};
	size_t n = 0;

	if (!artefact_has(r->c->store->dir, r->record.source) && ++n)
		str_add(&gone, " %s", r->record.source_name);
	for (size_t i = 0; i < r->record.packages.n; i++)
		if (!artefact_has(r->c->store->dir, r->record.packages.p[i].sha256) && ++n <= GONE_NAMED)
			str_add(&gone, " %s", r->record.packages.p[i].nevra);
	if (n == 0)
		return 0;
	return err_set(err, ENOENT, "it cannot be built again: %zu of its %zu artefacts are gone:%s%s", n,
	    r->record.packages.n + 1, str_c(&gone), n > GONE_NAMED ? " ..." : "");
}

static int
make_folder(struct rebuild *r, struct err *err)
{
	char tmp[] = "/tmp/artel-rebuild-XXXXXX";

	if (r->keep) {
		r->folder = xstrdup(r->keep);
		if (file_mkdirs(AT_FDCWD, r->folder, err) < 0)
			return -1;
	} else {
		if (!mkdtemp(tmp))
			return err_sys(err, "make a folder in /tmp");
		r->folder = xstrdup(tmp);
	}
	r->dir = file_open_dir(AT_FDCWD, r->folder, err);
	return r->dir < 0 ? -1 : 0;
}

static int
build(struct rebuild *r, struct err *err)
{
	AUTO(free) char *state = xasprintf("%s/builder/rebuild", r->c->root);
	const char *words[] = {"--rebuild", r->sha256, "--out", r->folder, "--state", state, "--name", "rebuild",
	    "--jobs", r->jobs ? r->jobs : "0", NULL};

	return program_run(r->c, "builder", words, err);
}

/* What differs. */

static int
by_path(const struct fact_file *a, const struct fact_file *b)
{
	return !a ? 1 : !b ? -1 : strcmp(a->path, b->path);
}

static void
add_difference(struct strs *what, const char *name, const char *how)
{
	AUTO(str_fini) struct str line = {0};
	AUTO(free) char *text = xasprintf("%s%s%s", name, *how ? ": " : "", how);

	text_printable(&line, text);
	strs_add(what, str_c(&line));
}

/* Both lists are in the order of paths, as rpm has them. */
static void
files_differ(const struct facts *a, const struct facts *b, struct strs *what)
{
	for (size_t i = 0, k = 0; i < a->files.n || k < b->files.n;) {
		const struct fact_file *fa = i < a->files.n ? &a->files.p[i] : NULL, *fb = k < b->files.n ? &b->files.p[k] : NULL;
		int order = by_path(fa, fb);

		if (order < 0)
			add_difference(what, fa->path, "is gone");
		else if (order > 0)
			add_difference(what, fb->path, "is new");
		else if (fa->mode != fb->mode || fa->flags != fb->flags)
			add_difference(what, fa->path, "another mode or flags");
		else if (fa->size != fb->size || strcmp(fa->content, fb->content) != 0)
			add_difference(what, fa->path, "other content");
		i += order <= 0;
		k += order >= 0;
	}
}

/* Of one that was kept, only what a user gets of it counts. */
static void
facts_tell(const struct facts *a, const struct facts *b, bool kept, struct strs *what)
{
	AUTO(free) char *first = NULL;

	files_differ(a, b, what);
	if (!kept && a->build_time != b->build_time)
		add_difference(what, "BUILDTIME", "");
	if (what->n == 0 && facts_differ(a, b, &first) == 1)
		add_difference(what, first, "");
	if (what->n == 0 && !kept)
		add_difference(what, "something that facts do not tell: another tag of the header, or the payload's packing", "");
}

static int
tell_differences(const struct rebuild *r, const struct output *o, struct strs *what, struct err *err)
{
	AUTO(free) char *path = xasprintf("%s.facts", o->file);
	AUTO(facts_fini) struct facts old = {0};
	AUTO(facts_fini) struct facts new = {0};
	AUTO(str_fini) struct str was = {0};
	AUTO(str_fini) struct str is = {0};

	if (!*o->facts) {
		add_difference(what, "a source RPM: compare it by hand", "");
		return 0;
	}
	if (!artefact_has(r->c->store->dir, o->facts)) {
		add_difference(what, "cannot be told: what was known of the recorded one is gone", "");
		return 0;
	}
	if (artefact_read(r->c->store->dir, o->facts, FACTS_MAX, &was, err) < 0 ||
	    facts_unpack_no_elf(was.p, was.n, &old, err) < 0 || file_read(r->dir, path, FACTS_MAX, &is, err) ||
	    facts_unpack_no_elf(is.p, is.n, &new, err) < 0)
		return err_ctx(err, "facts of %s", o->file);
	facts_tell(&old, &new, o->kept, what);
	return 0;
}

static int
hash_file(const struct rebuild *r, const char *file, struct sha256 *out, struct err *err)
{
	AUTO(close) int fd = openat(r->dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? err_sys(err, "open %s", file) : hash_fd(fd, out, err);
}

static int
compare_recorded(struct rebuild *r, struct err *err)
{
	for (size_t i = 0; i < r->outs.n; i++) {
		const struct output *o = &r->outs.p[i];
		struct compared f = {.recorded = o->sha256, .verdict = MISSING}, *put;
		struct sha256 sum = {""};

		if (!is_rpm(r, o))
			continue;
		if (file_exists(r->dir, o->file)) {
			if (hash_file(r, o->file, &sum, err) < 0)
				return -1;
			f.verdict = strcmp(sum.hex, o->sha256) == 0 ? IDENTICAL : DIFFERS;
		}
		f.file = xstrdup(o->file);
		f.rebuilt = xstrdup(sum.hex);
		vec_push(&r->files, f);
		put = &r->files.p[r->files.n - 1];
		if (f.verdict == DIFFERS && tell_differences(r, o, &put->what, err) < 0)
			return -1;
		if (f.verdict == DIFFERS && o->kept && put->what.n == 0)
			put->verdict = KEPT;
	}
	return 0;
}

static bool
is_recorded(const struct rebuild *r, const char *file)
{
	for (size_t i = 0; i < r->outs.n; i++)
		if (is_rpm(r, &r->outs.p[i]) && strcmp(r->outs.p[i].file, file) == 0)
			return true;
	return false;
}

/* Packages that were not made then; the builder's facts have served. */
static int
look_at_others(struct rebuild *r, struct err *err)
{
	DIR *d = opendir(r->folder);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open %s", r->folder);
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);
		struct compared f = {.verdict = EXTRA, .recorded = ""};
		struct sha256 sum;

		if (n > 6 && strcmp(e->d_name + n - 6, ".facts") == 0)
			unlinkat(r->dir, e->d_name, 0);
		if (n < 5 || strcmp(e->d_name + n - 4, ".rpm") != 0 || is_recorded(r, e->d_name))
			continue;
		if (hash_file(r, e->d_name, &sum, err) < 0) {
			closedir(d);
			return -1;
		}
		f.file = xstrdup(e->d_name);
		f.rebuilt = xstrdup(sum.hex);
		vec_push(&r->files, f);
	}
	closedir(d);
	return 0;
}

/* Saying it. */

/* What of the host is not as it was, and may be why; "" if all is. malloc'ed. */
static char *
other_host(const struct rebuild *r)
{
	struct utsname host;
	struct str out = {0};
	cpu_set_t cpus;

	uname(&host);
	if (strcmp(host.release, r->record.kernel) != 0)
		str_add(&out, "kernel %s, here %s", r->record.kernel, host.release);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) != r->record.processors)
		str_add(&out, "%s%d processors, here %d", out.n ? "; " : "", r->record.processors, CPU_COUNT(&cpus));
	if (r->jobs && text_number(r->jobs, 4096) != r->record.jobs)
		str_add(&out, "%s%d jobs, here %s", out.n ? "; " : "", r->record.jobs, r->jobs);
	return str_steal(&out);
}

static void
print_text(const struct rebuild *r, const char *host)
{
	bool differs = false;

	for (size_t i = 0; i < r->files.n; i++) {
		const struct compared *f = &r->files.p[i];

		printf("%s\t%s\n", f->file, verdicts[f->verdict]);
		for (size_t k = 0; k < f->what.n && k < DIFFERENCES_NAMED; k++)
			printf("%s\t%s\n", f->file, f->what.p[k]);
		if (f->what.n > DIFFERENCES_NAMED)
			printf("%s\tand %zu more\n", f->file, f->what.n - DIFFERENCES_NAMED);
		differs |= f->verdict > KEPT;
	}
	if (differs && *host)
		fprintf(stderr, "note: it was built with %s\n", host);
}

static void
print_json(const struct rebuild *r, const char *host, bool same)
{
	AUTO(free) char *subtask = xasprintf("%o", (unsigned)r->subtask);
	AUTO(free) char *text = NULL;
	json_t *list = json_array(), *root = json_pack("{s:I, s:s, s:s, s:s, s:b, s:s, s:o}", "task", (json_int_t)r->task.id,
	    "subtask", subtask, "arch", r->arch, "record", r->sha256, "identical", same, "host", host, "files", list);

	for (size_t i = 0; i < r->files.n; i++) {
		const struct compared *f = &r->files.p[i];
		json_t *what = json_array();

		for (size_t k = 0; k < f->what.n; k++)
			json_array_append_new(what, json_string(f->what.p[k]));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:o}", "file", f->file, "result", verdicts[f->verdict],
		    "recorded", f->recorded, "rebuilt", f->rebuilt, "differs", what));
	}
	text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	puts(text ? text : "{}");
	json_decref(root);
}

static int
report(const struct rebuild *r)
{
	AUTO(free) char *host = other_host(r);
	bool same = true;

	for (size_t i = 0; i < r->files.n; i++)
		same &= r->files.p[i].verdict <= KEPT;
	if (r->json)
		print_json(r, host, same);
	else
		print_text(r, host);
	return same ? VERB_OK : REBUILD_DIFFERS;
}

static int
run(struct rebuild *r, struct err *err)
{
	int code = build(r, err);

	if (code)
		return code < 0 ? -1 : VERB_FAILED;
	if (compare_recorded(r, err) < 0 || look_at_others(r, err) < 0)
		return -1;
	return report(r);
}

int
plumb_rebuild(struct context *c, struct err *err)
{
	AUTO(rebuild_fini) struct rebuild r = {.c = c, .arch = "", .json = c->json, .dir = -1};
	struct err ignored;
	int code;

	if (arguments(&r, err) < 0 || output_find(c->store, r.task.id, &r.outs, err) < 0 ||
	    buildinfo_find(c, &r.outs, r.subtask, r.arch, &r.sha256, &r.record, err) < 0)
		return -1;
	if (!r.record.kind)
		return err_set(err, ENOTSUP, "it was built before builds were recorded: only its packages are known");
	if (look_for_inputs(&r, err) < 0 || make_folder(&r, err) < 0)
		return -1;
	code = run(&r, err);
	if (!r.keep)
		file_remove_tree(AT_FDCWD, r.folder, &ignored);
	return code;
}
