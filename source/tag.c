/*
 * The tag object is parsed by hand and strictly: only the headers object, type,
 * tag and tagger, in this order; no NUL; the signature last, nothing after it.
 * What a lenient parser would skip is what a forger would use.
 */
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "source/git.h"
#include "source/tag.h"

enum {
	TAG_MAX_BYTES = 1 << 20,
	TAG_MAX_NAME = 200,
};
#define TAG_MAX_WHEN 253402300799ll	/* the end of the year 9999 */

void
tag_fini(struct tag *t)
{
	free(t->name);
	free(t->tagger);
	str_fini(&t->payload);
	str_fini(&t->signature);
	*t = (struct tag){0};
}

int
tag_repository(const char *path, git_repository **repo, struct err *err)
{
	int r;

	gitlib_start();
	r = git_repository_open_ext(repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	if (r == GIT_ENOTFOUND)
		return err_set(err, ENOENT, "%s: there is no git repository", path);
	return r < 0 ? gitlib_err(err, "open git repository %s", path) : 0;
}

/* Git's own rules for ref names, and those that keep a name harmless on a command line and a terminal. */
static bool
valid_name(const char *name)
{
	AUTO(free) char *ref = xasprintf("refs/tags/%s", name);
	AUTO(str_fini) struct str shown = {0};
	int valid = 0;

	text_printable(&shown, name);
	return name[0] != '\0' && name[0] != '-' && strlen(name) <= TAG_MAX_NAME && strcmp(str_c(&shown), name) == 0 &&
	    git_reference_name_is_valid(&valid, ref) == 0 && valid;
}

/* The value of the next line if that begins with key; then *text is moved past it. malloc'ed. */
static char *
header(const char **text, const char *key)
{
	size_t n = strlen(key);
	const char *end = strchr(*text, '\n');
	char *value;

	if (!end || strncmp(*text, key, n) != 0)
		return NULL;
	value = xstrndup(*text + n, (size_t)(end - *text) - n);
	*text = end + 1;
	return value;
}

/* "Joe Hacker <joe@example.org> 1700000000 +0300" */
static int
parse_tagger(const char *line, struct tag *out, struct err *err)
{
	const char *open = strchr(line, '<');
	const char *close = strrchr(line, '>');
	AUTO(str_fini) struct str shown = {0};
	AUTO(strs_fini) struct strs date = {0};
	AUTO(free) char *who = NULL;

	if (!open || !close || close < open || close[1] != ' ')
		return err_set(err, EINVAL, "malformed tagger");
	strs_split(&date, close + 1, " ");
	out->when = date.n == 2 ? text_number(date.p[0], TAG_MAX_WHEN) : -1;
	if (out->when < 0 || strlen(date.p[1]) != 5 || !strchr("+-", date.p[1][0]) ||
	    strspn(date.p[1] + 1, "0123456789") != 4)
		return err_set(err, EINVAL, "malformed tagger's date");
	who = xstrndup(line, (size_t)(close + 1 - line));
	text_printable(&shown, who);
	out->tagger = str_steal(&shown);
	return 0;
}

/* Where the signature begins: the last line that opens one, as git has it; the end if none does. */
static const char *
find_signature(const char *message)
{
	static const char *const begin[] = {"-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP MESSAGE-----",
	    "-----BEGIN SSH SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----"};
	const char *found = NULL, *line = message, *end;

	do {
		for (size_t i = 0; i < ARRAY_SIZE(begin); i++)
			if (strncmp(line, begin[i], strlen(begin[i])) == 0)
				found = line;
		end = strchr(line, '\n');
		line = end ? end + 1 : line;
	} while (end);
	return found ? found : message + strlen(message);
}

/* An armoured block is over at its END line: what follows would be neither signed nor seen. */
static bool
ends_armoured(const char *signature)
{
	const char *end = strstr(signature, "\n-----END ");

	if (!end)
		return false;
	end += 1 + strcspn(end + 1, "\n");
	return end[strspn(end, "\n")] == '\0';
}

static int
parse_text(const char *text, struct tag *out, struct err *err)
{
	const char *rest = text;
	AUTO(free) char *commit = header(&rest, "object ");
	AUTO(free) char *type = header(&rest, "type ");
	AUTO(free) char *name = header(&rest, "tag ");
	AUTO(free) char *tagger = header(&rest, "tagger ");
	const char *signature;
	git_oid id;

	if (!commit || !type || !name || *rest != '\n' || !gitlib_hex(commit, &id))
		return err_set(err, EINVAL, "malformed tag object");
	if (strcmp(type, "commit") != 0)
		return err_set(err, EINVAL, "it points to a %.10s; tag the commit to be built", type);
	git_oid_tostr(out->commit, sizeof(out->commit), &id);
	out->name = STEAL(name);
	if (tagger && parse_tagger(tagger, out, err) < 0)
		return -1;
	signature = find_signature(rest + 1);
	if (*signature && !ends_armoured(signature))
		return err_set(err, EINVAL, "its signature is cut off or followed by other text");
	str_put(&out->payload, text, (size_t)(signature - text));
	str_puts(&out->signature, signature);
	return 0;
}

int
tag_parse(const void *raw, size_t n, struct tag *out, struct err *err)
{
	AUTO(free) char *text = xstrndup(raw, n);

	if (strlen(text) != n)
		return err_set(err, EINVAL, "malformed tag object: it contains a NUL");
	return parse_text(text, out, err);
}

static int
read_object(git_repository *repo, const git_oid *id, struct tag *out, struct err *err)
{
	AUTO(git_commit_free) git_commit *commit = NULL;
	AUTO(git_odb_free) git_odb *odb = NULL;
	AUTO(str_fini) struct str raw = {0};
	git_oid commit_id;

	if (git_repository_odb(&odb, repo) < 0)
		return gitlib_err(err, "object store");
	if (gitlib_read(odb, id, GIT_OBJECT_TAG, TAG_MAX_BYTES, &raw, err) < 0)
		return -1;
	if (tag_parse(str_c(&raw), raw.n, out, err) < 0)
		return -1;
	git_oid_tostr(out->id, sizeof(out->id), id);
	git_oid_fromstr(&commit_id, out->commit);
	if (git_commit_lookup(&commit, repo, &commit_id) < 0)
		return gitlib_err(err, "its commit %s", out->commit);
	if (!out->tagger) {
		out->tagger = xstrdup("");
		out->when = git_commit_time(commit) > 0 ? git_commit_time(commit) : 0;
	}
	return 0;
}

/* What the ref points to, if that is an annotated tag. */
static int
find_object(git_repository *repo, const char *name, git_oid *id, struct err *err)
{
	AUTO(free) char *ref_name = xasprintf("refs/tags/%s", name);
	AUTO(git_reference_free) git_reference *ref = NULL;
	AUTO(git_odb_free) git_odb *odb = NULL;
	git_object_t type;
	size_t size;
	int r = git_reference_lookup(&ref, repo, ref_name);

	if (r == GIT_ENOTFOUND) {
		err_set(err, ENOENT, "tag %s: there is none; was it pushed?", name);
		return TAG_ABSENT;
	}
	if (r < 0)
		return gitlib_err(err, "tag %s", name);
	if (git_reference_type(ref) != GIT_REFERENCE_DIRECT)
		return err_set(err, EINVAL, "tag %s: it is a symbolic ref, not a tag", name);
	git_oid_cpy(id, git_reference_target(ref));
	if (git_repository_odb(&odb, repo) < 0 || git_odb_read_header(&size, &type, odb, id) < 0)
		return gitlib_err(err, "tag %s", name);
	if (type == GIT_OBJECT_COMMIT)
		return err_set(err, EINVAL, "tag %s: it is a lightweight tag; make an annotated and signed one: "
		    "git tag -s -f %s COMMIT, and push it", name, name);
	if (type != GIT_OBJECT_TAG)
		return err_set(err, EINVAL, "tag %s: it points to a %s; tag the commit to be built", name,
		    git_object_type2string(type));
	return 0;
}

int
tag_read_object(git_repository *repo, const char *name, const git_oid *id, struct tag *out, struct err *err)
{
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, name);
	if (!valid_name(name))
		return err_set(err, EINVAL, "tag %s: this is not a valid name of a tag", str_c(&shown));
	if (read_object(repo, id, out, err) < 0)
		return err_ctx(err, "tag %s", name);
	if (strcmp(out->name, name) != 0) {
		str_clear(&shown);
		text_printable(&shown, out->name);
		return err_set(err, EINVAL, "tag %s: inside it calls itself %s; tag again under one name", name, str_c(&shown));
	}
	return 0;
}

int
tag_read(git_repository *repo, const char *name, struct tag *out, struct err *err)
{
	AUTO(str_fini) struct str shown = {0};
	git_oid id;
	int r;

	text_printable(&shown, name);
	if (!valid_name(name))
		return err_set(err, EINVAL, "tag %s: this is not a valid name of a tag", str_c(&shown));
	r = find_object(repo, name, &id, err);
	return r ? r : tag_read_object(repo, name, &id, out, err);
}
