/* What unit tests share: cmocka and its includes, errors as failures, folders that remove themselves, data files. */
#ifndef ARTEL_TESTS_UNIT_H
#define ARTEL_TESTS_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

/* The call gives 0; otherwise its message is the test's. It uses the caller's `err`. */
#define OK(call) do {							\
	if ((call) != 0)						\
		fail_msg("%s: %s", #call, err.msg);			\
} while (0)

/* The call gives -1 with a code and a message that holds `part`. */
#define FAILS(call, part) do {						\
	err = (struct err){0};						\
	assert_int_equal(call, -1);					\
	assert_int_not_equal(err.code, 0);				\
	unit_has(err.msg, part);					\
} while (0)

static inline void
unit_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static inline void
unit_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in \"%s\"", part, text);
}

/* A folder of the test's own, gone with all in it at the end of the scope. */
struct folder {
	char path[32];
	int fd;
};

static inline struct folder
folder_make(void)
{
	struct folder f = {.path = "/tmp/artel-test.XXXXXX"};

	assert_non_null(mkdtemp(f.path));
	f.fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f.fd >= 0);
	return f;
}

static inline void
folder_fini(struct folder *f)
{
	struct err err;

	close(f->fd);
	file_remove_tree(AT_FDCWD, f->path, &err);
}
AUTO_DEFINE_EMBEDDED(struct folder, folder_fini);

static inline void
folder_put(const struct folder *f, const char *path, const char *text)
{
	struct err err = {0};

	OK(file_replace(f->fd, path, text, strlen(text), 0644, &err));
}

/* A file's content, malloc'ed. */
static inline char *
folder_get(const struct folder *f, const char *path)
{
	struct str text = {0};
	struct err err = {0};

	OK(file_read(f->fd, path, 64 << 20, &text, &err));
	return str_steal(&text);
}

/* A file of tests/data, malloc'ed. */
static inline char *
unit_data(const char *name)
{
	const char *data = getenv("TEST_DATA");
	AUTO(free) char *path = xasprintf("%s/%s", data ? data : "tests/data", name);
	struct str text = {0};
	struct err err = {0};

	OK(file_read(AT_FDCWD, path, 64 << 20, &text, &err));
	return str_steal(&text);
}

/* How many file descriptors this process has open: a test that ends with more has leaked one. */
static inline int
unit_open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

#endif
