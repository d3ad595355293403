/*
 * The window is the text at hand. It is one block, with what was left of the block before copied in
 * front of it, and is read item by item (the root's tag, a package, the root's close tag). An item
 * that is not all there is left alone, and read again from its start in the next window.
 *
 * A record that is longer than the room in front of a block is gathered in `big` until there is twice
 * as much text as there was, so that however long a record is, no byte of it is read more than a few
 * times.
 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "package/document.h"
#include "package/record.h"

struct document {
	const struct source *from;
	struct record record;		/* and the window: record.x */
	struct str big;
	bool held;			/* the window is a block, to be given back */
	uint64_t taken;			/* bytes of text so far, to the window's end */
	uint64_t packages;
	char root_name[64];
};

static void
document_fini(struct document *d)
{
	record_fini(&d->record);
	str_fini(&d->big);
}
AUTO_DEFINE_EMBEDDED(struct document, document_fini);

static int
fail(const struct document *d, const char *at, const char *what, struct err *err)
{
	return err_set(err, EBADMSG, "byte %llu, after %llu packages: %s",
	    (unsigned long long)(d->taken - (uint64_t)(d->record.x.end - at)), (unsigned long long)d->packages, what);
}

/* Make the window what is in big. */
static void
show_big(struct document *d)
{
	str_put(&d->big, (char[XML_SLACK]){0}, XML_SLACK);
	d->big.n -= XML_SLACK;
	d->record.x.p = d->big.p;
	d->record.x.end = d->big.p + d->big.n;
}

/* Gather in big until there is twice the text; 0 if there is no more at all. */
static int
grow_big(struct document *d, struct err *err)
{
	struct xml *x = &d->record.x;
	size_t rest = (size_t)(x->end - x->p), got = 0;
	struct block b;
	int r = 1;

	if (rest > RECORD_MAX)
		return fail(d, x->p, "a record over 256 MiB", err);
	if (d->held) {
		str_clear(&d->big);
		str_put(&d->big, x->p, rest);
		d->from->give(d->from->arg);
		d->held = false;
	} else {
		str_shift(&d->big, (size_t)(x->p - d->big.p));
	}
	while (got <= rest && rest + got <= RECORD_MAX && (r = d->from->take(d->from->arg, &b, err)) > 0) {
		str_put(&d->big, b.p, b.n);
		got += b.n;
		d->from->give(d->from->arg);
	}
	d->taken += got;
	show_big(d);
	return r < 0 ? -1 : got > 0;
}

/* More text behind what is left of the window: 1, 0 if there is none, -1. */
static int
more(struct document *d, struct err *err)
{
	struct xml *x = &d->record.x;
	size_t rest = (size_t)(x->end - x->p);
	struct block b;
	int r;

	if (rest > d->from->head)
		return grow_big(d, err);
	if ((r = d->from->take(d->from->arg, &b, err)) <= 0)
		return r;
	if (rest > 0)
		memcpy(b.p - rest, x->p, rest);
	if (d->held)
		d->from->give(d->from->arg);
	d->held = true;
	d->taken += b.n;
	x->p = b.p - rest;
	x->end = b.p + b.n;
	return 1;
}

/* Read an item, with more text as often as it takes. 0, or what the item gives; -1. */
static int
item(struct document *d, int (*read)(struct document *), const char *unended, struct err *err)
{
	struct xml *x = &d->record.x;

	for (;;) {
		const char *start = x->p;
		int r = start < x->end ? read(d) : XML_MORE;

		if (r < 0)
			return fail(d, x->p, x->what, err);
		if (r != XML_MORE)
			return r;
		x->p = start;
		if ((r = more(d, err)) < 0)
			return -1;
		if (r == 0)
			return fail(d, x->end, unended, err);
	}
}

enum { ITEM_PACKAGE = 0, ITEM_OTHER = 2, ITEM_END };

static const char *const roots[RPMMD_KINDS] = {
	[RPMMD_PRIMARY] = "metadata",
	[RPMMD_FILELISTS] = "filelists",
	[RPMMD_OTHER] = "otherdata",
};

static int
read_root(struct document *d)
{
	struct xml *x = &d->record.x;
	struct xml_name name;
	enum xml_kind kind;
	bool empty;
	int r = xml_tag(x, &name, &kind);

	if (r != 0)
		return r;
	if (kind != XML_OPEN || !xml_same(name.local, name.local_n, roots[d->record.kind]) || name.full_n >= sizeof(d->root_name))
		return xml_bad(x, "not the root of this kind of metadata");
	if ((r = xml_attributes(x, NULL, 0, NULL, &empty)) != 0)
		return r;
	memcpy(d->root_name, name.full, name.full_n);
	d->root_name[name.full_n] = '\0';
	return empty ? ITEM_END : ITEM_OTHER;
}

static int
read_inside(struct document *d)
{
	struct xml *x = &d->record.x;
	struct xml_name name;
	enum xml_kind kind;
	int r = xml_tag(x, &name, &kind);

	if (r != 0)
		return r;
	if (kind == XML_CLOSE) {
		if (!xml_same(name.full, name.full_n, d->root_name))
			return xml_bad(x, "a close tag of another element");
		return ITEM_END;
	}
	if (xml_same(name.local, name.local_n, "package")) {
		x->p = name.full - 1;
		return record_read(&d->record);
	}
	r = xml_skip(x, &name);
	return r != 0 ? r : ITEM_OTHER;
}

/* Behind the root only blanks, comments and instructions may follow. */
static int
read_rest(struct document *d, struct err *err)
{
	struct xml *x = &d->record.x;

	for (;;) {
		struct xml_name name;
		enum xml_kind kind;
		const char *start = x->p;
		int r = xml_tag(x, &name, &kind);

		if (r != XML_MORE)
			return fail(d, x->p, r < 0 ? x->what : "a tag behind the root", err);
		x->p = start;
		if ((r = more(d, err)) <= 0)
			return r;
	}
}

int
document_read(const struct source *from, enum rpmmd_kind kind, rpmmd_fn *fn, void *arg, struct err *err)
{
	AUTO(document_fini) struct document d = {.from = from, .record.kind = kind};
	int r;

	d.record.x.p = d.record.x.end = (char[XML_SLACK]){0};
	r = item(&d, read_root, "ends before its root", err);
	while (r >= 0 && r != ITEM_END) {
		r = item(&d, read_inside, "ends before its root's close tag", err);
		if (r != ITEM_PACKAGE)
			continue;
		if (d.record.package.record_n > RECORD_MAX)
			return fail(&d, d.record.package.record, "a record over 256 MiB", err);
		d.packages++;
		if (fn(arg, &d.record.package, err) < 0)
			return DOCUMENT_STOPPED;
	}
	return r < 0 ? -1 : read_rest(&d, err);
}
