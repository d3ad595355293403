#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/vec.h"
#include "package/artefact.h"
#include "schema/user.h"
#include "shell/people.h"
#include "shell/source-check.h"
#include "source/gear.h"
#include "source/inherit.h"
#include "source/record.h"
#include "source/record-graph.h"
#include "source/signature.h"
#include "source/tag.h"

#define TREE_MAX ((size_t)1 << 30)

typedef struct archive archive_t;
AUTO_DEFINE(archive_t *, archive_write_free);
typedef struct archive_entry archive_entry_t;
AUTO_DEFINE(archive_entry_t *, archive_entry_free);

/* "/people/USER/packages/NAME.git", "packages/NAME.git" or "NAME.git" in its parts; only plain names, so that no path leads out. */
static int
split_dir(struct context *c, const char *dir, char **user, char **name, struct err *err)
{
	AUTO(strs_fini) struct strs parts = {0};
	size_t n;

	strs_split(&parts, dir, "/");
	n = parts.n;
	if (n == 1 || (n == 2 && strcmp(parts.p[0], "packages") == 0))
		*user = xstrdup(c->user);
	else if (n == 4 && strcmp(parts.p[0], "people") == 0 && strcmp(parts.p[2], "packages") == 0)
		*user = xstrdup(parts.p[1]);
	else
		return err_set(err, EINVAL, "`%s`: not NAME.git or /people/USER/packages/NAME.git", dir);
	*name = xstrdup(parts.p[n - 1]);
	if (!text_is_name(*user) || !text_is_name(*name))
		return err_set(err, EINVAL, "`%s`: not a name of a git repository", dir);
	return 0;
}

char *
source_dir(struct context *c, const char *dir, struct err *err)
{
	AUTO(free) char *user = NULL;
	AUTO(free) char *name = NULL;
	size_t n;

	if (split_dir(c, dir, &user, &name, err) < 0)
		return NULL;
	n = strlen(name);
	return xasprintf("/people/%s/packages/%s%s", user, name, n > 4 && strcmp(name + n - 4, ".git") == 0 ? "" : ".git");
}

char *
source_path(struct context *c, const char *dir, struct err *err)
{
	AUTO(free) char *shown = source_dir(c, dir, err);

	return shown ? xasprintf("%s%s", c->root, shown) : NULL;
}

static int
verify(struct context *c, const struct repository *repository, const struct tag *tag, struct err *err)
{
	AUTO(user_keys_fini) struct user_keys keys = {0};
	VEC(struct signing_key) list = {0};
	size_t by;
	int r;

	if (user_keys(c->store, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < keys.n; i++)
		vec_push(&list, ((struct signing_key){strcmp(keys.p[i].kind, "gpg") == 0 ? KEY_GPG : KEY_SSH, keys.p[i].user,
		    keys.p[i].text}));
	r = signature_verify(tag, list.p, list.n, &by, err);
	vec_fini(&list);
	if (r == SIGNATURE_NONE && repository->accept_unsigned)
		return 0;
	return r > 0 ? err_ctx(err, "tag %s", tag->name) : r;
}

static int
read_tag(struct context *c, const struct subtask *t, git_repository **repo, struct tag *tag, struct err *err)
{
	AUTO(free) char *path = source_path(c, t->dir, err);

	if (!path)
		return -1;
	if (tag_repository(path, repo, err) < 0)
		return err->code == ENOENT ? err_set(err, ENOENT, "there is no git repository; was it pushed?") : -1;
	return tag_read(*repo, t->tag_name, tag, err) ? -1 : 0;
}

static void
fill(struct subtask *t, const struct tag *tag)
{
	free(t->tag_id);
	free(t->tag_author);
	free(t->commit);
	t->tag_id = xstrdup(tag->id);
	t->tag_author = xstrdup(tag->tagger);
	t->commit = xstrdup(tag->commit);
	/* Times in packages are not to lie in the future, whatever the clock of who signed. */
	t->epoch_s = tag->when < now_ms() / 1000 ? tag->when : now_ms() / 1000;
}

int
source_resolve(struct context *c, const struct repository *repository, struct subtask *t, struct err *err)
{
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(tag_fini) struct tag tag = {0};

	if (read_tag(c, t, &repo, &tag, err) < 0)
		return err_ctx(err, "%s", t->dir);
	if (t->tag_id && *t->tag_id && strcmp(t->tag_id, tag.id) != 0)
		return err_set(err, EINVAL, "%s: tag %s has moved since it was added (%.12s, now %.12s): remove the subtask "
		    "and add it again", t->dir, tag.name, t->tag_id, tag.id);
	if (verify(c, repository, &tag, err) < 0)
		return err_ctx(err, "%s", t->dir);
	fill(t, &tag);
	return 0;
}

static int
tar_one(struct archive *a, int dir, const char *name, int64_t when, struct err *err)
{
	AUTO(archive_entry_free) struct archive_entry *e = archive_entry_new();
	AUTO(str_fini) struct str data = {0};

	if (file_read(dir, name, TREE_MAX, &data, err))
		return -1;
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (int64_t)data.n);
	archive_entry_set_mtime(e, when, 0);
	if (archive_write_header(a, e) != ARCHIVE_OK || archive_write_data(a, str_c(&data), data.n) != (ssize_t)data.n)
		return err_set(err, EIO, "pack %s: %s", name, archive_error_string(a));
	return 0;
}

static la_ssize_t
collect(struct archive *a, void *arg, const void *data, size_t n)
{
	str_put(arg, data, n);
	return (la_ssize_t)n;
}

int
source_tar(int dir, const struct gear *g, const struct tag *tag, struct str *out, struct err *err)
{
	AUTO(archive_write_free) struct archive *a = archive_write_new();

	archive_write_set_format_pax_restricted(a);
	archive_write_set_bytes_in_last_block(a, 1);
	if (archive_write_open(a, out, NULL, collect, NULL) != ARCHIVE_OK ||
	    tar_one(a, dir, g->spec_file, tag->when, err) < 0)
		return err_ctx(err, "pack the sources");
	for (size_t i = 0; i < g->files.n; i++)
		if (strcmp(g->files.p[i], g->spec_file) != 0 && tar_one(a, dir, g->files.p[i], tag->when, err) < 0)
			return err_ctx(err, "pack the sources");
	return archive_write_close(a) == ARCHIVE_OK ? 0 : err_set(err, EIO, "pack: %s", archive_error_string(a));
}

/* An open folder for what is on its way to be packed; of others that were killed nothing is left after a while. */
static int
open_work(struct context *c, struct err *err)
{
	int work;

	if (file_mkdirs(c->store->dir, "run/gear", err) < 0 || (work = file_open_dir(c->store->dir, "run/gear", err)) < 0)
		return -1;
	people_sweep(work, ".");
	return work;
}

/* Export into a folder of our own, pack, store. */
static int
make_tree(struct context *c, git_repository *repo, const struct tag *tag, struct subtask *t, struct err *err)
{
	AUTO(close) int work = open_work(c, err);
	AUTO(free) char *folder = people_scratch();
	AUTO(gear_fini) struct gear g = {0};
	AUTO(str_fini) struct str tar = {0};
	AUTO(close) int dir = -1;
	struct sha256 sum;
	struct err ignored;
	int r;

	if (work < 0)
		return -1;
	if (mkdirat(work, folder, 0700) < 0)
		return err_sys(err, "make a folder in run/gear");
	dir = file_open_dir(work, folder, err);
	r = dir < 0 ? -1 : gear_export(repo, tag, dir, &g, err);
	if (r == 0)
		r = source_tar(dir, &g, tag, &tar, err);
	file_remove_tree(work, folder, &ignored);
	if (r < 0 || artefact_put(c->store->dir, tar.p, tar.n, &sum, err) < 0)
		return -1;
	if (!text_is_name(g.spec.name))
		return err_set(err, EINVAL, "the spec's Name `%s` cannot be the name of a package", g.spec.name);
	free(t->tree);
	free(t->package);
	t->tree = xstrdup(sum.hex);
	t->package = xstrdup(g.spec.name);
	return 0;
}

static int
check_record(struct context *c, const struct repository *repository, const struct tag *tag, struct subtask *t, struct err *err)
{
	AUTO(git_repository_free) git_repository *record = NULL;
	AUTO(free) char *path = source_path(c, t->dir, err);
	char head[GIT_HEX + 1];
	int r;

	if (!path || record_open(c->root, t->package, true, &record, err) < 0)
		return -1;
	if (record_check_tag(record, tag, err))
		return -1;
	if (record_take(record, path, tag, t->task, t->id, err) < 0)
		return -1;
	r = record_head(record, repository->name, head, err);
	if (r)
		return r == RECORD_ABSENT ? 0 : -1;
	if (strcmp(t->inherit_ok, head) == 0)
		return 0;
	r = record_inherits(record, head, tag->commit, err);
	if (r == INHERIT_NOT)
		return err_set(err, EINVAL, "git inheritance: %s is not a descendant of %s, which is published in %s: merge that "
		    "commit and tag again, or `task check-git-inheritance %lld %o disable %s`", t->tag_name, head,
		    repository->name, (long long)t->task, (unsigned)t->id, head);
	/* While the head stays there, the merger need not look again. */
	free(t->inherited);
	t->inherited = xstrdup(r == 0 ? head : "");
	return r;
}

int
source_prepare(struct context *c, const struct repository *repository, struct subtask *t, struct err *err)
{
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(tag_fini) struct tag tag = {0};

	if (source_resolve(c, repository, t, err) < 0)
		return -1;
	if (read_tag(c, t, &repo, &tag, err) < 0)
		return err_ctx(err, "%s", t->dir);
	/* What was verified, and nothing that came since. */
	if (strcmp(tag.id, t->tag_id) != 0)
		return err_set(err, EAGAIN, "%s: tag %s moved while it was checked", t->dir, tag.name);
	if (make_tree(c, repo, &tag, t, err) < 0 ||
	    check_record(c, repository, &tag, t, err) < 0)
		return err_ctx(err, "%s %s", t->dir, t->tag_name);
	return 0;
}
