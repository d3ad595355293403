#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pack.h"
#include "base/str.h"
#include "base/vec.h"
#include "package/evr.h"
#include "package/facts.h"

static char **
texts(struct facts *f, size_t i)
{
	char **all[] = {&f->name, &f->epoch, &f->version, &f->release, &f->arch, &f->source, &f->file, &f->sha256};

	return i < ARRAY_SIZE(all) ? all[i] : NULL;
}

void
facts_fini(struct facts *f)
{
	char **text;

	for (size_t i = 0; (text = texts(f, i)); i++)
		free(*text);
	free(f->evr);
	for (int k = 0; k < DEP_KINDS; k++) {
		for (size_t i = 0; i < f->dep[k].n; i++)
			dep_fini(&f->dep[k].p[i]);
		vec_fini(&f->dep[k]);
	}
	for (size_t i = 0; i < f->files.n; i++) {
		free(f->files.p[i].path);
		free(f->files.p[i].content);
	}
	vec_fini(&f->files);
	free(f->primary);
	free(f->filelists);
	free(f->other);
	*f = (struct facts){0};
}

void
facts_pack_core(struct str *out, const struct facts *f)
{
	char **text;

	pack_u32(out, FACTS_VERSION);
	for (size_t i = 0; (text = texts((struct facts *)f, i)); i++)
		pack_text(out, *text);
	pack_u64(out, (uint64_t)f->build_time);
	for (int k = 0; k < DEP_KINDS; k++) {
		pack_u32(out, (uint32_t)f->dep[k].n);
		for (size_t i = 0; i < f->dep[k].n; i++) {
			pack_text(out, f->dep[k].p[i].name);
			pack_text(out, f->dep[k].p[i].evr);
			pack_u32(out, f->dep[k].p[i].flags);
		}
	}
	pack_u32(out, (uint32_t)f->files.n);
	for (size_t i = 0; i < f->files.n; i++) {
		pack_text(out, f->files.p[i].path);
		pack_u32(out, f->files.p[i].mode);
		pack_u32(out, f->files.p[i].flags);
		pack_u64(out, f->files.p[i].size);
		pack_text(out, f->files.p[i].content);
	}
}

static void
unpack_deps(struct unpack *u, struct dep_list *l)
{
	uint32_t n = unpack_count(u, 3 * sizeof(uint32_t));

	while (n-- > 0 && !u->bad) {
		struct dep d = {.name = unpack_text(u)};

		d.evr = unpack_text(u);
		d.flags = unpack_u32(u);
		vec_push(l, d);
	}
}

void
facts_unpack_core(struct unpack *u, struct facts *f)
{
	uint32_t n;
	char **text;

	if (unpack_u32(u) != FACTS_VERSION)
		u->bad = true;
	for (size_t i = 0; (text = texts(f, i)); i++)
		*text = unpack_text(u);
	f->evr = evr_join(f->epoch, f->version, f->release);
	f->build_time = (int64_t)unpack_u64(u);
	for (int k = 0; k < DEP_KINDS; k++)
		unpack_deps(u, &f->dep[k]);
	n = unpack_count(u, 3 * sizeof(uint32_t));
	while (n-- > 0 && !u->bad) {
		struct fact_file file = {.path = unpack_text(u)};

		file.mode = unpack_u32(u);
		file.flags = unpack_u32(u);
		file.size = unpack_u64(u);
		file.content = unpack_text(u);
		vec_push(&f->files, file);
	}
}

void
facts_pack(struct str *out, const struct facts *f)
{
	facts_pack_core(out, f);
	pack_text(out, f->primary);
	pack_text(out, f->filelists);
	pack_text(out, f->other);
}

int
facts_unpack(const void *data, size_t n, struct facts *f, struct err *err)
{
	struct unpack u = unpack_begin(data, n);

	facts_unpack_core(&u, f);
	f->primary = unpack_text(&u);
	f->filelists = unpack_text(&u);
	f->other = unpack_text(&u);
	if (unpack_end(&u, "facts", err) < 0)
		return -1;
	/* Both become part of a path in the pool. */
	if (!hash_valid(f->sha256))
		return err_set(err, EBADMSG, "facts: no SHA-256");
	if (!*f->file || *f->file == '.' || strchr(f->file, '/'))
		return err_set(err, EBADMSG, "facts: a file name that cannot be");
	return 0;
}

char *
facts_location(const char *file, const char *sha256)
{
	return xasprintf("%c/%.8s/%s", file[0], sha256, file);
}

static int
deps_differ(const struct dep_list *a, const struct dep_list *b)
{
	if (a->n != b->n)
		return 1;
	for (size_t i = 0; i < a->n; i++)
		if (a->p[i].flags != b->p[i].flags || strcmp(a->p[i].name, b->p[i].name) != 0 ||
		    strcmp(a->p[i].evr, b->p[i].evr) != 0)
			return 1;
	return 0;
}

int
facts_differ(const struct facts *a, const struct facts *b, char **what)
{
	static const char *const kinds[DEP_KINDS] = {"provides", "requires", "conflicts", "obsoletes"};

	for (int k = 0; k < DEP_KINDS; k++)
		if (deps_differ(&a->dep[k], &b->dep[k])) {
			*what = xstrdup(kinds[k]);
			return 1;
		}
	for (size_t i = 0; i < a->files.n || i < b->files.n; i++) {
		const struct fact_file *x = &a->files.p[i], *y = &b->files.p[i];

		if (i >= a->files.n || i >= b->files.n || strcmp(x->path, y->path) != 0) {
			*what = xasprintf("the file list (%s)", i < a->files.n ? x->path : y->path);
			return 1;
		}
		if (x->mode != y->mode || x->size != y->size || strcmp(x->content, y->content) != 0) {
			*what = xasprintf("%s of %s", x->mode != y->mode ? "the mode" : "the content", x->path);
			return 1;
		}
	}
	return 0;
}
