/*
 * Verbs about what people keep in the farm: uploads come by `put`, repositories by pushing; `ls` and `rm` are for both.
 *
 * What is removed gets a scratch name in the transaction that writes the journal, and goes file by file after that: many
 * files of a big repository are no reason for others to wait.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/disk-use.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "package/facts.h"
#include "schema/event.h"
#include "schema/user.h"
#include "shell/context.h"
#include "shell/people.h"
#include "shell/upload.h"
#include "wire/limits.h"

#define GIT ".git"
#define SRPM ".src.rpm"

AUTO_DEFINE(DIR *, closedir);

static bool
ends(const char *name, const char *with)
{
	size_t n = strlen(name), k = strlen(with);

	return n > k && strcmp(name + n - k, with) == 0;
}

int
upload_check_name(const char *name, struct err *err)
{
	return text_is_name(name) && ends(name, SRPM) ? 0 :
	    err_set(err, EINVAL, "`%.200s`: not the name of a source RPM (NAME-VERSION-RELEASE.src.rpm)", name);
}

int
upload_open(struct store *s, const char *user, const char *name, struct err *err)
{
	AUTO(close) int dir = -1;
	AUTO(close) int fd = -1;
	struct stat st;

	if (upload_check_name(name, err) < 0)
		return -1;
	dir = people_open(s, user, "srpms", false, err);
	if (dir < 0 && err->code != ENOENT)
		return -1;
	fd = dir < 0 ? -1 : file_open_beneath(dir, name, O_RDONLY);
	if (dir < 0 || (fd < 0 && errno == ENOENT))
		return err_set(err, ENOENT, "%s has uploaded no %s; `put %s` does, with the file on standard input", user, name, name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open %s", name);
	return S_ISREG(st.st_mode) ? STEAL_FD(fd) : err_set(err, EINVAL, "%s is not a regular file", name);
}

int
upload_facts(int fd, const char *name, struct srpm_facts *out, struct err *err)
{
	AUTO(free) char *path = xasprintf("/proc/self/fd/%d", fd);
	AUTO(free) char *right = NULL;
	struct err ignored = {0};
	const char *colon;

	if (facts_from_srpm(path, out, &ignored) < 0)
		return err_set(err, EBADMSG, "%s: not a source RPM, or a broken one", name);
	colon = strchr(out->evr, ':');
	right = xasprintf("%s-%s" SRPM, out->name, colon ? colon + 1 : out->evr);
	return strcmp(name, right) == 0 ? 0 : err_set(err, EBADMSG, "%s: by what is in it, it is %s", name, right);
}

/* Standard input as a file of at most `left` bytes. */
static int
take_input(int fd, int64_t left, int64_t *bytes, struct err *err)
{
	enum { BLOCK = 256 << 10 };
	AUTO(free) char *buf = xcalloc(1, BLOCK);
	AUTO(str_fini) struct str room = {0};
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, BLOCK)) > 0 || (n < 0 && errno == EINTR)) {
		*bytes += n > 0 ? n : 0;
		if (*bytes > left) {
			limits_put_bytes(&room, (uint64_t)left);
			return err_set(err, EDQUOT, "it is longer than the %s of disk that are left: `ls` lists what is there, `rm` "
			    "removes some of it, `quota` tells the limits", str_c(&room));
		}
		if (n > 0 && file_write_fd(fd, buf, (size_t)n, err) < 0)
			return -1;
	}
	return n < 0 ? err_sys(err, "standard input") : 0;
}

/* Fill the scratch file, look at it, and give it its name. What is left is asked again, as others may come at the same time. */
static int
take_upload(struct context *c, int dir, int fd, const char *scratch, const char *name, int64_t *bytes, struct err *err)
{
	AUTO(srpm_facts_fini) struct srpm_facts f = {0};
	int64_t left;

	if (people_left(c->store, c->user, &left, err) < 0 || take_input(fd, left, bytes, err) < 0 ||
	    people_left(c->store, c->user, &left, err) < 0)
		return err_ctx(err, "%s", name);
	if (upload_facts(fd, name, &f, err) < 0 || file_sync(fd, name, err) < 0)
		return -1;
	if (renameat(dir, scratch, dir, name) < 0 || fsync(dir) < 0)
		return err_sys(err, "%s", name);
	return 0;
}

static int
put(struct context *c, struct err *err)
{
	const char *name = context_need(c, "the file's name (NAME-VERSION-RELEASE.src.rpm)", err);
	AUTO(free) char *scratch = people_scratch();
	AUTO(close) int dir = -1;
	AUTO(close) int fd = -1;
	int64_t bytes = 0;

	if (!name || context_end(c, err) < 0 || upload_check_name(name, err) < 0 || context_open(c, err) < 0 ||
	    context_user(c, err) < 0 || (dir = people_open(c->store, c->user, "srpms", true, err)) < 0)
		return -1;
	people_sweep(dir, ".");
	fd = openat(dir, scratch, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, "make a file in /people/%s/srpms", c->user);
	if (take_upload(c, dir, fd, scratch, name, &bytes, err) < 0) {
		unlinkat(dir, scratch, 0);
		return -1;
	}
	fprintf(stderr, "put: %s, %lld bytes\n", name, (long long)bytes);
	return event_add(c->store, "user", 0, 0, "", err, "uploaded %s, %lld bytes", name, (long long)bytes);
}

/* The names in a folder that end so, sorted. */
static int
list_names(int dir, const char *end, struct strs *out, struct err *err)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(closedir) DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *e;

	if (!d)
		return err_sys(err, "read a folder");
	while ((e = readdir(d)))
		if (text_is_name(e->d_name) && ends(e->d_name, end))
			strs_add(out, e->d_name);
	strs_sort(out);
	return 0;
}

/* A repository counts with all that is below it. */
static int
list_one(int dir, const char *kind, const char *name, struct err *err)
{
	AUTO(str_fini) struct str when = {0};
	struct disk_use use = {0};
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "look at %s", name);
	if (S_ISREG(st.st_mode))
		use = (struct disk_use){.bytes = (uint64_t)st.st_size, .changed = st.st_mtime};
	else if (!S_ISDIR(st.st_mode) || disk_measure(dir, name, &(struct disk_use){0}, 0, &use, err) < 0)
		return err->code ? -1 : 0;
	text_date(&when, use.changed * 1000);
	printf("%s\t%s\t%llu\t%s\n", kind, name, (unsigned long long)use.bytes, str_c(&when));
	return 0;
}

static int
list_folder(struct context *c, const char *user, const char *folder, const char *kind, const char *end, struct err *err)
{
	AUTO(close) int dir = people_open(c->store, user, folder, false, err);
	AUTO(strs_fini) struct strs names = {0};

	if (dir < 0) {
		if (err->code != ENOENT)
			return -1;
		*err = (struct err){0};
		return 0;
	}
	if (list_names(dir, end, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (list_one(dir, kind, names.p[i], err) < 0)
			return -1;
	return 0;
}

static int
list(struct context *c, struct err *err)
{
	const char *word = context_next(c), *user = word ? word : c->user;
	struct user u;

	if (context_end(c, err) < 0 || context_open(c, err) < 0 || user_get(c->store, user, &u, err))
		return -1;
	if (list_folder(c, user, "packages", "git", GIT, err) < 0)
		return -1;
	return list_folder(c, user, "srpms", "srpm", SRPM, err);
}

/* What is being removed: it has its scratch name, and nobody pushes to it. */
struct going {
	int dir, lock;
	const char *name;
	char *scratch;
};
struct goings {
	struct going *p;
	size_t n, cap;
};

static void
goings_fini(struct goings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		close(l->p[i].dir);
		if (l->p[i].lock >= 0)
			close(l->p[i].lock);
		free(l->p[i].scratch);
	}
	vec_fini(l);
}
AUTO_DEFINE_EMBEDDED(struct goings, goings_fini);

/* The names are theirs again. */
static int
stay(struct goings *l)
{
	for (size_t i = l->n; i-- > 0;)
		renameat2(l->p[i].dir, l->p[i].scratch, l->p[i].dir, l->p[i].name, RENAME_NOREPLACE);
	return -1;
}

/* A task reads a repository whenever it is run; a source RPM it took when it was made. */
static int
check_need(struct context *c, const char *name, struct err *err)
{
	AUTO(free) char *path = xasprintf("/people/%s/packages/%s", c->user, name);
	sqlite3_stmt *q = store_query(c->store, STMT_TASK_NEEDS_DIR, err, "s", path);
	int r = store_row(c->store, q, err);
	int64_t id = r > 0 ? store_int(q, 0) : 0;
	AUTO(free) char *owner = r > 0 ? xstrdup(store_text(q, 1)) : NULL;

	store_done(q);
	if (r <= 0)
		return r;
	return err_set(err, EBUSY, "%s: task #%lld of %s needs it; `task abort %lld` ends that", name, (long long)id, owner,
	    (long long)id);
}

/* In a transaction. */
static int
go(struct context *c, const char *name, struct goings *out, struct err *err)
{
	bool git = ends(name, GIT);
	AUTO(close) int dir = people_open(c->store, c->user, git ? "packages" : "srpms", false, err);
	AUTO(free) char *scratch = people_scratch();
	AUTO(close) int lock = -1;

	if (dir < 0 && err->code != ENOENT)
		return -1;
	if (dir < 0 || !file_exists(dir, name))
		return err_set(err, ENOENT, "%s has no %s; `ls` lists what there is", c->user, name);
	if (git && check_need(c, name, err) < 0)
		return -1;
	lock = file_open_beneath(dir, name, O_RDONLY);
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, EBUSY, "%s: somebody pushes to it just now", name);
	if (event_add(c->store, "user", 0, 0, "", err, "removed %s %s", git ? "git repository" : "upload", name) < 0)
		return -1;
	if (renameat2(dir, name, dir, scratch, RENAME_NOREPLACE) < 0)
		return err_sys(err, "remove %s", name);
	vec_push(out, ((struct going){STEAL_FD(dir), STEAL_FD(lock), name, STEAL(scratch)}));
	return 0;
}

/* All of them, or none. */
static int
rm(struct context *c, struct err *err)
{
	const char *word = context_need(c, "NAME.git or NAME-VERSION-RELEASE.src.rpm", err);
	AUTO(goings_fini) struct goings l = {0};
	size_t first = c->at - 1;

	for (; word; word = context_next(c))
		if (!text_is_name(word) || (!ends(word, GIT) && !ends(word, SRPM)))
			return err_set(err, EINVAL, "`%.200s`: not NAME.git or NAME-VERSION-RELEASE.src.rpm", word);
	if (err->code || context_open(c, err) < 0 || context_user(c, err) < 0 || store_begin(c->store, err) < 0)
		return -1;
	for (size_t i = first; i < c->args.n; i++)
		if (go(c, c->args.p[i], &l, err) < 0) {
			stay(&l);
			return store_rollback(c->store);
		}
	if (store_commit(c->store, err) < 0)
		return stay(&l);
	for (size_t i = 0; i < l.n; i++)
		if (file_remove_tree(l.p[i].dir, l.p[i].scratch, err) < 0)
			return -1;
	return 0;
}

const struct verb upload_verbs[] = {
	{"put", "NAME", "Upload a source RPM, which comes on standard input", put, REACH_USER},
	{"ls", "[USER]", "List git repositories and uploads, one's own or another's", list, REACH_USER},
	{"rm", "NAME...", "Remove git repositories and uploads of one's own", rm, REACH_USER},
};
const size_t n_upload_verbs = ARRAY_SIZE(upload_verbs);
