/*
 * The child is in a PID namespace of its own, so that a daemon which a scriptlet
 * leaves ends with it; and its old root is gone, not only out of sight: there is
 * no descriptor, mount or process through which it could be reached.
 *
 * The order matters: the root is changed while there is CAP_SYS_ADMIN, which is
 * dropped next; the filter comes last, as it forbids what was done before.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/confine.h"
#include "base/err.h"

AUTO_DEFINE(scmp_filter_ctx, seccomp_release);

/* The child's exit status when it did not come as far as fn; the last descriptor that could be a folder. */
enum { OURS = 2, FOLDERS_MAX = 65536 };

/* The filter. */

static const char *const refused[] = {
	"mount", "umount", "umount2", "pivot_root", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "open_tree_attr", "unshare", "setns", "name_to_handle_at", "open_by_handle_at",
	"add_key", "keyctl", "request_key", "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load",
	"init_module", "finit_module", "delete_module", "create_module", "reboot", "swapon", "swapoff", "acct", "quotactl",
	"quotactl_fd", "syslog", "iopl", "ioperm", "lookup_dcookie", "fanotify_init", "nfsservctl", "vm86", "vm86old",
	"settimeofday", "clock_settime", "clock_settime64", "adjtimex", "clock_adjtime", "clock_adjtime64",
	"sethostname", "setdomainname", "uselib", "_sysctl", "ustat", "sysfs", "move_pages", "migrate_pages", "mbind",
	"set_mempolicy", "chroot",
};
/* A program that is told that there is no such call uses another. */
static const char *const absent[] = {"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static int
refuse(scmp_filter_ctx f, const char *const *names, size_t n, uint32_t action)
{
	for (size_t i = 0; i < n; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);

		/* One that this libseccomp does not know is one that it could not refuse. */
		if (call != __NR_SCMP_ERROR && seccomp_rule_add(f, action, call, 0) < 0)
			return -1;
	}
	return 0;
}

/* Other families of sockets than `families`: all between and around them. */
static int
refuse_families(scmp_filter_ctx f)
{
	static const scmp_datum_t raw[] = {AF_INET, AF_INET6};
	uint32_t no = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int last = 0;

	for (int family = 0; family <= AF_MAX; family++) {
		bool wanted = false;

		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			wanted |= families[i] == family;
		last = family;
		if (!wanted && seccomp_rule_add(f, no, SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)family)) < 0)
			return -1;
	}
	if (seccomp_rule_add(f, no, SCMP_SYS(socket), 1, SCMP_A0_32(SCMP_CMP_GT, (scmp_datum_t)last)) < 0)
		return -1;
	/* Packets of one's own making; netlink is raw by nature. */
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
		if (seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, raw[i]),
		    SCMP_A1_32(SCMP_CMP_MASKED_EQ, 0xff, SOCK_RAW)) < 0)
			return -1;
	return 0;
}

static int
fill(scmp_filter_ctx f)
{
	static const uint64_t namespaces[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
	    CLONE_NEWUTS, CLONE_NEWCGROUP};
	uint32_t no = SCMP_ACT_ERRNO(EPERM);

	if (refuse(f, refused, ARRAY_SIZE(refused), no) < 0 ||
	    refuse(f, absent, ARRAY_SIZE(absent), SCMP_ACT_ERRNO(ENOSYS)) < 0 || refuse_families(f) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (seccomp_rule_add(f, no, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i])) < 0)
			return -1;
	/* Typing into whoever's terminal this is. */
	if (seccomp_rule_add(f, no, SCMP_SYS(ioctl), 1, SCMP_A1_32(SCMP_CMP_EQ, TIOCSTI)) < 0 ||
	    seccomp_rule_add(f, no, SCMP_SYS(ioctl), 1, SCMP_A1_32(SCMP_CMP_EQ, TIOCLINUX)) < 0)
		return -1;
	return 0;
}

static int
make_filter(scmp_filter_ctx *out, struct err *err)
{
	AUTO(seccomp_release) scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	uint32_t native = seccomp_arch_native();

	if (!f)
		return err_set(err, ENOSYS, "seccomp: no filter");
	/* The other ways into this kernel, which have numbers of their own. */
	if (native == SCMP_ARCH_X86_64 && (seccomp_arch_add(f, SCMP_ARCH_X86) < 0 || seccomp_arch_add(f, SCMP_ARCH_X32) < 0))
		return err_set(err, ENOSYS, "seccomp: architectures");
	if (native == SCMP_ARCH_AARCH64 && seccomp_arch_add(f, SCMP_ARCH_ARM) < 0)
		return err_set(err, ENOSYS, "seccomp: architectures");
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (fill(f) < 0)
		return err_set(err, EINVAL, "seccomp: a rule was refused");
	*out = STEAL(f);
	return 0;
}

int
confine_filter(struct err *err)
{
	AUTO(seccomp_release) scmp_filter_ctx f = NULL;
	AUTO(close) int fd = memfd_create("seccomp", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "memfd");
	if (make_filter(&f, err) < 0)
		return -1;
	if (seccomp_export_bpf(f, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, EIO, "seccomp: export");
	return STEAL_FD(fd);
}

/* The child. */

/* For files of any owner, and scriptlets that become another user. */
static const int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID,
    CAP_SETUID, CAP_SETFCAP};

static int
drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t keep = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		keep |= 1ull << kept[i];
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			return err_sys(err, "drop a capability");
	data[0].effective = data[0].permitted = (uint32_t)keep;
	data[1].effective = data[1].permitted = (uint32_t)(keep >> 32);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || syscall(SYS_capset, &head, data) < 0)
		return err_sys(err, "drop capabilities");
	return 0;
}

static int
bind_device(const char *root, const char *name, struct err *err)
{
	AUTO(free) char *from = xasprintf("/dev/%s", name);
	AUTO(free) char *to = xasprintf("%s/dev/%s", root, name);
	int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_sys(err, "create %s", to);
	close(fd);
	return mount(from, to, NULL, MS_BIND, NULL) < 0 ? err_sys(err, "bind %s", from) : 0;
}

static int
make_dev(const char *root, struct err *err)
{
	static const char *const names[] = {"null", "zero", "full", "random", "urandom", "tty"};
	AUTO(free) char *dev = xasprintf("%s/dev", root);
	struct stat st;

	if (mkdir(dev, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "mkdir %s", dev);
	if (lstat(dev, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "/dev of the root is not a folder");
	if (mount("dev", dev, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=1m,nr_inodes=1k") < 0)
		return err_sys(err, "mount %s", dev);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bind_device(root, names[i], err) < 0)
			return -1;
	return 0;
}

static int
change_root(const char *root, struct err *err)
{
	if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(err, "bind %s", root);
	if (make_dev(root, err) < 0)
		return -1;
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, "change the root to %s", root);
	return 0;
}

static int
confine(const char *root, struct err *err)
{
	AUTO(seccomp_release) scmp_filter_ctx f = NULL;

	if (make_filter(&f, err) < 0 || change_root(root, err) < 0 || drop_capabilities(err) < 0)
		return -1;
	/* Without no_new_privs, which would hide capabilities of files: CAP_SYS_ADMIN would be needed, and is gone. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_load(f) < 0)
		return err_set(err, EPERM, "seccomp: cannot be loaded");
	return 0;
}

struct call {
	const char *root;
	sandbox_fn *before, *fn;
	void *arg;
};

/* A folder that someone left open would still lead to the old root: it is no less there for being out of sight. */
static void
close_folders(void)
{
	struct stat st;

	for (int fd = STDERR_FILENO + 1, max = (int)sysconf(_SC_OPEN_MAX); fd < max && fd < FOLDERS_MAX; fd++)
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			close(fd);
}

static void __attribute__((noreturn))
end(int report, const struct err *err, int status)
{
	(void)!write(report, err->msg, strlen(err->msg));
	_exit(status);
}

static void __attribute__((noreturn))
child(const struct call *c, int report)
{
	struct err err = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_folders();
	if (c->before(c->arg, &err) < 0 || confine(c->root, &err) < 0)
		end(report, &err, OURS);
	if (c->fn(c->arg, &err) < 0)
		end(report, &err, 1);
	_exit(0);
}

/* The process that has the namespaces is not yet in the PID namespace: its child is. */
static void __attribute__((noreturn))
middle(const struct call *c, int report)
{
	struct err err = {0};
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC) < 0 || (pid = fork()) < 0) {
		err_sys(&err, "make namespaces");
		end(report, &err, OURS);
	}
	if (pid == 0)
		child(c, report);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int
confine_call(const char *root, sandbox_fn *before, sandbox_fn *fn, void *arg, struct err *err)
{
	const struct call c = {root, before, fn, arg};
	char msg[sizeof(err->msg)];
	int report[2], status = 0;
	ssize_t got, n = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_set(err, CONFINE_OURS, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(report[0]);
		middle(&c, report[1]);
	}
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return err_set(err, CONFINE_OURS, "fork: %s", strerror(errno));
	}
	while (n < (ssize_t)sizeof(msg) - 1 &&
	    ((got = read(report[0], msg + n, sizeof(msg) - 1 - (size_t)n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? got : 0;
	msg[n] = '\0';
	close(report[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, CONFINE_OURS, "wait: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, WIFEXITED(status) && WEXITSTATUS(status) == OURS ? CONFINE_OURS : ECHILD, "%s", n ? msg : "killed");
}
