#include <stdlib.h>

#include "base/pack.h"
#include "builder/names.h"

void
names_fini(struct names *n)
{
	free(n->package);
	free(n->evr);
	strs_fini(&n->provides);
	strs_fini(&n->requires);
	strs_fini(&n->exclusive);
	strs_fini(&n->excluded);
}

void
names_pack(struct str *out, const struct names *n)
{
	pack_text(out, n->package);
	pack_text(out, n->evr);
	pack_strs(out, &n->provides);
	pack_strs(out, &n->requires);
	pack_strs(out, &n->exclusive);
	pack_strs(out, &n->excluded);
}

int
names_unpack(const void *data, size_t size, struct names *out, struct err *err)
{
	struct unpack u = unpack_begin(data, size);

	out->package = unpack_text(&u);
	out->evr = unpack_text(&u);
	unpack_strs(&u, &out->provides);
	unpack_strs(&u, &out->requires);
	unpack_strs(&u, &out->exclusive);
	unpack_strs(&u, &out->excluded);
	return unpack_end(&u, "names", err);
}

int
names_unpack_more(const void *data, size_t size, struct strs *out, struct err *err)
{
	struct unpack u = unpack_begin(data, size);

	unpack_strs(&u, out);
	return unpack_end(&u, "more", err);
}
