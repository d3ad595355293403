/*
 * repomd.xml is small and read whole. Only what names a file of the wanted type is looked at: its
 * checksum and its location.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "package/repomd.h"
#include "package/xml.h"

enum { REPOMD_MAX = 1 << 20 };

struct search {
	const char *type;
	bool found;
	char *href;
	char *sha256;
};

static void
search_fini(struct search *s)
{
	free(s->href);
	free(s->sha256);
}
AUTO_DEFINE_EMBEDDED(struct search, search_fini);

static int
decode(struct xml *x, const struct xml_value *v, bool attribute, char **out)
{
	const char *what = NULL;
	char *text = xcalloc(1, v->n + 1);

	free(*out);
	*out = text;
	return xml_decode(v, attribute, text, &what) ? 0 : xml_bad(x, what);
}

static int
take_checksum(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	static const char *const wanted[] = {"type"};
	struct search *s = arg;
	struct xml_value type, v = {"", 0, false};
	bool empty;
	int r = xml_attributes(x, wanted, 1, &type, &empty);

	if (r != 0 || (!empty && (r = xml_text(x, name, &v)) != 0))
		return r;
	return xml_is(&type, "sha256") ? decode(x, &v, false, &s->sha256) : 0;
}

static int
take_location(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	static const char *const wanted[] = {"href"};
	struct search *s = arg;
	struct xml_value v, text;
	bool empty;
	int r = xml_attributes(x, wanted, 1, &v, &empty);

	if (r != 0 || (!empty && (r = xml_text(x, name, &text)) != 0))
		return r;
	return v.p ? decode(x, &v, true, &s->href) : 0;
}

static int
take_data(struct xml *x, const struct xml_name *name, void *arg, int which)
{
	static const char *const wanted[] = {"type"};
	static const struct xml_element known[] = {{"checksum", take_checksum, 0}, {"location", take_location, 0}};
	struct search *s = arg;
	struct xml_value type;
	bool empty, ours;
	int r = xml_attributes(x, wanted, 1, &type, &empty);

	if (r != 0 || empty)
		return r;
	ours = !s->found && xml_is(&type, s->type);
	s->found |= ours;
	return xml_children(x, name, known, ours ? ARRAY_SIZE(known) : 0, s);
}

static int
read_root(struct xml *x, struct search *s)
{
	static const struct xml_element known[] = {{"data", take_data, 0}};
	struct xml_name root;
	enum xml_kind kind;
	bool empty;
	int r;

	if ((r = xml_tag(x, &root, &kind)) != 0)
		return r;
	if (kind != XML_OPEN || !xml_same(root.local, root.local_n, "repomd"))
		return xml_bad(x, "the root is not <repomd>");
	r = xml_attributes(x, NULL, 0, NULL, &empty);
	return r != 0 || empty ? r : xml_children(x, &root, known, 1, s);
}

bool
repomd_inside(const char *href)
{
	AUTO(strs_fini) struct strs parts = {0};

	strs_split(&parts, href, "/");
	return *href && *href != '/' && !strs_has(&parts, "..");
}

int
repomd_find(int dir, const char *where, const char *type, struct repomd_file *out, struct err *err)
{
	AUTO(str_fini) struct str text = {0};
	AUTO(search_fini) struct search s = {.type = type};
	struct xml x;
	int r = file_read(dir, "repodata/repomd.xml", REPOMD_MAX, &text, err);

	if (r < 0)
		return err_ctx(err, "%s", where);
	if (r == FILE_ABSENT)
		return err_set(err, ENOENT, "%s: not an rpm-md repository (no repodata/repomd.xml); run createrepo_c there",
		    where);
	str_put(&text, (char[XML_SLACK]){0}, XML_SLACK);
	x = (struct xml){.p = text.p, .end = text.p + strnlen(text.p, text.n - XML_SLACK)};
	if ((r = read_root(&x, &s)) != 0)
		return err_set(err, EBADMSG, "%s: repodata/repomd.xml: byte %zu: %s", where, (size_t)(x.p - text.p),
		    r == XML_MORE ? "ends too early" : x.what);
	if (!s.href)
		return err_set(err, EBADMSG, "%s: repodata/repomd.xml names no %s", where, type);
	if (!repomd_inside(s.href))
		return err_set(err, EBADMSG, "%s: `%s` leads out of the repository", where, s.href);
	if (!s.sha256 || !hash_valid(s.sha256))
		return err_set(err, EBADMSG, "%s: repodata/repomd.xml has no SHA-256 of %s", where, type);
	memcpy(out->sha256.hex, s.sha256, sizeof(out->sha256.hex));
	out->href = STEAL(s.href);
	return 0;
}
