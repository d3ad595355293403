/*
 * RPM files: the header is librpm's work, what is made of it is ours. Facts that could be read are packed and read
 * again, have an identity, and can be looked at by every check.
 */
#include <assert.h>
#include <rpm/rpmlog.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "package/differ.h"
#include "package/facts.h"
#include "package/header.h"
#include "package/identity.h"
#include "package/sanity.h"
#include "tests/fuzz/fuzz.h"

static void
line(void *arg, const char *key, const char *value, bool counts)
{
	assert(*key && !strchr(value, '\n'));
	++*(size_t *)arg;
}

/* Whatever header librpm lets pass, also one without a payload. */
static void
header(const char *path)
{
	AUTO(Fclose) FD_t fd = NULL;
	AUTO(headerFree) Header h = NULL;
	AUTO(differences_fini) struct differences d = {0};
	struct err err = {0};
	size_t counted = 0, all = 0;

	if (header_read(path, &fd, &h, &err) < 0)
		return;
	identity_lines(h, false, line, &counted);
	identity_lines(h, true, line, &all);
	assert(counted <= all);
	assert(rpm_differ(path, path, &d, &err) == 0 && d.n == 0);
	assert(strcmp(d.identity[0].hex, identity_of(h).hex) == 0);
}

static void
facts(const char *path)
{
	AUTO(facts_fini) struct facts f = {0};
	AUTO(facts_fini) struct facts again = {0};
	AUTO(sanity_list_fini) struct sanity_list l = {0};
	AUTO(str_fini) struct str packed = {0};
	struct sanity_policy p;
	struct err err = {0};

	if (facts_from_rpm(path, "fuzz.rpm", &f, &err) < 0)
		return;
	facts_pack(&packed, &f);
	assert(facts_unpack(packed.p, packed.n, &again, &err) == 0 && strcmp(again.identity, f.identity) == 0);
	assert(sanity_parse("all=warning", &p, &err) == 0 && sanity_rpm(path, &f, &p, 0, &l, &err) == 0);
	for (size_t i = 0; i < l.n; i++)
		assert(*l.p[i].what);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(close) int fd = memfd_create("rpm", MFD_CLOEXEC);
	AUTO(free) char *path = xasprintf("/proc/self/fd/%d", fd);

	rpmlogSetMask(RPMLOG_UPTO(RPMLOG_EMERG));
	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	header(path);
	facts(path);
	return 0;
}
