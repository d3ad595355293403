/*
 * Objects get here as one pack that is written beside the others and appears
 * at once; a ref is set only when all it needs is there. So whatever a ref of
 * the record reaches is complete, and that is what a later pack may leave out.
 *
 * libgit2's fetch over a local path packs every branch of the other side,
 * wanted or not: record_take() builds the pack itself, from the tag alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "source/git.h"
#include "source/record.h"

static int
make_record(const char *path, git_repository **repo, struct err *err)
{
	git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;

	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR | GIT_REPOSITORY_INIT_MKPATH;
	if (git_repository_init_ext(repo, path, &options) < 0)
		return gitlib_err(err, "make %s", path);
	return file_sync_parent(AT_FDCWD, path, err);
}

int
record_open(const char *root, const char *source, bool make, git_repository **repo, struct err *err)
{
	AUTO(free) char *path = NULL;
	int r;

	if (!text_is_name(source))
		return err_set(err, EINVAL, "not a name of a source package");
	path = xasprintf("%s/git/%c/%s.git", root, source[0], source);
	gitlib_start();
	r = git_repository_open_bare(repo, path);
	if (r == GIT_ENOTFOUND)
		return make ? make_record(path, repo, err) : RECORD_ABSENT;
	return r < 0 ? gitlib_err(err, "open %s", path) : 0;
}

/* Leave out the history of a ref of the record, as far as the other side has its tip. */
static int
hide_ref(git_reference *ref, git_revwalk *walk, git_odb *from, struct err *err)
{
	AUTO(git_object_free) git_object *commit = NULL;

	if (git_reference_type(ref) != GIT_REFERENCE_DIRECT ||
	    git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT) < 0 || !git_odb_exists(from, git_object_id(commit)))
		return 0;
	if (git_revwalk_hide(walk, git_object_id(commit)) < 0)
		return gitlib_err(err, "history of %s", git_reference_name(ref));
	return 0;
}

static int
hide_refs(git_repository *record, git_revwalk *walk, git_odb *from, struct err *err)
{
	AUTO(git_reference_iterator_free) git_reference_iterator *refs = NULL;
	git_reference *next;
	int r;

	if (git_reference_iterator_new(&refs, record) < 0)
		return gitlib_err(err, "refs of the record");
	while ((r = git_reference_next(&next, refs)) == 0) {
		AUTO(git_reference_free) git_reference *ref = next;

		if (hide_ref(ref, walk, from, err) < 0)
			return -1;
	}
	return r == GIT_ITEROVER ? 0 : gitlib_err(err, "refs of the record");
}

/* Write the tag object and what it needs, less what the record has, as one pack of the record. */
static int
copy_pack(git_repository *record, git_repository *from, const git_oid *tag, const git_oid *commit, struct err *err)
{
	AUTO(git_packbuilder_free) git_packbuilder *pack = NULL;
	AUTO(git_revwalk_free) git_revwalk *walk = NULL;
	AUTO(git_odb_free) git_odb *from_odb = NULL;
	AUTO(free) char *folder = xasprintf("%sobjects/pack", git_repository_path(record));

	if (git_repository_odb(&from_odb, from) < 0 || git_revwalk_new(&walk, from) < 0 ||
	    git_packbuilder_new(&pack, from) < 0)
		return gitlib_err(err, "copy objects");
	if (git_revwalk_push(walk, commit) < 0)
		return gitlib_err(err, "commit %s", git_oid_tostr_s(commit));
	if (hide_refs(record, walk, from_odb, err) < 0)
		return -1;
	if (git_packbuilder_insert_walk(pack, walk) < 0 || git_packbuilder_insert(pack, tag, NULL) < 0 ||
	    git_packbuilder_write(pack, folder, 0, NULL, NULL) < 0)
		return gitlib_err(err, "copy objects");
	return 0;
}

static int
set_ref(git_repository *record, const char *name, const char *hex, git_object_t type, struct err *err)
{
	AUTO(git_reference_free) git_reference *ref = NULL;
	AUTO(git_object_free) git_object *object = NULL;
	git_oid id;

	if (!gitlib_hex(hex, &id))
		return err_set(err, EINVAL, "%s: not an object id", name);
	if (git_object_lookup(&object, record, &id, type) < 0 ||
	    git_reference_create(&ref, record, name, &id, 1, NULL) < 0)
		return gitlib_err(err, "set %s", name);
	return 0;
}

/* refs/heads/NAME and the like; the parts from outside were checked by whoever read them, and are again. */
static int
ref_name(const char *folder, const char *name, char **out, struct err *err)
{
	AUTO(free) char *ref = xasprintf("refs/%s/%s", folder, name);
	int valid = 0;

	gitlib_start();
	if (git_reference_name_is_valid(&valid, ref) < 0 || !valid)
		return err_set(err, EINVAL, "not a valid name of a ref");
	*out = STEAL(ref);
	return 0;
}

/* What a direct ref holds: 0, or RECORD_ABSENT. */
static int
read_ref(git_repository *record, const char *name, char hex[GIT_HEX + 1], struct err *err)
{
	AUTO(git_reference_free) git_reference *ref = NULL;
	int r = git_reference_lookup(&ref, record, name);

	if (r == GIT_ENOTFOUND)
		return RECORD_ABSENT;
	if (r < 0)
		return gitlib_err(err, "%s", name);
	if (git_reference_type(ref) != GIT_REFERENCE_DIRECT)
		return err_set(err, EINVAL, "%s: a symbolic ref", name);
	git_oid_tostr(hex, GIT_HEX + 1, git_reference_target(ref));
	return 0;
}

int
record_take(git_repository *record, const char *from_path, const struct tag *tag,
	int64_t task, int subtask, struct err *err)
{
	AUTO(git_repository_free) git_repository *from = NULL;
	AUTO(free) char *ref = xasprintf("refs/task/%lld/%o", (long long)task, (unsigned)subtask);
	AUTO(git_odb_free) git_odb *odb = NULL;
	char hex[GIT_HEX + 1];
	git_oid tag_id, commit_id;
	int r = read_ref(record, ref, hex, err);

	if (r < 0)
		return -1;
	if (r == 0 && strcmp(hex, tag->id) == 0)
		return 0;
	if (!gitlib_hex(tag->id, &tag_id) || !gitlib_hex(tag->commit, &commit_id))
		return err_set(err, EINVAL, "not an object id");
	if (tag_repository(from_path, &from, err) < 0)
		return -1;
	if (copy_pack(record, from, &tag_id, &commit_id, err) < 0)
		return err_ctx(err, "take tag %s", tag->name);
	if (git_repository_odb(&odb, record) < 0 || git_odb_refresh(odb) < 0)
		return gitlib_err(err, "take tag %s", tag->name);
	return set_ref(record, ref, tag->id, GIT_OBJECT_TAG, err);
}

int
record_release(git_repository *record, int64_t task, struct err *err)
{
	AUTO(git_reference_iterator_free) git_reference_iterator *refs = NULL;
	AUTO(free) char *pattern = xasprintf("refs/task/%lld/*", (long long)task);
	AUTO(strs_fini) struct strs names = {0};
	const char *name;
	int r;

	if (git_reference_iterator_glob_new(&refs, record, pattern) < 0)
		return gitlib_err(err, "refs of task %lld", (long long)task);
	while ((r = git_reference_next_name(&name, refs)) == 0)
		strs_add(&names, name);
	if (r != GIT_ITEROVER)
		return gitlib_err(err, "refs of task %lld", (long long)task);
	for (size_t i = 0; i < names.n; i++) {
		r = git_reference_remove(record, names.p[i]);
		if (r < 0 && r != GIT_ENOTFOUND)
			return gitlib_err(err, "remove %s", names.p[i]);
	}
	return 0;
}

int
record_head(git_repository *record, const char *repository, char hex[GIT_HEX + 1], struct err *err)
{
	AUTO(free) char *ref = NULL;

	if (ref_name("heads", repository, &ref, err) < 0)
		return -1;
	return read_ref(record, ref, hex, err);
}

/* refs are files: a name cannot stand beside one that has it, or that it has, as its folder. */
static int
check_nesting(git_repository *record, const char *ref, struct err *err)
{
	AUTO(free) char *below = xasprintf("%s/*", ref);
	AUTO(free) char *part = xstrdup(ref);
	git_reference_iterator *it = NULL;
	char hex[GIT_HEX + 1], *slash;
	const char *name = NULL;
	int r = 0;

	while (r == 0 && (slash = strrchr(part, '/')) && slash > part + strlen("refs/tags")) {
		*slash = '\0';
		if ((r = read_ref(record, part, hex, err)) < 0)
			return -1;
		if (r == 0) {
			err_set(err, EEXIST, "tag %s: %s was merged before, and git cannot keep both; choose a new name",
			    ref + strlen("refs/tags/"), part + strlen("refs/tags/"));
			return RECORD_CONFLICT;
		}
		r = 0;
	}
	if (git_reference_iterator_glob_new(&it, record, below) == 0 && git_reference_next_name(&name, it) == 0) {
		err_set(err, EEXIST, "tag %s: %s was merged before, and git cannot keep both; choose a new name",
		    ref + strlen("refs/tags/"), name + strlen("refs/tags/"));
		r = RECORD_CONFLICT;
	}
	git_reference_iterator_free(it);
	return r;
}

int
record_check_tag(git_repository *record, const struct tag *tag, struct err *err)
{
	AUTO(free) char *ref = NULL;
	char hex[GIT_HEX + 1];
	int r;

	if (ref_name("tags", tag->name, &ref, err) < 0)
		return -1;
	r = read_ref(record, ref, hex, err);
	if (r < 0)
		return -1;
	if (r == RECORD_ABSENT)
		return check_nesting(record, ref, err);
	if (strcmp(hex, tag->id) == 0)
		return 0;
	err_set(err, EEXIST, "tag %s: another tag of this name, %s, was merged before; choose a new name",
	    tag->name, hex);
	return RECORD_CONFLICT;
}

int
record_publish(git_repository *record, const char *repository, const char *tag_name,
	const char *tag_id, const char *commit, struct err *err)
{
	AUTO(free) char *head = NULL;
	AUTO(free) char *tag = NULL;

	if (ref_name("heads", repository, &head, err) < 0 || ref_name("tags", tag_name, &tag, err) < 0)
		return -1;
	if (set_ref(record, tag, tag_id, GIT_OBJECT_TAG, err) < 0 || set_ref(record, head, commit, GIT_OBJECT_COMMIT, err) < 0)
		return -1;
	/* Whoever clones it gets the branch that was there first. */
	if (git_repository_head_unborn(record) == 1 && git_repository_set_head(record, head) < 0)
		return gitlib_err(err, "HEAD of the record");
	return 0;
}
