/* Without an engine: every file of the folders named, once. No file at all is a failure. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 16 << 20 };

/* From memory of exactly its size, so that a sanitizer sees a read beyond it. */
static int
replay(int dir, const char *name)
{
	AUTO(str_fini) struct str raw = {0};
	AUTO(free) void *exact = NULL;
	struct err err = {0};

	if (file_read(dir, name, INPUT_MAX, &raw, &err) != 0) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		return -1;
	}
	exact = xcalloc(1, raw.n);
	if (raw.n)
		memcpy(exact, raw.p, raw.n);
	return LLVMFuzzerTestOneInput(exact, raw.n);
}

static int
replay_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0, bad = 0;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			bad |= replay(dirfd(d), e->d_name);
			n++;
		}
	if (d)
		closedir(d);
	printf("%s: %d files\n", path, n);
	return bad || n == 0;
}

int
main(int argc, char **argv)
{
	int r = argc < 2;

	while (*++argv)
		r |= replay_folder(*argv);
	return r;
}
