#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/auto.h"
#include "base/doorbell.h"
#include "base/err.h"

int
doorbell_address(const char *root, const char *name, struct sockaddr_un *out, struct err *err)
{
	int n;

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(out->sun_path, sizeof(out->sun_path), "%s/run/%s", root, name);
	if (n < 0 || (size_t)n >= sizeof(out->sun_path))
		return err_set(err, ENAMETOOLONG, "%s/run/%s: too long for a socket (%zu bytes at most); "
		    "use a shorter --root", root, name, sizeof(out->sun_path) - 1);
	return 0;
}

int
doorbell_open(const char *root, struct err *err)
{
	struct sockaddr_un address;
	AUTO(close) int fd = -1;

	if (doorbell_address(root, "doorbell", &address, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, "bind %s", address.sun_path);
	return STEAL_FD(fd);
}

bool
doorbell_drain(int fd)
{
	bool asked = false;
	ssize_t n;
	char c;

	while ((n = recv(fd, &c, 1, MSG_DONTWAIT)) >= 0)
		asked |= n > 0;
	return asked;
}

static void
ring(const char *root, const char *text, size_t n)
{
	AUTO(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct err ignored;

	if (fd >= 0 && doorbell_address(root, "doorbell", &address, &ignored) == 0)
		(void)!sendto(fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof(address));
}

void
doorbell_ring(const char *root)
{
	ring(root, "", 0);
}

void
doorbell_ask(const char *root)
{
	ring(root, "w", 1);
}

bool
doorbell_heard(const char *root)
{
	AUTO(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct err ignored;

	if (fd < 0 || doorbell_address(root, "doorbell", &address, &ignored) < 0)
		return false;
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || (errno != ECONNREFUSED && errno != ENOENT);
}
