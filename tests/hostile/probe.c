/*
 * What a build or a scriptlet might try in order to get out of where it is: each attempt that succeeds is a line
 * "ESCAPED how" on stdout. In the end it says how many were refused. The farm is outside:
 *
 *   probe FARM PORT NAME     a folder of the host; a TCP port and an abstract Unix socket on which it listens
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static const char *farm, *name;
static int port, refused;

static void
tell(const char *how, int escaped)
{
	if (escaped)
		printf("ESCAPED %s\n", how);
	else
		refused++;
	fflush(stdout);
}

static int
can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK, 0666);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
try_open(const char *what, const char *format, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), format, farm);
	tell(what, can_open(path, flags));
}

static void
files(void)
{
	static const struct {
		const char *path;
		int flags;
	} others[] = {
		{"%s", O_RDONLY}, {"%s/farm.db", O_RDONLY}, {"%s/keys/open", O_RDONLY}, {"%s/open/canary", O_RDWR}, {"%s/open/new", O_CREAT | O_RDWR},
		{"%s/builder", O_RDONLY}, {"/proc/1/root%s", O_RDONLY}, {"/proc/self/cwd/../../../../../../../../..%s", O_RDONLY},
		{"/../../../../../../../..%s", O_RDONLY}, {"/mnt/artefact%.0s", O_RDONLY}, {"/mnt/job%.0s", O_RDONLY}, {"/mnt/roots%.0s", O_RDONLY},
		{"/mnt/mnt%.0s", O_RDONLY}, {"/dev/mem%.0s", O_RDONLY}, {"/dev/kmsg%.0s", O_RDONLY}, {"/dev/vda%.0s", O_RDONLY}, {"/dev/sda%.0s", O_RDONLY},
		{"/dev/fuse%.0s", O_RDWR}, {"/dev/kvm%.0s", O_RDWR}, {"/dev/loop-control%.0s", O_RDWR}, {"/dev/tty1%.0s", O_RDWR},
		{"/proc/sysrq-trigger%.0s", O_WRONLY}, {"/proc/sys/kernel/hostname%.0s", O_WRONLY}, {"/proc/sys/vm/drop_caches%.0s", O_WRONLY},
		{"/proc/sys/kernel/core_pattern%.0s", O_WRONLY}, {"/proc/kcore%.0s", O_RDONLY}, {"/proc/kmsg%.0s", O_RDONLY},
		{"/sys/fs/cgroup/memory/cgroup.procs%.0s", O_WRONLY}, {"/sys/fs/cgroup/cgroup.procs%.0s", O_WRONLY}, {"/sys/kernel/uevent_helper%.0s", O_WRONLY},
		{"/run/dbus/system_bus_socket%.0s", O_RDONLY},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		try_open(others[i].path, others[i].path, others[i].flags);
}

static void
mounts(void)
{
	char handle[128] = {0};

	mkdir("/tmp/probe-root", 0755);
	tell("mount", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	tell("bind", mount("/", "/tmp/probe-root", NULL, MS_BIND | MS_REC, NULL) == 0);
	tell("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0);
	tell("umount", umount2("/proc", MNT_DETACH) == 0 || umount2("/dev", MNT_DETACH) == 0);
	tell("pivot_root", syscall(SYS_pivot_root, ".", ".") == 0);
	tell("fsopen", syscall(SYS_fsopen, "tmpfs", 0) >= 0);
	tell("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1 | O_CLOEXEC) >= 0);
	tell("chroot", chroot("/tmp/probe-root") == 0);
	tell("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY) >= 0 || errno != EPERM);
	tell("mknod of a disk", mknod("/tmp/probe-disk", S_IFBLK | 0666, makedev(8, 0)) == 0);
	tell("mknod of /dev/mem", mknod("/tmp/probe-mem", S_IFCHR | 0666, makedev(1, 1)) == 0 && can_open("/tmp/probe-mem", O_RDONLY));
	rmdir("/tmp/probe-root");
}

static void
namespaces(void)
{
	static const int flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		long pid;

		tell("unshare", unshare(flags[i]) == 0);
		pid = syscall(SYS_clone, flags[i] | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			_exit(0);
		tell("clone into a namespace", pid > 0);
	}
	tell("clone3", syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS);
	tell("setns", setns(open("/proc/1/ns/mnt", O_RDONLY), 0) == 0);
}

static void
kernel(void)
{
	char attr[128] = {0}, c = '#';

	tell("bpf", syscall(SYS_bpf, 0, attr, sizeof(attr)) >= 0 || errno != EPERM);
	tell("io_uring", syscall(SYS_io_uring_setup, 1, attr) >= 0 || errno != ENOSYS);
	tell("perf", syscall(SYS_perf_event_open, attr, 0, -1, -1, 0) >= 0 || errno != EPERM);
	tell("keyctl", syscall(SYS_keyctl, 0, -3, 0) >= 0);
	tell("userfaultfd", syscall(SYS_userfaultfd, 0) >= 0);
	tell("module", syscall(SYS_init_module, attr, 0, "") == 0 || errno != EPERM);
	tell("kexec", syscall(SYS_kexec_load, 0, 0, NULL, 0) == 0 || errno != EPERM);
	tell("host name", sethostname("evil", 4) == 0);
	tell("clock", syscall(SYS_clock_settime, 0, attr) == 0);
	tell("reboot", syscall(SYS_reboot, 0, 0, 0, NULL) == 0 || errno != EPERM);
	for (int fd = 0; fd < 3; fd++)
		tell("TIOCSTI", ioctl(fd, TIOCSTI, &c) == 0);
	tell("a higher limit", prlimit(0, RLIMIT_CORE, &(struct rlimit){1 << 20, 1 << 20}, NULL) == 0);
}

static void
network(void)
{
	static const struct {
		const char *what;
		int family, type, protocol;
	} sockets[] = {
		{"a raw socket", AF_INET, SOCK_RAW, IPPROTO_ICMP}, {"a raw socket of IPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6},
		{"a packet socket", AF_PACKET, SOCK_RAW, 0}, {"AF_ALG", AF_ALG, SOCK_SEQPACKET, 0}, {"AF_VSOCK", AF_VSOCK, SOCK_STREAM, 0},
		{"AF_KEY", 15, SOCK_RAW, 2}, {"AF_CAN", AF_CAN, SOCK_RAW, 1},
	};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char line[512];
	FILE *f;
	int n = 0;

	for (size_t i = 0; i < sizeof(sockets) / sizeof(*sockets); i++)
		tell(sockets[i].what, socket(sockets[i].family, sockets[i].type, sockets[i].protocol) >= 0);
	tell("the host's loopback", connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&in, sizeof(in)) == 0);
	strncpy(un.sun_path + 1, name, sizeof(un.sun_path) - 2);
	tell("an abstract socket of the host", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) == 0);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/run/wire", farm);
	tell("the scheduler's socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un)) == 0);
	/* One line is the heading; a route means there is somewhere to go. */
	if ((f = fopen("/proc/net/route", "r"))) {
		while (fgets(line, sizeof(line), f))
			n++;
		fclose(f);
	}
	tell("a route", n > 1);
}

/* Processes that are not of this namespace would show what they were started with. */
static void
processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[512], line[4096];
	int others = 0;

	while (d && (e = readdir(d))) {
		int fd;
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		if (e->d_name[0] < '0' || e->d_name[0] > '9' || (fd = open(path, O_RDONLY)) < 0)
			continue;
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
		for (ssize_t i = 0; i < n; i++)
			line[i] = line[i] ? line[i] : ' ';
		line[n > 0 ? n : 0] = '\0';
		others += strstr(line, "artel-scheduler") || strstr(line, "artel-builder") || strstr(line, "4321.5");
	}
	if (d)
		closedir(d);
	tell("processes of others", others > 0);
	tell("killing pid 1", kill(1, SIGKILL) == 0 && kill(1, 0) != 0);
}

/* A socket that was left open leads out; so does a folder if the way up from it ends elsewhere. */
static int
leads_out(int fd)
{
	struct stat st, root, up;

	if (fstat(fd, &st) < 0 || S_ISSOCK(st.st_mode) || S_ISBLK(st.st_mode))
		return errno != EBADF;
	if (!S_ISDIR(st.st_mode) || stat("/", &root) < 0)
		return 0;
	fd = dup(fd);
	for (int i = 0; i < 1000; i++) {
		int above = openat(fd, "..", O_PATH | O_DIRECTORY);

		if (above < 0 || fstat(above, &up) < 0)
			break;
		close(fd);
		fd = above;
	}
	fstat(fd, &up);
	close(fd);
	return up.st_dev != root.st_dev || up.st_ino != root.st_ino;
}

static void
descriptors(void)
{
	struct stat st;

	for (int fd = 3; fd < 1024; fd++) {
		errno = 0;
		if (fstat(fd, &st) == 0)
			tell("an open folder or socket", leads_out(fd));
	}
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	farm = argv[1];
	port = atoi(argv[2]);
	name = argv[3];
	descriptors();
	files();
	mounts();
	namespaces();
	kernel();
	network();
	processes();
	printf("probes: %d refused\n", refused);
	return 0;
}
