/*
 * RPM files, by the path of a file in memory: as a builder reads those that a build left, and source RPMs. What facts
 * could be found are packed and read again as they were.
 */
#include <assert.h>
#include <glib.h>
#include <rpm/rpmlog.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "package/facts.h"
#include "tests/fuzz/fuzz.h"

static void
binary(const char *path)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(facts_fini) struct facts again = {0};
	AUTO(str_fini) struct str packed = {0};
	AUTO(str_fini) struct str twice = {0};
	struct err err = {0};

	if (facts_from_rpm(path, "a-1-1.noarch.rpm", &f, &err) < 0) {
		assert(err.code != 0 && f.sha256);
		return;
	}
	assert(f.elf_known && *f.name && *f.version && *f.release && *f.arch);
	facts_pack(&packed, &f);
	assert(facts_unpack(packed.p, packed.n, &again, &err) == 0);
	facts_pack(&twice, &again);
	assert(twice.n == packed.n && memcmp(twice.p, packed.p, packed.n) == 0);
}

static void
source(const char *path)
{
	AUTO(srpm_facts_fini) struct srpm_facts f = {0};
	struct err err = {0};

	if (facts_from_srpm(path, &f, &err) < 0)
		assert(err.code != 0);
	else
		assert(f.name && f.evr);
}

/* What the libraries have to say of each input. */
static void
hush(const char *domain, GLogLevelFlags level, const char *text, void *arg)
{
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(close) int fd = memfd_create("rpm", MFD_CLOEXEC);
	AUTO(free) char *path = xasprintf("/proc/self/fd/%d", fd);
	struct err err = {0};

	g_log_set_default_handler(hush, NULL);
	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_EMERG));
	assert(fd >= 0 && file_write_fd(fd, data, size, &err) == 0);
	binary(path);
	source(path);
	return 0;
}
