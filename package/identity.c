/*
 * A header is a sorted list of tags. Tags that say something of each file, or of
 * each dependency, are parallel arrays: they are told together, one line a file
 * or dependency, so that a difference can be understood. Arrays that are not as
 * long as they should be are told as they are, as any other tag: nothing that is
 * there goes untold.
 *
 * Devices and inodes of files do not count, but which files are one does.
 */
#include <string.h>

#include <rpm/rpmds.h>
#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>

#include "base/alloc.h"
#include "base/pack.h"
#include "base/str.h"
#include "package/header.h"
#include "package/identity.h"

const struct identity_ignored identity_ignored[] = {
	{HEADER_SIGBASE, HEADER_TAGBASE - 1, "signatures, and digests of the file itself"},
	{RPMTAG_BUILDTIME, RPMTAG_BUILDTIME, "when"},
	{RPMTAG_BUILDHOST, RPMTAG_BUILDHOST, "where"},
	{RPMTAG_COOKIE, RPMTAG_COOKIE, "when and where"},
	{RPMTAG_RPMVERSION, RPMTAG_RPMVERSION, "by which rpm"},
	{RPMTAG_OPTFLAGS, RPMTAG_OPTFLAGS, "how: what came of it is in the files"},
	{RPMTAG_PLATFORM, RPMTAG_PLATFORM, "how: the architecture counts"},
	{RPMTAG_SOURCEPKGID, RPMTAG_SOURCEPKGID, "digest of the source RPM"},
	{RPMTAG_FILEMTIMES, RPMTAG_FILEMTIMES, "when"},
	{RPMTAG_FILESIGNATURES, RPMTAG_FILESIGNATURELENGTH, "signatures"},
	{RPMTAG_ARCHIVESIZE, RPMTAG_ARCHIVESIZE, "how the files are packed"},
	{RPMTAG_PAYLOADFORMAT, RPMTAG_PAYLOADFLAGS, "how the files are packed"},
	{RPMTAG_PAYLOADDIGEST, RPMTAG_PAYLOADDIGESTALGO, "how the files are packed"},
	{RPMTAG_PAYLOADDIGESTALT, RPMTAG_PAYLOADDIGESTALT, "how the files are packed"},
};
const size_t n_identity_ignored = ARRAY_SIZE(identity_ignored);

/* What each file has; mode and flags are numbers that people read in another base. */
static const struct {
	rpmTag tag;
	const char *name;
	enum { PLAIN, OCTAL, HEX, DICTIONARY } form;
} file_tags[] = {
	{RPMTAG_FILEMODES, "mode", OCTAL}, {RPMTAG_FILEUSERNAME, "user", PLAIN}, {RPMTAG_FILEGROUPNAME, "group", PLAIN},
	{RPMTAG_FILESIZES, "size", PLAIN}, {RPMTAG_LONGFILESIZES, "size", PLAIN}, {RPMTAG_FILEDIGESTS, "digest", PLAIN},
	{RPMTAG_FILELINKTOS, "link", PLAIN}, {RPMTAG_FILEFLAGS, "flags", HEX}, {RPMTAG_FILEVERIFYFLAGS, "verify", HEX},
	{RPMTAG_FILERDEVS, "rdev", PLAIN}, {RPMTAG_FILELANGS, "lang", PLAIN}, {RPMTAG_FILECAPS, "caps", PLAIN},
	{RPMTAG_FILECOLORS, "color", PLAIN}, {RPMTAG_FILECLASS, "class", DICTIONARY}, {RPMTAG_FILEMTIMES, "mtime", PLAIN},
};
/* What makes up paths and the like, told with the files. */
static const rpmTag of_files[] = {RPMTAG_BASENAMES, RPMTAG_DIRNAMES, RPMTAG_DIRINDEXES, RPMTAG_OLDFILENAMES, RPMTAG_FILEDEVICES,
    RPMTAG_FILEINODES};

/* Three arrays of one length. */
static const struct group {
	const char *key;
	rpmTag tag[3];		/* a dependency: name, flags, version */
	bool dependency;
} groups[] = {
	{"provides", {RPMTAG_PROVIDENAME, RPMTAG_PROVIDEFLAGS, RPMTAG_PROVIDEVERSION}, true},
	{"requires", {RPMTAG_REQUIRENAME, RPMTAG_REQUIREFLAGS, RPMTAG_REQUIREVERSION}, true},
	{"conflicts", {RPMTAG_CONFLICTNAME, RPMTAG_CONFLICTFLAGS, RPMTAG_CONFLICTVERSION}, true},
	{"obsoletes", {RPMTAG_OBSOLETENAME, RPMTAG_OBSOLETEFLAGS, RPMTAG_OBSOLETEVERSION}, true},
	{"recommends", {RPMTAG_RECOMMENDNAME, RPMTAG_RECOMMENDFLAGS, RPMTAG_RECOMMENDVERSION}, true},
	{"suggests", {RPMTAG_SUGGESTNAME, RPMTAG_SUGGESTFLAGS, RPMTAG_SUGGESTVERSION}, true},
	{"supplements", {RPMTAG_SUPPLEMENTNAME, RPMTAG_SUPPLEMENTFLAGS, RPMTAG_SUPPLEMENTVERSION}, true},
	{"enhances", {RPMTAG_ENHANCENAME, RPMTAG_ENHANCEFLAGS, RPMTAG_ENHANCEVERSION}, true},
	{"order", {RPMTAG_ORDERNAME, RPMTAG_ORDERFLAGS, RPMTAG_ORDERVERSION}, true},
	{"changelog", {RPMTAG_CHANGELOGTIME, RPMTAG_CHANGELOGNAME, RPMTAG_CHANGELOGTEXT}, false},
};

struct walk {
	Header h;
	bool all;
	identity_line_fn *line;
	void *arg;
	rpmfiles files;		/* NULL: none, or they cannot be told */
	size_t n_files;
	bool classes;		/* each file has one */
};

static bool
is_ignored(int tag)
{
	for (size_t i = 0; i < n_identity_ignored; i++)
		if (tag >= identity_ignored[i].first && tag <= identity_ignored[i].last)
			return true;
	return false;
}

/* One word: what is appended has no blank, and leads back to the text. */
static void
put_word(struct str *out, const char *text, bool blanks)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || c == '\\' || (c == ' ' && !blanks))
			str_add(out, "\\x%02x", c);
		else
			str_putc(out, *text);
	}
}

/* The value that td stands at. */
static void
put_value(struct str *out, rpmtd td, bool blanks)
{
	switch (rpmtdClass(td)) {
	case RPM_NUMERIC_CLASS:
		str_add(out, "%llu", (unsigned long long)rpmtdGetNumber(td));
		break;
	case RPM_STRING_CLASS:
		put_word(out, rpmtdGetString(td) ? rpmtdGetString(td) : "", blanks);
		break;
	case RPM_BINARY_CLASS:
		for (rpm_count_t i = 0; i < td->count; i++)
			str_add(out, "%02x", ((const unsigned char *)td->data)[i]);
		break;
	case RPM_NULL_CLASS:
		break;
	}
}

static void
put_key(struct str *out, rpmtd td, int i, rpm_count_t n)
{
	const char *name = rpmTagGetName(td->tag);

	if (*name == '(')
		str_add(out, "tag-%d", (int)td->tag);
	else
		str_puts(out, name);
	/* Of another kind than rpm has it: "1" is not 1. */
	if (rpmtdClass(td) != rpmTagGetClass(td->tag))
		str_add(out, ":%d", (int)rpmtdClass(td));
	if (n > 1)
		str_add(out, "[%d]", i);
}

static void
tell_plain(const struct walk *w, rpmtd td)
{
	bool binary = rpmtdClass(td) == RPM_BINARY_CLASS;
	rpm_count_t n = binary ? 1 : td->count;
	bool counts = !is_ignored((int)td->tag);

	if (!counts && !w->all)
		return;
	rpmtdInit(td);
	for (rpm_count_t i = 0; i < n; i++) {
		AUTO(str_fini) struct str key = {0};
		AUTO(str_fini) struct str value = {0};

		rpmtdSetIndex(td, (int)i);
		put_key(&key, td, (int)i, n);
		put_value(&value, td, true);
		w->line(w->arg, str_c(&key), str_c(&value), counts);
	}
}

/* Groups. */

/* "name >= 1 0x40": flags beyond the comparison in hexadecimal. Of rpm's features that of unpacking is not told. */
static bool
put_dependency(struct str *out, rpmtd *td)
{
	static const char *const ops[] = {"", "<", ">", "<>", "=", "<=", ">=", "<=>"};
	const char *name = rpmtdGetString(td[0]), *version = rpmtdGetString(td[2]);
	uint64_t flags = rpmtdGetNumber(td[1]);

	name = name ? name : "";
	version = version ? version : "";
	if (flags & RPMSENSE_RPMLIB && strncmp(name, "rpmlib(PayloadIs", strlen("rpmlib(PayloadIs")) == 0)
		return false;
	put_word(out, name, false);
	if (flags & (RPMSENSE_LESS | RPMSENSE_GREATER | RPMSENSE_EQUAL) || *version) {
		str_add(out, " %s ", ops[flags >> 1 & 7]);
		put_word(out, version, false);
	}
	flags &= ~(uint64_t)(RPMSENSE_LESS | RPMSENSE_GREATER | RPMSENSE_EQUAL);
	if (flags)
		str_add(out, " 0x%llx", (unsigned long long)flags);
	return true;
}

/* false: they are not three of one length. */
static bool
open_group(const struct walk *w, const struct group *g, rpmtd *td)
{
	static const rpmTagClass dependency[3] = {RPM_STRING_CLASS, RPM_NUMERIC_CLASS, RPM_STRING_CLASS};
	static const rpmTagClass entry[3] = {RPM_NUMERIC_CLASS, RPM_STRING_CLASS, RPM_STRING_CLASS};

	for (int k = 0; k < 3; k++) {
		if (!headerGet(w->h, g->tag[k], td[k], HEADERGET_MINMEM))
			return false;
		if (rpmtdClass(td[k]) != (g->dependency ? dependency : entry)[k] || td[k]->count != td[0]->count)
			return false;
	}
	return true;
}

static bool
is_group(const struct walk *w, const struct group *g, bool tell)
{
	AUTO(rpmtdFree) rpmtd a = rpmtdNew();
	AUTO(rpmtdFree) rpmtd b = rpmtdNew();
	AUTO(rpmtdFree) rpmtd c = rpmtdNew();
	rpmtd td[3] = {a, b, c};
	bool whole = open_group(w, g, td);

	for (rpm_count_t i = 0; whole && tell && i < a->count; i++) {
		AUTO(str_fini) struct str value = {0};

		for (int k = 0; k < 3; k++)
			rpmtdSetIndex(td[k], (int)i);
		if (!g->dependency)
			for (int k = 0; k < 3; k++) {
				if (k)
					str_putc(&value, ' ');
				put_value(&value, td[k], k == 2);
			}
		if (!g->dependency || put_dependency(&value, td))
			w->line(w->arg, g->key, str_c(&value), true);
	}
	for (int k = 0; k < 3; k++)
		rpmtdFreeData(td[k]);
	return whole;
}

/* A tag of a group: told with the first tag of it. */
static bool
told_as_group(const struct walk *w, int tag)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		for (int k = 0; k < 3; k++)
			if ((int)groups[i].tag[k] == tag)
				return is_group(w, &groups[i], k == 0);
	return false;
}

/* Files. */

static bool
told_with_files(const struct walk *w, rpmtd td)
{
	if (!w->files)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(of_files); i++)
		if (of_files[i] == (rpmTag)td->tag)
			return true;
	if (td->tag == RPMTAG_CLASSDICT)
		return w->classes;
	for (size_t i = 0; i < ARRAY_SIZE(file_tags); i++)
		if (file_tags[i].tag == (rpmTag)td->tag)
			return td->count == w->n_files;
	return false;
}

static void
put_file_value(const struct walk *w, struct str *out, rpmtd td, size_t k, int i)
{
	rpmtdSetIndex(td, i);
	str_add(out, "%s%s=", out->n ? " " : "", file_tags[k].name);
	if (file_tags[k].form == DICTIONARY)
		put_word(out, rpmfilesFClass(w->files, i) ? rpmfilesFClass(w->files, i) : "", false);
	else if (file_tags[k].form == PLAIN)
		put_value(out, td, false);
	else
		str_add(out, file_tags[k].form == OCTAL ? "%06llo" : "0x%llx", (unsigned long long)rpmtdGetNumber(td));
}

/* Two names of one file: the second says which the first is. */
static void
put_hard_link(const struct walk *w, struct str *out, int i)
{
	const int *names;
	AUTO(free) char *first = NULL;

	if (rpmfilesFLinks(w->files, i, &names) < 2)
		return;
	first = rpmfilesFN(w->files, names[0]);
	str_puts(out, " hardlink=");
	put_word(out, first, false);
}

static void
tell_file(const struct walk *w, rpmtd *td, int i)
{
	AUTO(free) char *path = rpmfilesFN(w->files, i);
	AUTO(str_fini) struct str key = {0};
	AUTO(str_fini) struct str value = {0};
	AUTO(str_fini) struct str rest = {0};

	/* The name of a tag never begins so. */
	if (!path || *path != '/')
		str_puts(&key, "file:");
	put_word(&key, path ? path : "", true);
	for (size_t k = 0; k < ARRAY_SIZE(file_tags); k++)
		if (td[k])
			put_file_value(w, is_ignored((int)file_tags[k].tag) ? &rest : &value, td[k], k, i);
	put_hard_link(w, &value, i);
	w->line(w->arg, str_c(&key), str_c(&value), true);
	if (w->all && rest.n)
		w->line(w->arg, str_c(&key), str_c(&rest), false);
}

static bool
has_classes(const struct walk *w)
{
	AUTO(rpmtdFree) rpmtd td = rpmtdNew();
	bool has = headerGet(w->h, RPMTAG_FILECLASS, td, HEADERGET_MINMEM) && td->count == w->n_files;

	rpmtdFreeData(td);
	return has;
}

static void
tell_files(const struct walk *w)
{
	rpmtd td[ARRAY_SIZE(file_tags)] = {0};

	for (size_t k = 0; w->files && k < ARRAY_SIZE(file_tags); k++) {
		td[k] = rpmtdNew();
		/* One that is not as long as it should be was told as it is. */
		if (!headerGet(w->h, file_tags[k].tag, td[k], HEADERGET_MINMEM) || td[k]->count != w->n_files) {
			rpmtdFreeData(td[k]);
			td[k] = rpmtdFree(td[k]);
		}
	}
	for (size_t i = 0; i < w->n_files; i++)
		tell_file(w, td, (int)i);
	for (size_t k = 0; k < ARRAY_SIZE(file_tags); k++)
		if (td[k]) {
			rpmtdFreeData(td[k]);
			rpmtdFree(td[k]);
		}
}

void
identity_lines(Header h, bool all, identity_line_fn *line, void *arg)
{
	AUTO(rpmfilesFree) rpmfiles files = rpmfilesNew(NULL, h, RPMTAG_BASENAMES, RPMFI_KEEPHEADER);
	AUTO(rpmtdFree) rpmtd td = rpmtdNew();
	struct walk w = {.h = h, .all = all, .line = line, .arg = arg, .files = files};
	HeaderIterator it = headerInitIterator(h);

	w.n_files = files ? (size_t)rpmfilesFC(files) : 0;
	w.classes = has_classes(&w);
	while (headerNext(it, td)) {
		if (!told_as_group(&w, (int)td->tag) && !told_with_files(&w, td))
			tell_plain(&w, td);
		rpmtdFreeData(td);
	}
	headerFreeIterator(it);
	tell_files(&w);
}

static void
add_line(void *arg, const char *key, const char *value, bool counts)
{
	AUTO(str_fini) struct str packed = {0};

	pack_text(&packed, key);
	pack_text(&packed, value);
	hash_add(arg, packed.p, packed.n);
}

struct sha256
identity_of(Header h)
{
	AUTO(hash_fini) hash_state sum = {0};
	AUTO(str_fini) struct str version = {0};

	hash_init(&sum);
	pack_u32(&version, IDENTITY_VERSION);
	hash_add(&sum, version.p, version.n);
	identity_lines(h, false, add_line, &sum);
	return hash_end(&sum);
}
