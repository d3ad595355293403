/*
 * rpm-md metadata: the first byte is the kind of it and the size of the blocks that the rest comes in.
 * In one block and in many, the same packages come, their records are pieces of the text, and an error
 * says why.
 */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "package/document.h"
#include "tests/fuzz/fuzz.h"

/* Little room, so that records have to be gathered too. */
enum { HEAD = 64 };

struct feed {
	const char *p;
	size_t n, piece;
	char *held[2];
	struct str packages;
};

/* In memory of its exact size, so that a sanitizer sees a read beyond it. */
static int
take(void *arg, struct block *out, struct err *err)
{
	struct feed *f = arg;
	size_t n = f->n < f->piece ? f->n : f->piece;
	char *memory;

	if (n == 0)
		return 0;
	memory = xrealloc(NULL, HEAD + n + BLOCK_SLACK);
	memcpy(memory + HEAD, f->p, n);
	memset(memory + HEAD + n, 0, BLOCK_SLACK);
	*out = (struct block){memory + HEAD, n};
	assert(!f->held[1]);
	f->held[f->held[0] != NULL] = memory;
	f->p += n;
	f->n -= n;
	return 1;
}

static void
give(void *arg)
{
	struct feed *f = arg;

	assert(f->held[0]);
	free(f->held[0]);
	f->held[0] = STEAL(f->held[1]);
}

static int
note(void *arg, const struct rpmmd_package *p, struct err *err)
{
	struct str *out = &((struct feed *)arg)->packages;

	assert(*p->name && *p->arch && *p->version && *p->sha256);
	assert(p->record_n > 2 && memcmp(p->record, "<", 1) == 0 && memchr(p->record, '\0', p->record_n) == NULL);
	str_add(out, "%s %s %s %s %s %s %s %s\n", p->name, p->arch, p->epoch, p->version, p->release, p->sha256, p->href,
	    p->source);
	for (int k = 0; k < DEP_KINDS; k++)
		for (size_t i = 0; i < p->dep[k].n; i++)
			str_add(out, "%s %u %s\n", p->dep[k].p[i].name, p->dep[k].p[i].flags, p->dep[k].p[i].evr);
	for (size_t i = 0; i < p->files.n; i++)
		str_add(out, "%s %d\n", p->files.p[i].path, (int)p->files.p[i].kind);
	return 0;
}

static int
read_all(const uint8_t *data, size_t size, size_t piece, struct str *packages)
{
	struct feed f = {.p = (const char *)data, .n = size, .piece = piece};
	struct err err = {0};
	int r = document_read(&(struct source){take, give, &f, HEAD}, data[-1] % RPMMD_KINDS, note, &f, &err);

	assert(r == 0 || (r == -1 && err.code != 0));
	free(f.held[0]);
	free(f.held[1]);
	*packages = f.packages;
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(str_fini) struct str whole = {0};
	AUTO(str_fini) struct str pieces = {0};
	const uint8_t *nul;

	if (size < 1)
		return 0;
	/* That there is none is for the giver of blocks to see to. */
	nul = memchr(data + 1, '\0', size - 1);
	size = nul ? (size_t)(nul - data) : size;
	assert(read_all(data + 1, size - 1, size, &whole) == read_all(data + 1, size - 1, 1 + data[0] / RPMMD_KINDS, &pieces));
	assert(strcmp(str_c(&whole), str_c(&pieces)) == 0);
	return 0;
}
