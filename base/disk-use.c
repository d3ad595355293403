/*
 * A walk keeps a list of folders yet to be read, each as a path below a folder that
 * is open: the start, or where the path became too long for one call. file_open_beneath()
 * refuses links on the way, so a folder that is replaced by one leads nowhere. The
 * list grows with what lies beside the way down, and only long ways need more open
 * folders: neither a deep nor a wide tree exhausts the walker.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/disk-use.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/vec.h"

/* Of a path below an open folder: the kernel takes 4096, with a name of 255 to come. */
enum { PATH_LONG = 3000 };

AUTO_DEFINE(DIR *, closedir);

struct start {
	int fd;
	size_t users;
};

struct todo {
	struct start *start;
	char *path;
};

struct walk {
	VEC(struct todo) todo;
	dev_t device;
	const struct disk_use *max;
	int64_t deadline;
	struct disk_use *out;
};

static void
start_drop(struct start *s)
{
	if (--s->users > 0)
		return;
	close(s->fd);
	free(s);
}

static void
push(struct walk *w, struct start *s, char *path)
{
	s->users++;
	vec_push(&w->todo, ((struct todo){s, path}));
}

static bool
enough(const struct walk *w)
{
	return (w->max->bytes && w->out->bytes > w->max->bytes) || (w->max->files && w->out->files > w->max->files) ||
	    (w->deadline && tick_ms() > w->deadline);
}

static void
count(struct walk *w, const struct stat *st)
{
	w->out->files++;
	w->out->changed = st->st_mtime > w->out->changed ? st->st_mtime : w->out->changed;
	/* A folder's links are its subfolders; the blocks are its own. */
	w->out->bytes += (uint64_t)st->st_blocks * 512 / (S_ISDIR(st->st_mode) || st->st_nlink < 1 ? 1 : st->st_nlink);
}

/* One folder: count what is in it, and put its folders on the list. What has gone meanwhile does not count. */
static void
read_folder(struct walk *w, struct todo *t)
{
	int fd = file_open_beneath(t->start->fd, t->path, O_RDONLY | O_DIRECTORY);
	AUTO(closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct start *s = t->start;
	const char *above = t->path;
	struct dirent *e;
	struct stat st;

	if (!d)
		return;
	if (strlen(t->path) > PATH_LONG) {
		s = xcalloc(1, sizeof(*s));
		*s = (struct start){.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
		above = ".";
	}
	s->users++;
	while (!enough(w) && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count(w, &st);
		if (S_ISDIR(st.st_mode) && st.st_dev == w->device)
			push(w, s, xasprintf("%s/%s", above, e->d_name));
	}
	start_drop(s);
}

int
disk_measure(int dir, const char *path, const struct disk_use *max, int64_t deadline, struct disk_use *out, struct err *err)
{
	struct walk w = {.max = max, .deadline = deadline, .out = out};
	struct start *s;
	struct stat st;
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	*out = (struct disk_use){0};
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "look at %s", path);
	fstat(fd, &st);
	w.device = st.st_dev;
	s = xcalloc(1, sizeof(*s));
	s->fd = fd;
	push(&w, s, xstrdup("."));
	while (w.todo.n) {
		struct todo t = w.todo.p[--w.todo.n];

		if (!enough(&w))
			read_folder(&w, &t);
		free(t.path);
		start_drop(t.start);
	}
	vec_fini(&w.todo);
	return 0;
}
