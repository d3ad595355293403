#include <string.h>

#include "base/err.h"
#include "base/pack.h"
#include "bench/fake-job.h"

/* The texts of a file, a list of texts, a list of files, without a look at them. */
static void
skip_texts(struct unpack *u, uint32_t n)
{
	size_t length;

	while (n-- > 0 && !u->bad)
		unpack_bytes(u, &length);
}

static void
skip_strs(struct unpack *u)
{
	skip_texts(u, unpack_count(u, sizeof(uint32_t)));
}

static void
skip_files(struct unpack *u)
{
	skip_texts(u, 4 * unpack_count(u, 4 * sizeof(uint32_t)));
}

int
fake_job_read(const struct wire_frame *f, struct fake_job *out, struct err *err)
{
	struct unpack u = unpack_begin(f->payload, f->n);

	out->ref.job = (int64_t)unpack_u64(&u);
	out->ref.attempt = unpack_u32(&u);
	out->kind = unpack_u32(&u);
	unpack_into(&u, out->label, sizeof(out->label));
	unpack_into(&u, out->arch, sizeof(out->arch));
	skip_texts(&u, 6);	/* repository, index, changes, allow, sanity, base_group */
	unpack_u64(&u);		/* task */
	skip_files(&u);		/* overlay */
	unpack_u32(&u);		/* n_own */
	for (int i = 0; i < 4; i++)
		skip_strs(&u);	/* removed, on_removed, deletes, builds */
	skip_files(&u);		/* others */
	skip_strs(&u);		/* other_arches */
	unpack_into(&u, out->sha256, sizeof(out->sha256));
	unpack_into(&u, out->source, sizeof(out->source));
	skip_texts(&u, 2);	/* facts and identity of the source */
	unpack_u64(&u);		/* source_date_epoch */
	limits_unpack(&u);
	unpack_u32(&u);		/* network, keep */
	return unpack_end(&u, "JOB", err);
}

/* What stands before version and release in the name of a source package; for a tree, a name that no other task has. */
static void
package_name(const struct fake_job *j, char *out, size_t size)
{
	static const char suffix[] = ".src.rpm";
	size_t n = strlen(j->source), m = sizeof(suffix) - 1;
	bool srpm = n > m && strcmp(j->source + n - m, suffix) == 0;

	if (!srpm) {
		snprintf(out, size, "fake-%.*s", (int)strcspn(j->label + 1, " "), *j->label ? j->label + 1 : "");
		return;
	}
	for (int dashes = 0; n > 0 && dashes < 2; n--)
		dashes += j->source[n - 1] == '-';
	snprintf(out, size, "%.*s", (int)n, j->source);
}

void
fake_job_result(const struct fake_job *j, enum wire_outcome outcome, const struct usage *usage, struct str *out)
{
	static const char *const reasons[] = {[WIRE_OK] = "", [WIRE_FAILED] = "it does not build", [WIRE_INFRA] = "the disk is gone"};
	char package[256], name[320];
	char *sha256 = (char *)j->sha256;
	struct wire_file file = {sha256, name, (char *)"", (char *)""};
	struct wire_result r = {.ref = j->ref, .outcome = outcome, .reason = (char *)reasons[outcome], .usage = *usage};

	package_name(j, package, sizeof(package));
	if (outcome == WIRE_OK && j->kind != WIRE_JOB_TEST)
		r.files = (struct wire_files){.p = &file, .n = 1};
	if (j->kind == WIRE_JOB_SRPM) {
		snprintf(name, sizeof(name), "%s-1-1.src.rpm", package);
		r.package = package;
		r.evr = (char *)"1-1";
	} else {
		snprintf(name, sizeof(name), "%s-1-1.noarch.rpm", package);
		file.facts = sha256;
	}
	wire_result_pack(out, &r);
}
