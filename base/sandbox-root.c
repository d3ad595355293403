/*
 * The root is a small tmpfs. The host's /usr is bound into it read-only, for
 * librpm, bubblewrap and their libraries; of /etc only what those read. So
 * whoever leaves a chroot in the sandbox finds a host without users' files,
 * daemons or configuration, and of the builder only what this job was given.
 *
 * Everything is bound by descriptors of the folder, opened before SANDBOX_DIR is
 * covered: the folder may lie below it, or below a parent that ids of the range
 * may not pass.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/sandbox-root.h"

/* Room for mount points and for what librpm puts into /tmp. */
#define ROOT_OPTIONS "mode=0755,size=64m,nr_inodes=16k"

/* Of the host, where there: programs and libraries; what the dynamic loader and librpm read. */
static const char *const host_read[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives",
    "/etc/ld.so.cache", "/etc/rpm"};
static const char *const host_network[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl"};
static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};

/* A mount point at a path of the new root: a folder, or a file for what is no folder. */
static int
make_point(const char *path, bool folder, struct err *err)
{
	AUTO(free) char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	int fd;

	if (file_mkdirs(AT_FDCWD, folder ? path : parent, err) < 0)
		return -1;
	if (folder)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	close(fd);
	return 0;
}

/* Put a tree that open_tree() gave at a path of the new root. */
static int
attach(int tree, const char *at, struct err *err)
{
	return syscall(SYS_move_mount, tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? err_sys(err, "mount %s", at) : 0;
}

static int
set_attributes(int tree, uint64_t attributes, int userns)
{
	struct mount_attr a = {.attr_set = attributes, .userns_fd = (uint64_t)userns};

	return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof(a));
}

static int
clone_tree(int dir, const char *path)
{
	return (int)syscall(SYS_open_tree, dir, path,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | (*path ? 0 : AT_EMPTY_PATH));
}

/* Something of the host, if it is there: a link as a link, all else bound. */
static int
show_host(const char *path, uint64_t attributes, struct err *err)
{
	AUTO(free) char *at = xasprintf(SANDBOX_DIR "%s", path);
	AUTO(close) int tree = -1;
	char target[256];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "%s", path);
	if (S_ISLNK(st.st_mode) && strncmp(path, "/etc/", 5) != 0) {
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return err_sys(err, "%s", path);
		target[n] = '\0';
		return symlink(target, at) < 0 ? err_sys(err, "link %s", at) : 0;
	}
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "%s", path);
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0 || set_attributes(tree, attributes, 0) < 0)
		return err_sys(err, "bind %s", path);
	if (make_point(at, S_ISDIR(st.st_mode), err) < 0)
		return -1;
	return attach(tree, at, err);
}

/* A folder of the job's, before and after the root is there to put it into. */
static int
take_bind(int dir, const struct sandbox_bind *b, int *tree, struct err *err)
{
	uint64_t attributes = MOUNT_ATTR_NODEV | (b->write ? 0 : MOUNT_ATTR_RDONLY) | (b->idmap ? MOUNT_ATTR_IDMAP : 0);

	*tree = clone_tree(dir, b->path);
	if (*tree < 0 || set_attributes(*tree, attributes, b->idmap) < 0)
		return err_sys(err, "bind %s", *b->path ? b->path : "the folder");
	return 0;
}

static int
put_bind(int tree, const struct sandbox_bind *b, struct err *err)
{
	AUTO(free) char *at = xasprintf(SANDBOX_DIR SANDBOX_DIR "%s%s", *b->path ? "/" : "", b->path);

	return make_point(at, true, err) < 0 ? -1 : attach(tree, at, err);
}

static int
show_all_host(bool network, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_read); i++)
		if (show_host(host_read[i], MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, err) < 0)
			return -1;
	for (size_t i = 0; network && i < ARRAY_SIZE(host_network); i++)
		if (show_host(host_network[i], MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, err) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (show_host(devices[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err) < 0)
			return -1;
	return 0;
}

static int
make_folders(struct err *err)
{
	static const char *const folders[] = {"/proc", "/tmp", "/var/tmp", "/dev", "/home", "/run", SANDBOX_DIR};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		AUTO(free) char *path = xasprintf(SANDBOX_DIR "%s", folders[i]);

		if (file_mkdirs(AT_FDCWD, path, err) < 0)
			return -1;
	}
	if (chmod(SANDBOX_DIR "/tmp", 01777) < 0 || chmod(SANDBOX_DIR "/var/tmp", 01777) < 0)
		return err_sys(err, "make /tmp");
	return symlink("/proc/self/fd", SANDBOX_DIR "/dev/fd") < 0 ? err_sys(err, "make /dev") : 0;
}

int
sandbox_root_make(const struct sandbox *s, struct err *err)
{
	static const struct sandbox_bind whole = {.path = "", .write = true};
	const struct sandbox_bind *binds = s->n_binds ? s->binds : &whole;
	size_t n = s->n_binds ? s->n_binds : 1;
	AUTO(close) int dir = open(s->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int trees[SANDBOX_BINDS];
	size_t got = 0;
	int r = 0;

	assert(n <= SANDBOX_BINDS);
	if (dir < 0)
		return err_sys(err, "bind %s", s->dir);
	while (got < n && (r = take_bind(dir, &binds[got], &trees[got], err)) == 0)
		got++;
	if (r == 0 && mount("artel", SANDBOX_DIR, "tmpfs", MS_NOSUID | MS_NODEV, ROOT_OPTIONS) < 0)
		r = err_sys(err, "mount a root");
	if (r == 0)
		r = make_folders(err);
	if (r == 0)
		r = show_all_host(s->network, err);
	for (size_t i = 0; i < got; i++) {
		if (r == 0)
			r = put_bind(trees[i], &binds[i], err);
		close(trees[i]);
	}
	return r;
}

int
sandbox_root_enter(struct err *err)
{
	/* A /proc of this PID namespace can only be mounted while another one can be seen. */
	if (mount("proc", SANDBOX_DIR "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(err, "mount /proc");
	/* What was mounted before the user namespace cannot be a root to change to; the same bound once more can. */
	if (mount(SANDBOX_DIR, SANDBOX_DIR, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(SANDBOX_DIR) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, "change the root");
	return 0;
}

int
sandbox_idmap_try(const char *dir, int userns, struct err *err)
{
	AUTO(close) int tree = clone_tree(AT_FDCWD, dir);

	if (tree < 0 || set_attributes(tree, MOUNT_ATTR_IDMAP, userns) < 0)
		return err_sys(err, "map the ids of %s", dir);
	return 0;
}
