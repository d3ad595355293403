#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/vec.h"
#include "bench/data.h"
#include "repo/import.h"

void
must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, err->msg);
	exit(1);
}

void
data_repository(const char *dir, struct repo *out)
{
	AUTO(free) char *path = xasprintf("%s/debian", dir);
	const char *dirs[] = {path};
	struct err err;

	must(import_metadata(dirs, 1, true, out, &err), &err);
	repo_count_all(out);
}

int
data_save(const char *dir, const struct repo *r)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct err err;

	must(fd < 0 ? err_sys(&err, "a file in %s", dir) : 0, &err);
	must(file_write_fd(fd, r->base.memory, r->base.size, &err), &err);
	must(file_sync(fd, "the index", &err), &err);
	return fd;
}

void
data_open(int fd, struct repo *out)
{
	struct index x;
	struct err err;

	must(index_map(&x, fd, &err), &err);
	repo_open(out, &x);
}

void
changes_fini(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		change_fini(&c->p[i]);
	vec_fini(c);
}

static int
visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

void
data_folders(const char *dir, const char *batch, struct strs *out)
{
	AUTO(free) char *path = xasprintf("%s/%s/updates", dir, batch);
	struct dirent **list = NULL;
	int n = scandir(path, &list, visible, alphasort);
	struct err err;

	must(n < 0 ? err_sys(&err, "%s", path) : 0, &err);
	for (int i = 0; i < n; i++) {
		strs_take(out, xasprintf("%s/%s", path, list[i]->d_name));
		free(list[i]);
	}
	free(list);
}

void
data_changes(const char *dir, const char *batch, struct changes *out)
{
	AUTO(strs_fini) struct strs folders = {0};
	struct err err;

	data_folders(dir, batch, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		struct change c = {.task = (int64_t)i + 1};

		must(import_change(folders.p[i], &c, &err), &err);
		vec_push(out, c);
	}
}
