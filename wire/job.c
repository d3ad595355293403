#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/pack.h"
#include "base/vec.h"
#include "wire/job.h"

static void
file_fini(struct wire_file *f)
{
	free(f->sha256);
	free(f->name);
	free(f->facts);
	free(f->identity);
}

static void
files_fini(struct wire_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		file_fini(&f->p[i]);
	vec_fini(f);
}

void
wire_files_add(struct wire_files *f, const char *sha256, const char *name, const char *facts, const char *identity)
{
	vec_push(f, ((struct wire_file){xstrdup(sha256), xstrdup(name), xstrdup(facts), xstrdup(identity)}));
}

static void
file_pack(struct str *out, const struct wire_file *f)
{
	pack_text(out, f->sha256);
	pack_text(out, f->name);
	pack_text(out, f->facts);
	pack_text(out, f->identity);
}

static struct wire_file
file_unpack(struct unpack *u)
{
	struct wire_file f = {.sha256 = unpack_text(u)};

	f.name = unpack_text(u);
	f.facts = unpack_text(u);
	f.identity = unpack_text(u);
	return f;
}

static void
files_pack(struct str *out, const struct wire_files *f)
{
	pack_u32(out, (uint32_t)f->n);
	for (size_t i = 0; i < f->n; i++)
		file_pack(out, &f->p[i]);
}

static void
files_unpack(struct unpack *u, struct wire_files *f)
{
	uint32_t n = unpack_count(u, 4 * sizeof(uint32_t));

	while (n-- > 0 && !u->bad)
		vec_push(f, file_unpack(u));
}

/* Hashes and names become paths later on: nothing else than a hash, and a name in one folder, may stand there. */
static int
check_file(const struct wire_file *f, const char *what, struct err *err)
{
	if (!hash_valid(f->sha256) || (f->facts[0] && !hash_valid(f->facts)) ||
	    (f->identity[0] && !hash_valid(f->identity)))
		return err_set(err, EBADMSG, "%s: a file without a SHA-256", what);
	if (!f->name[0] || f->name[0] == '.' || strchr(f->name, '/'))
		return err_set(err, EBADMSG, "%s: a file with a name that cannot be", what);
	return 0;
}

static int
check_files(const struct wire_files *f, const char *what, struct err *err)
{
	for (size_t i = 0; i < f->n; i++)
		if (check_file(&f->p[i], what, err) < 0)
			return -1;
	return 0;
}

/* Those that a job need not have: "" or a hash. */
static int
check_single(const struct wire_job *j, struct err *err)
{
	const char *single[] = {j->index, j->changes};

	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		if (*single[i] && !hash_valid(single[i]))
			return err_set(err, EBADMSG, "JOB: metadata without a SHA-256");
	return j->source.sha256[0] ? check_file(&j->source, "JOB", err) : 0;
}

void
wire_job_fini(struct wire_job *j)
{
	char *all[] = {j->label, j->arch, j->repository, j->index, j->changes, j->allow,
	    j->sanity, j->base_group};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		free(all[i]);
	files_fini(&j->overlay);
	strs_fini(&j->removed);
	strs_fini(&j->on_removed);
	strs_fini(&j->deletes);
	strs_fini(&j->builds);
	files_fini(&j->others);
	strs_fini(&j->other_arches);
	file_fini(&j->source);
	*j = (struct wire_job){0};
}

void
wire_job_pack(struct str *out, const struct wire_job *j)
{
	const char *text[] = {j->label, j->arch, j->repository, j->index, j->changes, j->allow,
	    j->sanity, j->base_group};

	pack_u64(out, (uint64_t)j->ref.job);
	pack_u32(out, j->ref.attempt);
	pack_u32(out, j->kind);
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		pack_text(out, text[i]);
	pack_u64(out, (uint64_t)j->task);
	files_pack(out, &j->overlay);
	pack_u32(out, (uint32_t)j->n_own);
	pack_strs(out, &j->removed);
	pack_strs(out, &j->on_removed);
	pack_strs(out, &j->deletes);
	pack_strs(out, &j->builds);
	files_pack(out, &j->others);
	pack_strs(out, &j->other_arches);
	file_pack(out, &j->source);
	pack_u64(out, (uint64_t)j->source_date_epoch);
	limits_pack(out, &j->limits);
	pack_u32(out, j->network | (uint32_t)j->keep << 1);
}

int
wire_job_unpack(const struct wire_frame *f, struct wire_job *j, struct err *err)
{
	char **text[] = {&j->label, &j->arch, &j->repository, &j->index, &j->changes, &j->allow,
	    &j->sanity, &j->base_group};
	struct unpack u = unpack_begin(f->payload, f->n);
	uint32_t flags;

	j->ref.job = (int64_t)unpack_u64(&u);
	j->ref.attempt = unpack_u32(&u);
	j->kind = unpack_u32(&u);
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		*text[i] = unpack_text(&u);
	j->task = (int64_t)unpack_u64(&u);
	files_unpack(&u, &j->overlay);
	j->n_own = unpack_u32(&u);
	unpack_strs(&u, &j->removed);
	unpack_strs(&u, &j->on_removed);
	unpack_strs(&u, &j->deletes);
	unpack_strs(&u, &j->builds);
	files_unpack(&u, &j->others);
	unpack_strs(&u, &j->other_arches);
	j->source = file_unpack(&u);
	j->source_date_epoch = (int64_t)unpack_u64(&u);
	j->limits = limits_unpack(&u);
	flags = unpack_u32(&u);
	j->network = flags & 1;
	j->keep = flags & 2;
	/* What rpm can write down. */
	if (j->source_date_epoch < 0 || j->source_date_epoch > UINT32_MAX)
		u.bad = true;
	if (flags > 3 || j->kind < WIRE_JOB_SRPM || j->kind > WIRE_JOB_TEST || j->n_own > j->overlay.n ||
	    j->others.n != j->other_arches.n)
		u.bad = true;
	if (unpack_end(&u, "JOB", err) < 0 || check_single(j, err) < 0)
		return -1;
	return check_files(&j->overlay, "JOB", err) < 0 ? -1 : check_files(&j->others, "JOB", err);
}

void
wire_result_fini(struct wire_result *r)
{
	free(r->reason);
	strs_fini(&r->notes);
	free(r->log);
	free(r->buildroot);
	free(r->root);
	files_fini(&r->files);
	free(r->package);
	free(r->evr);
	strs_fini(&r->provides);
	strs_fini(&r->requires);
	strs_fini(&r->exclusive);
	strs_fini(&r->excluded);
	strs_fini(&r->unmet);
	*r = (struct wire_result){0};
}

void
wire_result_pack(struct str *out, const struct wire_result *r)
{
	pack_u64(out, (uint64_t)r->ref.job);
	pack_u32(out, r->ref.attempt);
	pack_u32(out, r->outcome);
	pack_text(out, r->reason);
	pack_strs(out, &r->notes);
	pack_text(out, r->log);
	pack_text(out, r->buildroot);
	pack_text(out, r->root);
	usage_pack(out, &r->usage);
	files_pack(out, &r->files);
	pack_text(out, r->package);
	pack_text(out, r->evr);
	pack_strs(out, &r->provides);
	pack_strs(out, &r->requires);
	pack_strs(out, &r->exclusive);
	pack_strs(out, &r->excluded);
	pack_strs(out, &r->unmet);
}

int
wire_result_unpack(const void *data, size_t n, struct wire_result *r, struct err *err)
{
	struct unpack u = unpack_begin(data, n);

	r->ref.job = (int64_t)unpack_u64(&u);
	r->ref.attempt = unpack_u32(&u);
	r->outcome = unpack_u32(&u);
	r->reason = unpack_text(&u);
	unpack_strs(&u, &r->notes);
	r->log = unpack_text(&u);
	r->buildroot = unpack_text(&u);
	r->root = unpack_text(&u);
	r->usage = usage_unpack(&u);
	files_unpack(&u, &r->files);
	r->package = unpack_text(&u);
	r->evr = unpack_text(&u);
	unpack_strs(&u, &r->provides);
	unpack_strs(&u, &r->requires);
	unpack_strs(&u, &r->exclusive);
	unpack_strs(&u, &r->excluded);
	unpack_strs(&u, &r->unmet);
	if (r->outcome < WIRE_OK || r->outcome > WIRE_NEEDS ||
	    (r->log[0] && !hash_valid(r->log)) || (r->buildroot[0] && !hash_valid(r->buildroot)))
		u.bad = true;
	if (unpack_end(&u, "RESULT", err) < 0)
		return -1;
	return check_files(&r->files, "RESULT", err);
}
