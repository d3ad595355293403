#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "base/str.h"

void
pack_u32(struct str *out, uint32_t v)
{
	v = htole32(v);
	str_put(out, &v, sizeof(v));
}

void
pack_u64(struct str *out, uint64_t v)
{
	v = htole64(v);
	str_put(out, &v, sizeof(v));
}

void
pack_bytes(struct str *out, const void *data, size_t n)
{
	pack_u32(out, (uint32_t)n);
	str_put(out, data, n);
}

void
pack_text(struct str *out, const char *text)
{
	pack_bytes(out, text ? text : "", text ? strlen(text) : 0);
}

void
pack_strs(struct str *out, const struct strs *list)
{
	pack_u32(out, (uint32_t)list->n);
	for (size_t i = 0; i < list->n; i++)
		pack_text(out, list->p[i]);
}

struct unpack
unpack_begin(const void *data, size_t n)
{
	return (struct unpack){.p = data, .left = n};
}

static const void *
take(struct unpack *u, size_t n)
{
	const void *p = u->p;

	if (u->bad || u->left < n) {
		u->bad = true;
		return NULL;
	}
	u->p += n;
	u->left -= n;
	return p;
}

uint32_t
unpack_u32(struct unpack *u)
{
	const void *p = take(u, sizeof(uint32_t));
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

uint64_t
unpack_u64(struct unpack *u)
{
	const void *p = take(u, sizeof(uint64_t));
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

uint32_t
unpack_count(struct unpack *u, size_t min_size)
{
	uint32_t n = unpack_u32(u);

	if (n > u->left / min_size) {
		u->bad = true;
		return 0;
	}
	return n;
}

const void *
unpack_bytes(struct unpack *u, size_t *n)
{
	const void *p;

	*n = unpack_u32(u);
	p = take(u, *n);
	if (!p)
		*n = 0;
	return p;
}

char *
unpack_text(struct unpack *u)
{
	size_t n;
	const char *p = unpack_bytes(u, &n);

	if (p && memchr(p, '\0', n))
		u->bad = true;
	return p && !u->bad ? xstrndup(p, n) : xstrdup("");
}

void
unpack_into(struct unpack *u, char *buf, size_t size)
{
	size_t n;
	const char *p = unpack_bytes(u, &n);

	buf[0] = '\0';
	if (!p || n >= size || memchr(p, '\0', n)) {
		u->bad = true;
		return;
	}
	memcpy(buf, p, n);
	buf[n] = '\0';
}

void
unpack_strs(struct unpack *u, struct strs *list)
{
	uint32_t n = unpack_count(u, sizeof(uint32_t));

	while (n-- > 0 && !u->bad)
		strs_take(list, unpack_text(u));
}

int
unpack_end(const struct unpack *u, const char *what, struct err *err)
{
	if (u->bad)
		return err_set(err, EBADMSG, "%s: malformed or cut short", what);
	if (u->left)
		return err_set(err, EBADMSG, "%s: %zu bytes too many", what, u->left);
	return 0;
}
