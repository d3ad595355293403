/*
 * Symbols of real files: libc and libstdc++ twenty times, and all ELF files of /usr/bin once, read and
 * extracted; the same files by one `readelf --dyn-syms` in the same run. Prints `name value unit` lines.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "package/elf.h"

enum { TIMES = 20, SIZE_MAX_READ = 1 << 30 };

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
extract(const char *path, size_t *bytes, size_t *symbols, struct err *err)
{
	AUTO(elf_facts_fini) struct elf_facts e = {0};
	AUTO(str_fini) struct str raw = {0};
	const char *why;

	if (file_read(AT_FDCWD, path, SIZE_MAX_READ, &raw, err) != 0)
		return -1;
	if (elf_facts_read(str_c(&raw), raw.n, &e, &why) == ELF_BROKEN)
		return err_set(err, 1, "%s: %s", path, why);
	*bytes += raw.n;
	*symbols += e.defines.n + e.uses.n;
	return 0;
}

/* One readelf for all of them: its start is not what is measured. */
static int
readelf(const struct strs *files, struct err *err)
{
	AUTO(strs_fini) struct strs argv = {0};
	struct ended ended;
	pid_t pid;

	strs_split(&argv, "readelf --dyn-syms --wide", " ");
	for (size_t i = 0; i < files->n; i++)
		strs_add(&argv, files->p[i]);
	strs_take(&argv, NULL);
	pid = spawn_start(&(struct spawn){.argv = (const char *const *)argv.p}, err);
	return pid < 0 ? -1 : spawn_wait(pid, 0, &ended, err);
}

static int
measure(const char *name, const struct strs *files, struct err *err)
{
	size_t bytes = 0, symbols = 0;
	double t, ours, theirs;

	/* Once, so that all of it is in memory. */
	for (size_t i = 0; i < files->n; i++)
		if (extract(files->p[i], &bytes, &symbols, err) < 0)
			return -1;
	bytes = symbols = 0;
	t = now();
	for (size_t i = 0; i < files->n; i++)
		if (extract(files->p[i], &bytes, &symbols, err) < 0)
			return -1;
	ours = now() - t;
	t = now();
	if (readelf(files, err) < 0)
		return -1;
	theirs = now() - t;
	printf("elf-%s-files %zu files\nelf-%s-bytes %.1f MB\nelf-%s-symbols %zu symbols\n", name, files->n, name,
	    (double)bytes / 1e6, name, symbols);
	printf("elf-%s-time %.1f ms\nelf-%s-rate %.0f MB/s\nelf-%s-symbol-rate %.0f symbols/s\n", name, ours, name,
	    (double)bytes / 1e3 / ours, name, (double)symbols * 1e3 / ours);
	printf("elf-%s-readelf-time %.1f ms\nelf-%s-readelf-ratio %.1f times\n", name, theirs, name, theirs / ours);
	return 0;
}

static int
measure_library(const char *name, const char *path, struct err *err)
{
	AUTO(strs_fini) struct strs files = {0};

	for (int i = 0; i < TIMES; i++)
		strs_add(&files, path);
	return measure(name, &files, err);
}

static bool
is_elf(int dir, const char *name)
{
	AUTO(close) int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char magic[4];

	return fd >= 0 && read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0;
}

static int
measure_programs(const char *folder, struct err *err)
{
	AUTO(strs_fini) struct strs files = {0};
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (is_elf(dirfd(d), e->d_name))
			strs_take(&files, xasprintf("%s/%s", folder, e->d_name));
	if (d)
		closedir(d);
	return measure("programs", &files, err);
}

int
main(void)
{
	struct err err = {0};

	if (measure_library("libc", LIBRARIES "libc.so.6", &err) < 0 ||
	    measure_library("libstdcxx", LIBRARIES "libstdc++.so.6", &err) < 0 || measure_programs("/usr/bin", &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return 0;
}
