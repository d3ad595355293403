/*
 * libcreaterepo_c writes the XML; what it says of the files was found out while
 * they were written, so that none is read again.
 */
#include <createrepo_c/createrepo_c.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "repo/publish.h"
#include "repo/repomd.h"

enum { SIGN_MS = 60000 };

AUTO_DEFINE(cr_Repomd *, cr_repomd_free);

static cr_RepomdRecord *
record_of(const char *kind, const struct repomd_file *f, int64_t when)
{
	AUTO(free) char *href = xasprintf("repodata/%s", f->name);
	cr_RepomdRecord *r = cr_repomd_record_new(kind, NULL);

	r->location_href = cr_safe_string_chunk_insert(r->chunk, href);
	r->checksum = cr_safe_string_chunk_insert(r->chunk, f->hash.hex);
	r->checksum_type = cr_safe_string_chunk_insert(r->chunk, "sha256");
	r->timestamp = when;
	r->size = (gint64)f->size;
	r->size_open = (gint64)f->open_size;
	if (*f->open_hash.hex) {
		r->checksum_open = cr_safe_string_chunk_insert(r->chunk, f->open_hash.hex);
		r->checksum_open_type = cr_safe_string_chunk_insert(r->chunk, "sha256");
	}
	return r;
}

int
repomd_write(int repodata, int64_t when, const struct repomd_file *file, struct sha256 *out, struct err *err)
{
	AUTO(cr_repomd_free) cr_Repomd *md = cr_repomd_new();
	AUTO(free) char *revision = xasprintf("%lld", (long long)when);
	AUTO(free) char *xml = NULL;

	cr_repomd_set_revision(md, revision);
	for (int k = 0; k < PUBLISH_KINDS; k++)
		cr_repomd_set_record(md, record_of(publish_kind_name(k), &file[k], when));
	xml = cr_xml_dump_repomd(md, NULL);
	if (!xml)
		return err_set(err, EIO, "write repomd.xml");
	*out = hash_bytes(xml, strlen(xml));
	return file_replace(repodata, "repomd.xml", xml, strlen(xml), 0644, err);
}

/* gpg in the folder repodata; what it wrote is synced. */
static int
run_gpg(int repodata, const char *const *argv, const char *made, struct err *err)
{
	AUTO(free) char *cwd = xasprintf("/proc/self/fd/%d", repodata);
	AUTO(str_fini) struct str said = {0};
	AUTO(close) int fd = -1;
	struct ended ended;

	if (spawn_run(&(struct spawn){.argv = argv, .cwd = cwd}, NULL, &said, SIGN_MS, &ended, err) < 0)
		return err_ctx(err, "gpg");
	while (said.n && said.p[said.n - 1] == '\n')
		said.p[--said.n] = '\0';
	if (ended.how != ENDED_EXIT || ended.code) {
		AUTO(str_fini) struct str how = {0};

		ended_text(ended, &how);
		return err_set(err, EIO, "gpg: %s: %s", str_c(&how), str_c(&said));
	}
	/* It says 0 also when there is no such key to export. */
	fd = openat(repodata, made, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "gpg wrote no %s: %s", made, str_c(&said));
	return file_sync(fd, made, err);
}

int
repomd_sign(int repodata, const char *key, const char *home, struct err *err)
{
	/* An empty option of gpg's does not exist: without a home of its own the argument is one that changes nothing. */
	bool own = home && *home;
	const char *option = own ? "--homedir" : "--no-greeting", *value = own ? home : "--quiet";
	const char *sign[] = {"gpg", option, value, "--batch", "--yes", "--no-tty", "--armor", "--local-user", key,
	    "--output", "repomd.xml.asc", "--detach-sign", "repomd.xml", NULL};
	const char *export[] = {"gpg", option, value, "--batch", "--yes", "--no-tty", "--armor",
	    "--output", "repomd.xml.key", "--export", key, NULL};

	if (run_gpg(repodata, sign, "repomd.xml.asc", err) < 0 || run_gpg(repodata, export, "repomd.xml.key", err) < 0)
		return err_ctx(err, "sign repomd.xml with the key %s", key);
	return 0;
}
