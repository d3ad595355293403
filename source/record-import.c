/*
 * Histories of years come as they are packed: git's own pack-objects takes deltas as it finds them. It runs in the
 * record, with the other repository's objects beside the record's own: so no configuration, graph or bitmap of a stranger
 * is read, only objects, and index-pack finds out anew what each is called. libgit2 reads refs there and no object:
 * in a loose one that was cut short it never ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/text.h"
#include "source/git.h"
#include "source/record-graph.h"
#include "source/record-import.h"

enum { SAID_MAX = 1 << 20, LIST_MAX = 64 << 20 };

AUTO_DEFINE(git_strarray *, git_strarray_dispose);

/* Refs of the record: what they reach is there, and need not come again. */
static int
hide_refs(git_repository *record, struct str *input, struct err *err)
{
	AUTO(git_reference_iterator_free) git_reference_iterator *refs = NULL;
	git_reference *next;
	int r;

	if (git_reference_iterator_new(&refs, record) < 0)
		return gitlib_err(err, "refs of the record");
	str_puts(input, "--not\n");
	while ((r = git_reference_next(&next, refs)) == 0) {
		AUTO(git_reference_free) git_reference *ref = next;

		if (git_reference_type(ref) == GIT_REFERENCE_DIRECT)
			str_add(input, "%s\n", git_oid_tostr_s(git_reference_target(ref)));
	}
	return r == GIT_ITEROVER ? 0 : gitlib_err(err, "refs of the record");
}

/* An open file without a name, with this in it. */
static int
input_file(const struct str *text, struct err *err)
{
	AUTO(close) int fd = memfd_create("artel", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "a file in memory");
	if (file_write_fd(fd, str_c(text), text->n, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "a file in memory");
	return STEAL_FD(fd);
}

/* The git programs that are at work in a record. */
struct work {
	const char *record, *from;	/* folders: the record, the other repository */
	int said;			/* a file of what they complain of */
	pid_t pid[2];
};

enum { NOT_SHARED, SHARED };

/* Start one: shared, it sees the other repository's objects beside the record's. The pid, or -1. */
static pid_t
start(const struct work *w, int shared, const char *const *words, int in, int out, struct err *err)
{
	AUTO(free) char *path = xasprintf("PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	const char *env[] = {path, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_NO_REPLACE_OBJECTS=1",
	    shared == SHARED ? "GIT_ALTERNATE_OBJECT_DIRECTORIES=objects" : NULL, NULL};
	const char *argv[16] = {"git", "--git-dir", w->record, "-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false"};

	for (size_t i = 0; words[i]; i++)
		argv[7 + i] = words[i];
	return spawn_start(&(struct spawn){.argv = argv, .env = env, .cwd = shared == SHARED ? w->from : w->record, .in = in,
	    .out = out, .err = w->said}, err);
}

/* Wait for one; an error is what it said. */
static int
finish(const struct work *w, pid_t pid, const char *program, struct err *err)
{
	AUTO(str_fini) struct str said = {0};
	AUTO(str_fini) struct str shown = {0};
	AUTO(str_fini) struct str how = {0};
	struct ended e;
	struct err ignored;

	if (spawn_wait(pid, 0, &e, err) < 0)
		return -1;
	if (e.how == ENDED_EXIT && e.code == 0)
		return 0;
	ended_text(e, &how);
	if (lseek(w->said, 0, SEEK_SET) == 0)
		file_read_fd(w->said, SAID_MAX, &said, &ignored);
	text_printable(&shown, str_c(&said));
	return err_set(err, EIO, "git %s: %s: %.300s", program, str_c(&how), str_c(&shown));
}

/* pack-objects in the record with the other's objects, into index-pack in the record alone. */
static int
start_copy(struct work *w, int input, struct err *err)
{
	static const char *const pack[] = {"pack-objects", "--revs", "--stdout", "--quiet", "--delta-base-offset",
	    "--no-use-bitmap-index", NULL};
	static const char *const index[] = {"index-pack", "--stdin", NULL};
	AUTO(close) int from = -1;
	AUTO(close) int to = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "a pipe");
	from = fds[0];
	to = fds[1];
	if ((w->pid[0] = start(w, SHARED, pack, input, to, err)) < 0)
		return -1;
	w->pid[1] = start(w, NOT_SHARED, index, from, 0, err);
	return w->pid[1] < 0 ? -1 : 0;
}

/* wanted: ids, a line each; hidden: one more that is in the record with all that it needs, or NULL. */
static int
copy_objects(git_repository *record, git_repository *from, struct str *wanted, const git_oid *hidden, struct err *err)
{
	struct work w = {.record = git_repository_path(record), .from = git_repository_path(from)};
	AUTO(git_odb_free) git_odb *odb = NULL;
	AUTO(str_fini) struct str nothing = {0};
	AUTO(close) int input = -1;
	AUTO(close) int said = -1;
	int r;

	if (hide_refs(record, wanted, err) < 0)
		return -1;
	if (hidden)
		str_add(wanted, "%s\n", git_oid_tostr_s(hidden));
	if ((input = input_file(wanted, err)) < 0 || (w.said = said = input_file(&nothing, err)) < 0 || start_copy(&w, input, err) < 0)
		return -1;
	/* What the second says of a pack that ends early is no news. */
	r = finish(&w, w.pid[0], "pack-objects", err);
	if (finish(&w, w.pid[1], "index-pack", r < 0 ? &(struct err){0} : err) < 0 || r < 0)
		return -1;
	return git_repository_odb(&odb, record) < 0 || git_odb_refresh(odb) < 0 ? gitlib_err(err, "the record") : 0;
}

static bool
has(git_repository *repo, const git_oid *id)
{
	AUTO(git_odb_free) git_odb *odb = NULL;

	return git_repository_odb(&odb, repo) == 0 && git_odb_exists(odb, id);
}

static int
set_ref(git_repository *record, const char *folder, const char *name, const git_oid *id, struct err *err)
{
	AUTO(git_reference_free) git_reference *ref = NULL;
	AUTO(free) char *full = xasprintf("refs/%s/%s", folder, name);

	return git_reference_create(&ref, record, full, id, 1, NULL) < 0 ? gitlib_err(err, "set %s", full) : 0;
}

/* What git says of the objects that input names, a line each: "ID TYPE SIZE". */
static int
look_at(git_repository *record, git_repository *from, const struct str *input, struct str *out, struct err *err)
{
	static const char *const words[] = {"cat-file", "--batch-check", "--buffer", NULL};
	struct work w = {.record = git_repository_path(record), .from = git_repository_path(from)};
	AUTO(str_fini) struct str nothing = {0};
	AUTO(close) int in = input_file(input, err);
	AUTO(close) int answer = in < 0 ? -1 : input_file(&nothing, err);
	AUTO(close) int said = answer < 0 ? -1 : input_file(&nothing, err);

	if ((w.said = said) < 0 || (w.pid[0] = start(&w, SHARED, words, in, answer, err)) < 0 ||
	    finish(&w, w.pid[0], "cat-file", err) < 0)
		return -1;
	return lseek(answer, 0, SEEK_SET) < 0 ? err_sys(err, "a file in memory") : file_read_fd(answer, LIST_MAX, out, err);
}

struct tags {
	struct strs names, ids;		/* of the same place */
};

static void
tags_fini(struct tags *t)
{
	strs_fini(&t->names);
	strs_fini(&t->ids);
}
AUTO_DEFINE_EMBEDDED(struct tags, tags_fini);

/* Tags of the other repository, of whatever kind, and in *input the questions what they are and of which commit. */
static int
list_tags(git_repository *from, struct tags *out, struct str *input, struct err *err)
{
	AUTO(git_strarray_dispose) git_strarray *all = &(git_strarray){0};

	if (git_tag_list(all, from) < 0)
		return gitlib_err(err, "tags");
	for (size_t i = 0; i < all->count; i++) {
		AUTO(free) char *full = xasprintf("refs/tags/%s", all->strings[i]);
		AUTO(git_reference_free) git_reference *ref = NULL;
		char hex[GIT_HEX + 1];

		if (git_reference_lookup(&ref, from, full) < 0 || git_reference_type(ref) != GIT_REFERENCE_DIRECT)
			continue;
		git_oid_tostr(hex, sizeof(hex), git_reference_target(ref));
		strs_add(&out->names, all->strings[i]);
		strs_add(&out->ids, hex);
		str_add(input, "%s\n%s^{commit}\n", hex, hex);
	}
	return 0;
}

/* Of those the annotated ones whose commit the record has. */
static int
find_tags(git_repository *record, git_repository *from, struct tags *out, struct err *err)
{
	AUTO(tags_fini) struct tags all = {0};
	AUTO(strs_fini) struct strs lines = {0};
	AUTO(str_fini) struct str input = {0};
	AUTO(str_fini) struct str answer = {0};

	if (list_tags(from, &all, &input, err) < 0 || (input.n && look_at(record, from, &input, &answer, err) < 0))
		return -1;
	strs_split(&lines, str_c(&answer), "\n");
	if (lines.n != 2 * all.names.n)
		return err_set(err, EIO, "git cat-file: %zu answers to %zu questions", lines.n, 2 * all.names.n);
	for (size_t i = 0; i < all.names.n; i++) {
		char *commit = lines.p[2 * i + 1];
		git_oid id;

		if (strncmp(lines.p[2 * i] + strcspn(lines.p[2 * i], " "), " tag ", 5) != 0)
			continue;
		commit[strcspn(commit, " ")] = '\0';
		if (!gitlib_hex(commit, &id) || !has(record, &id))
			continue;
		strs_add(&out->names, all.names.p[i]);
		strs_add(&out->ids, all.ids.p[i]);
	}
	return 0;
}

/* One that is malformed, or of another name inside, is none for a record. */
static int
import_tag(struct record_import *im, git_repository *record, const char *name, const git_oid *id, struct err *err)
{
	AUTO(tag_fini) struct tag tag = {0};
	AUTO(git_reference_free) git_reference *ref = NULL;
	AUTO(free) char *full = xasprintf("refs/tags/%s", name);
	struct err why;
	int r;

	if (tag_read_object(record, name, id, &tag, &why) < 0)
		return 0;
	r = record_check_tag(record, &tag, err);
	if (r < 0)
		return -1;
	im->tags_left += r == RECORD_CONFLICT;
	if (r == RECORD_CONFLICT || git_reference_lookup(&ref, record, full) == 0)
		return 0;
	im->tags++;
	return set_ref(record, "tags", name, id, err);
}

/* head: the commit whose history came just now. */
static int
import_tags(struct record_import *im, git_repository *record, git_repository *from, const git_oid *head, struct err *err)
{
	AUTO(tags_fini) struct tags tags = {0};
	AUTO(str_fini) struct str wanted = {0};
	git_oid id;

	if (find_tags(record, from, &tags, err) < 0)
		return -1;
	for (size_t i = 0; i < tags.ids.n; i++)
		if (gitlib_hex(tags.ids.p[i], &id) && !has(record, &id))
			str_add(&wanted, "%s\n", tags.ids.p[i]);
	if (wanted.n && copy_objects(record, from, &wanted, head, err) < 0)
		return -1;
	for (size_t i = 0; i < tags.ids.n; i++)
		if (gitlib_hex(tags.ids.p[i], &id) && import_tag(im, record, tags.names.p[i], &id, err) < 0)
			return -1;
	return 0;
}

/* Whether the record's branch may be set to what comes: 0, or RECORD_CONFLICT. */
static int
check_head(const struct record_import *im, git_repository *record, const git_oid *id, struct err *err)
{
	char hex[GIT_HEX + 1];
	int r = record_head(record, im->repository, hex, err);

	if (r < 0)
		return -1;
	return r == RECORD_ABSENT || im->replace || strcmp(hex, git_oid_tostr_s(id)) == 0 ? 0 : RECORD_CONFLICT;
}

static int
import_into(struct record_import *im, git_repository *record, git_repository *from, const git_oid *id, struct err *err)
{
	AUTO(str_fini) struct str wanted = {0};
	AUTO(git_commit_free) git_commit *commit = NULL;
	struct err ignored;
	int r = check_head(im, record, id, err);

	if (r)
		return r;
	str_add(&wanted, "%s\n", git_oid_tostr_s(id));
	if (!has(record, id) && copy_objects(record, from, &wanted, NULL, err) < 0)
		return -1;
	if (git_commit_lookup(&commit, record, id) < 0)
		return gitlib_err(err, "branch %s", im->branch);
	if (import_tags(im, record, from, id, err) < 0 || set_ref(record, "heads", im->repository, id, err) < 0)
		return -1;
	/* Without it, it is only slower; the next merge tries again. */
	record_graph_update(record, git_oid_tostr_s(id), &ignored);
	return 0;
}

/* What the branch is at, or RECORD_ABSENT. */
static int
find_branch(git_repository *from, const char *branch, git_oid *id, struct err *err)
{
	AUTO(git_reference_free) git_reference *ref = NULL;
	AUTO(free) char *full = xasprintf("refs/heads/%s", branch);
	int r = git_reference_lookup(&ref, from, full);

	if (r == GIT_ENOTFOUND)
		return RECORD_ABSENT;
	if (r < 0)
		return gitlib_err(err, "branch %s", branch);
	if (git_reference_type(ref) != GIT_REFERENCE_DIRECT)
		return err_set(err, EINVAL, "branch %s: a symbolic ref", branch);
	git_oid_cpy(id, git_reference_target(ref));
	return 0;
}

int
record_import(struct record_import *im, struct err *err)
{
	AUTO(git_repository_free) git_repository *from = NULL;
	AUTO(git_repository_free) git_repository *record = NULL;
	git_oid id;
	int r;

	if (tag_repository(im->from, &from, err) < 0)
		return -1;
	if (git_repository_is_shallow(from))
		return err_set(err, EINVAL, "%s: it is a shallow repository, without its history", im->from);
	r = find_branch(from, im->branch, &id, err);
	if (r == 0)
		r = record_open(im->root, im->source, true, &record, err);
	if (r == 0)
		r = import_into(im, record, from, &id, err);
	return r < 0 ? err_ctx(err, "%s", im->from) : r;
}
