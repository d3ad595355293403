/*
 * A repository that a push makes is made under a scratch name, and gets its own when something has come. git answers its
 * client before that; the client ends after us, so that whoever saw a push end sees the repository.
 *
 * Pushes hold a shared lock on the folder, `rm` an exclusive one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/spawn.h"
#include "base/text.h"
#include "schema/event.h"
#include "shell/context.h"
#include "shell/git-box.h"
#include "shell/git.h"
#include "shell/people.h"
#include "shell/source-check.h"
#include "source/git.h"
#include "source/tag.h"
#include "wire/limits.h"

#define LITTLE ((int64_t)1 << 30)

/* Where a repository is: its path as it is shown, which is also that below the farm's folder. */
struct place {
	char *path;
	bool own;		/* one's own: it may be written */
};

static void
place_fini(struct place *p)
{
	free(p->path);
}
AUTO_DEFINE_EMBEDDED(struct place, place_fini);

/* "/git/x/xz.git", "/gears/x/xz": the record. NULL: it is not of that form; then err is set if it begins so. */
static char *
record_place(const char *typed, struct err *err)
{
	AUTO(strs_fini) struct strs parts = {0};
	AUTO(free) char *name = NULL;
	size_t n;

	strs_split(&parts, typed, "/");
	if (parts.n != 3 || (strcmp(parts.p[0], "git") != 0 && strcmp(parts.p[0], "gears") != 0))
		return NULL;
	n = strlen(parts.p[2]);
	name = xstrndup(parts.p[2], n > 4 && strcmp(parts.p[2] + n - 4, ".git") == 0 ? n - 4 : n);
	if (!text_is_name(name) || strlen(parts.p[1]) != 1 || parts.p[1][0] != name[0]) {
		err_set(err, EINVAL, "`%s`: not /git/X/NAME.git, where X is the first letter of NAME", typed);
		return NULL;
	}
	return xasprintf("/git/%c/%s.git", name[0], name);
}

static int
place_find(struct context *c, const char *typed, struct place *out, struct err *err)
{
	AUTO(free) char *mine = xasprintf("/people/%s/packages/", c->user);

	out->path = record_place(typed, err);
	if (!out->path && !err->code)
		out->path = source_dir(c, typed, err);
	if (!out->path)
		return -1;
	out->own = strncmp(out->path, mine, strlen(mine)) == 0;
	return 0;
}

/* Whether the folder is a bare repository, with no links where git would follow them first. */
static bool
is_repository(int fd)
{
	AUTO(close) int head = file_open_beneath(fd, "HEAD", O_RDONLY);
	AUTO(close) int objects = file_open_beneath(fd, "objects", O_RDONLY | O_DIRECTORY);
	AUTO(close) int refs = file_open_beneath(fd, "refs", O_RDONLY | O_DIRECTORY);

	return head >= 0 && objects >= 0 && refs >= 0;
}

/* An open folder; -1 with ENOENT as code if there is none. */
static int
place_open(struct context *c, const struct place *p, struct err *err)
{
	AUTO(close) int fd = file_open_beneath(c->store->dir, p->path + 1, O_RDONLY | O_DIRECTORY);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ENOENT, "no git repository %s%s", p->path, p->own ? "; pushing to it makes one" : "");
	if (fd < 0 && errno == ELOOP)
		return err_set(err, ELOOP, "%s: a link, or behind one; none is followed here", p->path);
	if (fd < 0)
		return err_sys(err, "%s", p->path);
	if (!is_repository(fd))
		return err_set(err, EINVAL, "%s is not a bare git repository", p->path);
	return STEAL_FD(fd);
}

static int
serve(const struct git_box *b, struct err *err)
{
	AUTO(str_fini) struct str how = {0};
	struct ended ended;

	if (git_box_run(b, &ended, err) < 0)
		return -1;
	if (ended.how == ENDED_EXIT && ended.code == 0)
		return 0;
	ended_text(ended, &how);
	return err_set(err, EIO, "%s: git ended with %s", b->path, str_c(&how));
}

static int
fetch(struct context *c, const struct place *p, struct err *err)
{
	AUTO(close) int fd = place_open(c, p, err);

	return fd < 0 ? -1 : serve(&(struct git_box){.repository = fd, .path = p->path}, err);
}

/* What the refs of a repository are. */
struct refs {
	size_t n;
	struct sha256 sum;	/* of their names and what they are */
	char *branch;		/* that HEAD should name: it names none that there is, and this is one; NULL: it stays */
};

static void
refs_fini(struct refs *r)
{
	free(r->branch);
}
AUTO_DEFINE_EMBEDDED(struct refs, refs_fini);

/* master before main before any other. */
static bool
is_better(const char *name, const char *best)
{
	static const char *const first[] = {"refs/heads/master", "refs/heads/main"};

	for (size_t i = 0; i < ARRAY_SIZE(first) && best; i++)
		if (strcmp(name, first[i]) == 0 || strcmp(best, first[i]) == 0)
			return strcmp(best, first[i]) != 0;
	return !best || strcmp(name, best) < 0;
}

static void
add_ref(struct refs *out, hash_state *h, git_reference *ref)
{
	const char *name = git_reference_name(ref), *symbolic = git_reference_symbolic_target(ref);
	const git_oid *id = git_reference_target(ref);

	out->n++;
	hash_add(h, name, strlen(name) + 1);
	if (id)
		hash_add(h, id, sizeof(*id));
	if (symbolic)
		hash_add(h, symbolic, strlen(symbolic) + 1);
	if (strncmp(name, "refs/heads/", 11) == 0 && is_better(name, out->branch)) {
		free(out->branch);
		out->branch = xstrdup(name);
	}
}

static int
refs_read(int fd, const char *path, struct refs *out, struct err *err)
{
	AUTO(free) char *folder = xasprintf("/proc/self/fd/%d", fd);
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(git_reference_iterator_free) git_reference_iterator *it = NULL;
	AUTO(hash_fini) hash_state h = {0};
	git_reference *next;
	int r;

	gitlib_start();
	hash_init(&h);
	if (git_repository_open_bare(&repo, folder) < 0 || git_reference_iterator_new(&it, repo) < 0)
		return gitlib_err(err, "%s", path);
	while ((r = git_reference_next(&next, it)) == 0) {
		AUTO(git_reference_free) git_reference *ref = next;

		add_ref(out, &h, ref);
	}
	if (r != GIT_ITEROVER)
		return gitlib_err(err, "refs of %s", path);
	out->sum = hash_end(&h);
	if (out->branch && git_repository_head_unborn(repo) != 1) {
		free(out->branch);
		out->branch = NULL;
	}
	return 0;
}

/* An empty repository: no more than git needs to take it for one. */
static int
make_empty(int packages, const char *name, struct err *err)
{
	static const char head[] = "ref: refs/heads/master\n";
	static const char config[] = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";
	static const char *const folders[] = {"objects", "objects/pack", "objects/info", "refs", "refs/heads", "refs/tags"};
	AUTO(close) int fd = -1;

	if (mkdirat(packages, name, 0755) < 0 || (fd = file_open_beneath(packages, name, O_RDONLY | O_DIRECTORY)) < 0)
		return err_sys(err, "make a git repository");
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (mkdirat(fd, folders[i], 0755) < 0)
			return err_sys(err, "make a git repository: %s", folders[i]);
	if (file_replace(fd, "config", config, sizeof(config) - 1, 0644, err) < 0 ||
	    file_replace(fd, "HEAD", head, sizeof(head) - 1, 0644, err) < 0)
		return err_ctx(err, "make a git repository");
	return STEAL_FD(fd);
}

/* What a push came to: HEAD, and the journal. */
static int
settle(struct context *c, const struct place *p, int fd, const struct refs *now, struct err *err)
{
	AUTO(free) char *head = now->branch ? xasprintf("ref: %s\n", now->branch) : NULL;

	if (head && file_replace(fd, "HEAD", head, strlen(head), 0644, err) < 0)
		return err_ctx(err, "%s", p->path);
	return event_add(c->store, "user", 0, 0, "", err, "pushed to %s", p->path);
}

/* When nothing has come, this may be why: git itself says no more than that a pack is too long. */
static void
tell_room(const struct context *c, int64_t left)
{
	AUTO(str_fini) struct str room = {0};

	if (left > LITTLE)
		return;
	limits_put_bytes(&room, (uint64_t)left);
	fprintf(stderr, "artel: %s are left of the disk that %s may have; `rm` makes room, `quota` tells the limits\n", str_c(&room),
	    c->user);
}

/* Let the client push to an open repository. 1 if its refs have changed, else 0; *now is what they are. */
static int
take(struct context *c, const struct place *p, int fd, struct refs *now, struct err *err)
{
	AUTO(refs_fini) struct refs before = {0};
	AUTO(close) int objects = file_open_beneath(fd, "objects", O_RDONLY | O_DIRECTORY);
	struct git_box b = {.push = true, .repository = fd, .path = p->path};
	struct err how = {0};

	if (objects < 0)
		return err_sys(err, "%s", p->path);
	people_sweep(objects, "tmp_objdir-");
	if (people_left(c->store, c->user, &b.max_bytes, err) < 0 || refs_read(fd, p->path, &before, err) < 0)
		return -1;
	/* Some refs may have been moved before it came to grief. */
	serve(&b, &how);
	if (refs_read(fd, p->path, now, err) < 0)
		return -1;
	if (how.code)
		*err = how;
	if (strcmp(before.sum.hex, now->sum.hex) != 0)
		return 1;
	tell_room(c, b.max_bytes);
	return 0;
}

static int
push_first(struct context *c, const struct place *p, int packages, struct err *err)
{
	AUTO(free) char *scratch = people_scratch();
	AUTO(refs_fini) struct refs now = {0};
	AUTO(close) int fd = make_empty(packages, scratch, err);
	const char *name = strrchr(p->path, '/') + 1;
	struct err ignored;
	int r = fd < 0 ? -1 : take(c, p, fd, &now, err);

	if (r == 1 && renameat2(packages, scratch, packages, name, RENAME_NOREPLACE) < 0)
		r = errno == EEXIST ? err_set(err, EEXIST, "%s was made by another push meanwhile: push again", p->path) :
		    err_sys(err, "%s", p->path);
	if (r != 1) {
		file_remove_tree(packages, scratch, &ignored);
		return err->code ? -1 : r;
	}
	if (fsync(packages) < 0 && !err->code)
		err_sys(err, "%s", p->path);
	return settle(c, p, fd, &now, err->code ? &ignored : err) < 0 || err->code ? -1 : 0;
}

static int
push_again(struct context *c, const struct place *p, int fd, struct err *err)
{
	AUTO(refs_fini) struct refs now = {0};
	struct err ignored;
	int r;

	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return err_set(err, EBUSY, "%s is being removed", p->path);
	r = take(c, p, fd, &now, err);
	if (r == 1 && settle(c, p, fd, &now, err->code ? &ignored : err) < 0)
		return -1;
	return err->code ? -1 : 0;
}

static int
push_to(struct context *c, const struct place *p, struct err *err)
{
	AUTO(close) int packages = -1;
	AUTO(close) int fd = -1;

	if (!p->own)
		return err_set(err, EACCES, "%s: %s may push to /people/%s/packages/NAME.git only", p->path, c->user, c->user);
	packages = people_open(c->store, c->user, "packages", true, err);
	if (packages < 0)
		return -1;
	people_sweep(packages, ".");
	fd = place_open(c, p, err);
	if (fd >= 0)
		return push_again(c, p, fd, err);
	if (err->code != ENOENT)
		return -1;
	*err = (struct err){0};
	return push_first(c, p, packages, err);
}

int
git_serve(struct context *c, bool push, const char *path, struct err *err)
{
	AUTO(place_fini) struct place p = {0};

	if (place_find(c, path, &p, err) < 0)
		return -1;
	return push ? push_to(c, &p, err) : fetch(c, &p, err);
}
