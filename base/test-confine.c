/* What a confined process can still do; as root, because the sandbox around it maps ids. */
#include "tests/unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/confine.h"
#include "base/sandbox.h"

/* A sandbox whose folder has a root, and beside it what the root must not reach. */
struct place {
	struct folder f;
	struct sandbox box;
};

static void
place_init(struct place *p)
{
	struct err err = {0};

	*p = (struct place){.f = folder_make()};
	if (geteuid() != 0)
		fail_msg("run as root: the sandbox maps ids");
	p->box.dir = p->f.path;
	OK(sandbox_ids_find(&p->box.ids, 0, &err));
	assert_int_equal(mkdirat(p->f.fd, "root", 0755), 0);
	OK(file_replace(p->f.fd, "beside", "x", 1, 0644, &err));
	assert_int_equal(chown(p->f.path, p->box.ids.first, p->box.ids.first), 0);
	assert_int_equal(fchownat(p->f.fd, "root", p->box.ids.first, p->box.ids.first, 0), 0);
}

static void
place_fini(struct place *p)
{
	folder_fini(&p->f);
}
AUTO_DEFINE_EMBEDDED(struct place, place_fini);

struct steps {
	sandbox_fn *before, *fn;
	int fd;
};

static int
nothing(void *arg, struct err *err)
{
	return 0;
}

static int
confined(void *arg, struct err *err)
{
	struct steps *s = arg;

	return confine_call(SANDBOX_DIR "/root", s->before, s->fn, s, err);
}

static int
call(struct place *p, sandbox_fn *before, sandbox_fn *fn, struct err *err)
{
	struct steps s = {before, fn, -1};

	return sandbox_call(&p->box, confined, &s, err);
}

/* A call of the kernel that must be refused. */
#define REFUSED(call, code)						\
	if ((call) >= 0 || errno != (code))				\
		return err_sys(err, "not refused as it should be: %s", #call)

static int
try_everything(void *arg, struct err *err)
{
	struct stat st;

	if (getpid() != 1)
		return err_set(err, EINVAL, "pid %d", (int)getpid());
	REFUSED(stat(SANDBOX_DIR "/beside", &st), ENOENT);
	REFUSED(stat("/../beside", &st), ENOENT);
	REFUSED(stat("/usr", &st), ENOENT);
	REFUSED(stat("/proc/1", &st), ENOENT);
	REFUSED(mount("x", "/", "tmpfs", 0, NULL), EPERM);
	REFUSED(umount2("/dev", MNT_DETACH), EPERM);
	REFUSED(chroot("/"), EPERM);
	REFUSED(unshare(CLONE_NEWUSER), EPERM);
	REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
	REFUSED(syscall(SYS_clone3, NULL, 0), ENOSYS);
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
	REFUSED(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM);
	REFUSED(syscall(SYS_open_by_handle_at, -1, NULL, 0), EPERM);
	REFUSED(mknod("/device", S_IFBLK | 0600, 0x800), EPERM);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT);
	REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT);
	REFUSED(socket(1000, SOCK_STREAM, 0), EAFNOSUPPORT);
	REFUSED(socket(AF_INET, SOCK_RAW, 1), EPERM);
	REFUSED(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) - 1, errno);
	return 0;
}

static void
test_refused(void **state)
{
	AUTO(place_fini) struct place p = {0};
	struct err err = {0};

	place_init(&p);
	OK(call(&p, nothing, try_everything, &err));
}

/* What installing needs. */
static int
work(void *arg, struct err *err)
{
	AUTO(close) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	AUTO(close) int fd = open("/made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	AUTO(close) int tcp = socket(AF_INET, SOCK_STREAM, 0);
	AUTO(close) int routes = socket(AF_NETLINK, SOCK_RAW, 0);

	if (null < 0 || write(null, "x", 1) != 1 || fd < 0 || tcp < 0 || routes < 0)
		return err_sys(err, "open");
	if (fchown(fd, 12, 34) < 0 || fchmod(fd, 04755) < 0)
		return err_sys(err, "chown");
	return setgid(34) < 0 || setuid(12) < 0 || open("/made", O_WRONLY | O_CLOEXEC) < 0 ? err_sys(err, "become a user") : 0;
}

static void
test_work(void **state)
{
	AUTO(place_fini) struct place p = {0};
	struct err err = {0};
	struct stat st;

	place_init(&p);
	OK(call(&p, nothing, work, &err));
	assert_int_equal(fstatat(p.f.fd, "root/made", &st, 0), 0);
	assert_int_equal(st.st_uid, p.box.ids.first + 12);
	assert_int_equal(st.st_gid, p.box.ids.first + 34);
	assert_int_equal(st.st_mode & 07777, 04755);
	assert_int_equal(fstatat(p.f.fd, "root/dev/null", &st, 0), -1);
}

static int
open_beside(void *arg, struct err *err)
{
	struct steps *s = arg;

	s->fd = open(SANDBOX_DIR "/beside", O_RDONLY | O_CLOEXEC);
	return s->fd < 0 ? err_sys(err, "beside") : 0;
}

static int
read_beside(void *arg, struct err *err)
{
	const struct steps *s = arg;
	char c;

	return read(s->fd, &c, 1) == 1 && c == 'x' ? 0 : err_sys(err, "read");
}

/* A folder of the old root, open in whoever calls. */
static int
leave_open(void *arg, struct err *err)
{
	struct steps *s = arg;

	s->fd = open(SANDBOX_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0)
		return err_sys(err, "open");
	return confine_call(SANDBOX_DIR "/root", s->before, s->fn, s, err);
}

static int
look_outside(void *arg, struct err *err)
{
	const struct steps *s = arg;
	struct stat st;

	return fstatat(s->fd, "beside", &st, 0) < 0 && errno == EBADF ? 0 : err_set(err, EINVAL, "the old root is reached");
}

static int
complain(void *arg, struct err *err)
{
	return err_set(err, EINVAL, "it went wrong");
}

static int
die(void *arg, struct err *err)
{
	raise(SIGKILL);
	return 0;
}

static void
test_ways(void **state)
{
	AUTO(place_fini) struct place p = {0};
	struct steps open_folder = {nothing, look_outside, -1};
	struct err err = {0};

	place_init(&p);
	OK(call(&p, open_beside, read_beside, &err));
	OK(sandbox_call(&p.box, leave_open, &open_folder, &err));
	FAILS(call(&p, nothing, complain, &err), "it went wrong");
	FAILS(call(&p, complain, nothing, &err), "it went wrong");
	/* The first process of a namespace ignores its own signals: it goes on. */
	OK(call(&p, nothing, die, &err));
}

static int
leave_daemon(void *arg, struct err *err)
{
	if (fork() == 0) {
		setsid();
		sleep(60);
		_exit(0);
	}
	return 0;
}

/* The sandbox's output ends when all that ran in it has. */
static void
test_daemon(void **state)
{
	AUTO(place_fini) struct place p = {0};
	struct err err = {0};
	int fds[2];
	char c;

	place_init(&p);
	assert_int_equal(pipe(fds), 0);
	p.box.log = fds[1];
	OK(call(&p, nothing, leave_daemon, &err));
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
}

/* A root in which /dev is not what it seems. */
static void
test_dev_is_a_link(void **state)
{
	AUTO(place_fini) struct place p = {0};
	struct err err = {0};

	place_init(&p);
	assert_int_equal(symlinkat("..", p.f.fd, "root/dev"), 0);
	FAILS(call(&p, nothing, nothing, &err), "/dev of the root is not a folder");
}

/* Folders that are given read-only, or as another range's, and those that are not given. */

static int
look_at_binds(void *arg, struct err *err)
{
	struct stat st;

	if (stat(SANDBOX_DIR "/shared/file", &st) < 0)
		return err_sys(err, "shared");
	if (st.st_uid != 5)
		return err_set(err, EINVAL, "shared files are of uid %u", st.st_uid);
	if (open(SANDBOX_DIR "/own/made", O_WRONLY | O_CREAT, 0600) < 0)
		return err_sys(err, "own");
	REFUSED(open(SANDBOX_DIR "/shared/made", O_WRONLY | O_CREAT, 0600), EROFS);
	REFUSED(mount(NULL, SANDBOX_DIR "/shared", NULL, MS_REMOUNT | MS_BIND, NULL), EPERM);
	REFUSED(open(SANDBOX_DIR "/secret", O_RDONLY), ENOENT);
	REFUSED(open("/made", O_WRONLY | O_CREAT, 0600), EACCES);
	REFUSED(open("/usr/made", O_WRONLY | O_CREAT, 0600), EROFS);
	REFUSED(open("/root", O_RDONLY), ENOENT);
	REFUSED(open("/etc/shadow", O_RDONLY), ENOENT);
	REFUSED(umount2("/usr", MNT_DETACH), EINVAL);
	return 0;
}

static void
test_binds(void **state)
{
	AUTO(place_fini) struct place p = {0};
	struct sandbox_bind binds[] = {{.path = "own", .write = true}, {.path = "shared"}};
	struct err err = {0};
	unsigned other;

	place_init(&p);
	other = p.box.ids.first + p.box.ids.count;
	assert_int_equal(mkdirat(p.f.fd, "own", 0755) | mkdirat(p.f.fd, "shared", 0755) | mkdirat(p.f.fd, "secret", 0755), 0);
	assert_int_equal(fchownat(p.f.fd, "own", p.box.ids.first, p.box.ids.first, 0), 0);
	OK(file_replace(p.f.fd, "shared/file", "x", 1, 0644, &err));
	assert_int_equal(fchownat(p.f.fd, "shared/file", other + 5, other + 5, 0), 0);
	p.box.binds = binds;
	p.box.n_binds = 2;
	FAILS(sandbox_call(&p.box, look_at_binds, NULL, &err), "shared files are of uid 65534");
	binds[1].idmap = sandbox_idmap(other, &p.box.ids, &err);
	assert_true(binds[1].idmap > 0);
	OK(sandbox_call(&p.box, look_at_binds, NULL, &err));
	close(binds[1].idmap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_daemon),
		cmocka_unit_test(test_dev_is_a_link),
		cmocka_unit_test(test_binds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
