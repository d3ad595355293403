#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "builder/cgroup.h"
#include "builder/memory.h"

uint64_t
memory_total(const char *meminfo)
{
	AUTO(strs_fini) struct strs lines = {0};

	strs_split(&lines, meminfo, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		AUTO(strs_fini) struct strs words = {0};
		int64_t kib;

		strs_split(&words, lines.p[i], " \t");
		if (words.n != 3 || strcmp(words.p[0], "MemTotal:") != 0 || strcmp(words.p[2], "kB") != 0)
			continue;
		kib = text_number(words.p[1], INT64_MAX / 1024);
		return kib > 0 ? (uint64_t)kib * 1024 : 0;
	}
	return 0;
}

uint64_t
memory_without_reserve(uint64_t total, uint64_t bound)
{
	static const uint64_t reserve_max = 2ull << 30;
	uint64_t have = bound && bound < total ? bound : total, reserve = have / 8;

	return have - (reserve < reserve_max ? reserve : reserve_max);
}

uint64_t
memory_for_jobs(void)
{
	enum { MEMINFO_MAX = 1 << 16 };
	AUTO(str_fini) struct str text = {0};
	struct err ignored;

	if (file_read(AT_FDCWD, "/proc/meminfo", MEMINFO_MAX, &text, &ignored) != 0)
		return 0;
	return memory_without_reserve(memory_total(str_c(&text)), cgroups_memory());
}
