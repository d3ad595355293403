#include <rpm/rpmver.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "package/evr.h"

AUTO_DEFINE(rpmver, rpmverFree);

int
evr_cmp(const char *a, const char *b, int *bad)
{
	AUTO(rpmverFree) rpmver va = rpmverParse(a);
	AUTO(rpmverFree) rpmver vb = rpmverParse(b);

	*bad = va && vb ? 0 : -2;
	return va && vb ? rpmverCmp(va, vb) : 0;
}

char *
evr_join(const char *epoch, const char *version, const char *release)
{
	if (epoch && *epoch && strcmp(epoch, "0") != 0)
		return xasprintf("%s:%s-%s", epoch, version, release);
	return xasprintf("%s-%s", version, release);
}
