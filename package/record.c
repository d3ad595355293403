/*
 * A table for each element that has others inside: their names, and what to do with them. What no
 * table names is passed over.
 *
 * Strings are copied, decoded and ended by a NUL, into one buffer that is as big as the record read
 * so far: each comes from more bytes of the record than it takes (quotes or tags stand around it), so
 * that the buffer is never too small and never moves under the strings in it. The record itself is
 * left as it is.
 */
#include <assert.h>
#include <string.h>

#include "base/vec.h"
#include "package/record.h"

void
record_fini(struct record *r)
{
	for (int k = 0; k < DEP_KINDS; k++)
		vec_fini(&r->package.dep[k]);
	vec_fini(&r->package.files);
	str_fini(&r->text);
}

/* Add decoded bytes to the string that is being written. */
static int
put(struct record *r, const struct xml_value *v, bool attribute)
{
	char *to = r->text.p + r->text.n, *end;
	const char *what = NULL;

	if (!v->p)
		return 0;
	assert(v->n < r->text.cap - r->text.n);
	end = xml_decode(v, attribute, to, &what);
	if (!end)
		return xml_bad(&r->x, what);
	r->text.n += (size_t)(end - to);
	return 0;
}

static int
put_string(struct record *r, const struct xml_value *v, bool attribute, const char **out)
{
	*out = r->text.p + r->text.n;
	if (!v->p)
		*out = "";
	else if (put(r, v, attribute) < 0)
		return -1;
	else
		r->text.p[r->text.n++] = '\0';
	return 0;
}

/* "epoch:version-release" as one string. */
static int
put_evr(struct record *r, const struct xml_value *epoch, const struct xml_value *version,
	const struct xml_value *release, const char **out)
{
	size_t start = r->text.n;

	*out = "";
	if ((!version->p || version->n == 0) && (!release->p || release->n == 0))
		return 0;
	if (epoch->p && epoch->n && !xml_is(epoch, "0")) {
		if (put(r, epoch, true) < 0)
			return -1;
		r->text.p[r->text.n++] = ':';
	}
	if (put(r, version, true) < 0)
		return -1;
	if (release->p && release->n) {
		r->text.p[r->text.n++] = '-';
		if (put(r, release, true) < 0)
			return -1;
	}
	r->text.p[r->text.n++] = '\0';
	*out = r->text.p + start;
	return 0;
}

/* A text that is one of the package's strings; arg is where in the struct. */
static int
take_text(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	const char **out = (const char **)((char *)&r->package + which);
	struct xml_value v = {"", 0, false};
	bool empty;
	int e = xml_attributes(&r->x, NULL, 0, NULL, &empty);

	if (e != 0 || (!empty && (e = xml_text(&r->x, name, &v)) != 0))
		return e;
	return put_string(r, &v, false, out);
}

/* No text, attributes only. */
static int
take_attributes(struct record *r, const struct xml_name *name, const char *const *wanted, size_t n,
	struct xml_value *value)
{
	struct xml_value text;
	bool empty;
	int e = xml_attributes(&r->x, wanted, n, value, &empty);

	return e != 0 || empty ? e : xml_text(&r->x, name, &text);
}

static int
take_checksum(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	static const char *const wanted[] = {"pkgid"};
	struct xml_value pkgid, v = {"", 0, false};
	bool empty;
	int e = xml_attributes(&r->x, wanted, 1, &pkgid, &empty);

	if (e != 0 || (!empty && (e = xml_text(&r->x, name, &v)) != 0))
		return e;
	return xml_is(&pkgid, "YES") ? put_string(r, &v, false, &r->package.sha256) : 0;
}

static int
take_version(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	static const char *const wanted[] = {"epoch", "ver", "rel"};
	struct xml_value v[3];
	int e = take_attributes(r, name, wanted, 3, v);

	if (e != 0)
		return e;
	if (xml_is(&v[0], "0"))
		v[0].p = NULL;
	return put_string(r, &v[0], true, &r->package.epoch) < 0 || put_string(r, &v[1], true, &r->package.version) < 0 ||
	    put_string(r, &v[2], true, &r->package.release) < 0 ? -1 : 0;
}

static int
take_location(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	static const char *const wanted[] = {"href"};
	struct xml_value v;
	int e = take_attributes(r, name, wanted, 1, &v);

	return e != 0 ? e : put_string(r, &v, true, &r->package.href);
}

static uint32_t
sense(const struct xml_value *v)
{
	static const struct {
		const char *text;
		uint32_t bits;
	} names[] = {{"EQ", DEP_EQUAL}, {"GE", DEP_GREATER | DEP_EQUAL}, {"LE", DEP_LESS | DEP_EQUAL},
	    {"LT", DEP_LESS}, {"GT", DEP_GREATER}};

	for (size_t i = 0; v->p && i < ARRAY_SIZE(names); i++)
		if (xml_is(v, names[i].text))
			return names[i].bits;
	return 0;
}

static int
take_entry(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	static const char *const wanted[] = {"name", "flags", "epoch", "ver", "rel"};
	struct xml_value v[5];
	struct rpmmd_dep d;
	int e = take_attributes(r, name, wanted, 5, v);

	if (e != 0)
		return e;
	if (!v[0].p || v[0].n == 0)
		return xml_bad(&r->x, "a dependency without a name");
	d.flags = sense(&v[1]);
	if (put_string(r, &v[0], true, &d.name) < 0 || put_evr(r, &v[2], &v[3], &v[4], &d.evr) < 0)
		return -1;
	vec_push(&r->package.dep[which], d);
	return 0;
}

static int
take_deps(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	const struct xml_element known[] = {{"entry", take_entry, which}};
	bool empty;
	int e = xml_attributes(&r->x, NULL, 0, NULL, &empty);

	return e != 0 || empty ? e : xml_children(&r->x, name, known, 1, r);
}

static int
take_file(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	static const char *const wanted[] = {"type"};
	struct xml_value type, v = {"", 0, false};
	struct rpmmd_file f = {NULL, RPMMD_FILE};
	bool empty;
	int e = xml_attributes(&r->x, wanted, 1, &type, &empty);

	if (e != 0 || (!empty && (e = xml_text(&r->x, name, &v)) != 0))
		return e;
	if (type.p)
		f.kind = xml_is(&type, "dir") ? RPMMD_DIR : xml_is(&type, "ghost") ? RPMMD_GHOST : RPMMD_FILE;
	if (put_string(r, &v, false, &f.path) < 0)
		return -1;
	vec_push(&r->package.files, f);
	return 0;
}

static int
take_format(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	struct record *r = arg;
	static const struct xml_element known[] = {
	    {"file", take_file, 0},
	    {"requires", take_deps, DEP_REQUIRES},
	    {"provides", take_deps, DEP_PROVIDES},
	    {"conflicts", take_deps, DEP_CONFLICTS},
	    {"obsoletes", take_deps, DEP_OBSOLETES},
	    {"sourcerpm", take_text, offsetof(struct rpmmd_package, source)}};
	bool empty;
	int e = xml_attributes(&r->x, NULL, 0, NULL, &empty);

	return e != 0 || empty ? e : xml_children(&r->x, name, known, ARRAY_SIZE(known), r);
}

static const struct xml_element in_primary[] = {
    {"name", take_text, offsetof(struct rpmmd_package, name)},
    {"arch", take_text, offsetof(struct rpmmd_package, arch)},
    {"version", take_version, 0},
    {"checksum", take_checksum, 0},
    {"location", take_location, 0},
    {"format", take_format, 0}};
static const struct xml_element in_filelists[] = {{"file", take_file, 0}, {"version", take_version, 0}};
static const struct xml_element in_other[] = {{"version", take_version, 0}};

static const struct {
	const struct xml_element *known;
	size_t n;
} inside[RPMMD_KINDS] = {
	[RPMMD_PRIMARY] = {in_primary, ARRAY_SIZE(in_primary)},
	[RPMMD_FILELISTS] = {in_filelists, ARRAY_SIZE(in_filelists)},
	[RPMMD_OTHER] = {in_other, ARRAY_SIZE(in_other)},
};

/* Forget the last package, keep its memory. */
static void
clear(struct record *r)
{
	struct rpmmd_package *p = &r->package;

	p->name = p->arch = p->epoch = p->version = p->release = p->sha256 = p->href = p->source = "";
	for (int k = 0; k < DEP_KINDS; k++)
		p->dep[k].n = 0;
	p->files.n = 0;
	r->text.n = 0;
}

/* Room for the strings of all that is there; a record is never longer. */
static void
make_room(struct record *r, size_t most)
{
	if (r->text.cap < most) {
		r->text.p = xrealloc(r->text.p, most);
		r->text.cap = most;
	}
}

static int
take_ids(struct record *r)
{
	static const char *const wanted[] = {"pkgid", "name", "arch"};
	struct rpmmd_package *p = &r->package;
	struct xml_value v[3];
	bool empty;
	int e = xml_attributes(&r->x, wanted, 3, v, &empty);

	if (e == 0 && empty)
		return xml_bad(&r->x, "a package with nothing inside");
	if (e != 0 || r->kind == RPMMD_PRIMARY)
		return e;
	return put_string(r, &v[0], true, &p->sha256) < 0 || put_string(r, &v[1], true, &p->name) < 0 ||
	    put_string(r, &v[2], true, &p->arch) < 0 ? -1 : 0;
}

/* "zlib-1.2-3.src.rpm" -> "zlib" */
static void
cut_source(struct rpmmd_package *p)
{
	char *dash;

	if (*p->source == '\0') {
		p->source = p->name;
		return;
	}
	for (int i = 0; i < 2; i++)
		if ((dash = strrchr(p->source, '-')))
			*dash = '\0';
}

static int
check(struct record *r)
{
	const struct rpmmd_package *p = &r->package;
	const char *missing = *p->name == '\0' ? "a package without a name" : *p->arch == '\0' ? "a package without an arch" :
	    *p->version == '\0' ? "a package without a version" : *p->sha256 == '\0' ? "a package without a pkgid" :
	    r->kind == RPMMD_PRIMARY && *p->href == '\0' ? "a package without a location" : NULL;

	return missing ? xml_bad(&r->x, missing) : 0;
}

int
record_read(struct record *r)
{
	const char *start = r->x.p;
	struct xml_name name;
	enum xml_kind kind;
	int e;

	clear(r);
	make_room(r, (size_t)(r->x.end - start) + 1);
	if ((e = xml_tag(&r->x, &name, &kind)) != 0 || (e = take_ids(r)) != 0 ||
	    (e = xml_children(&r->x, &name, inside[r->kind].known, inside[r->kind].n, r)) != 0)
		return e;
	if (r->x.p == r->x.end)
		return XML_MORE;
	if (*r->x.p == '\n')
		r->x.p++;
	if (r->kind == RPMMD_PRIMARY)
		cut_source(&r->package);
	r->package.record = start;
	r->package.record_n = (size_t)(r->x.p - start);
	return check(r);
}
