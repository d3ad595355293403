#include "source/test-git.h"

#include "source/signature.h"
#include "source/tag.h"

static git_repository *
open_work(const struct place *p)
{
	git_repository *repo = NULL;
	struct err err = {0};

	if (tag_repository(p->work, &repo, &err) < 0)
		fail_msg("%s", err.msg);
	return repo;
}

static void
read_good(const struct place *p, const char *name, struct tag *t)
{
	AUTO(git_repository_free) git_repository *repo = open_work(p);
	struct err err = {0};

	if (tag_read(repo, name, t, &err) != 0)
		fail_msg("%s", err.msg);
}

/* tag_read() gives `result` and a message with `part`. */
static void
read_bad(const struct place *p, const char *name, int result, const char *part)
{
	AUTO(git_repository_free) git_repository *repo = open_work(p);
	AUTO(tag_fini) struct tag t = {0};
	struct err err = {0};

	assert_int_equal(tag_read(repo, name, &t, &err), result);
	if (!strstr(err.msg, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
}

/* Make refs/tags/NAME of raw bytes. */
static void
put_tag(const struct place *p, const char *name, const void *data, size_t n)
{
	AUTO(free) char *id = put_object(p, "tag", data, n);
	AUTO(free) char *path = xasprintf(".git/refs/tags/%s", name);

	put(p, path, id);
}

static void
test_annotated(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *id = NULL;
	AUTO(free) char *head = NULL;

	put(&p, "f", "1\n");
	commit(&p);
	RUN(&p, "git", "tag", "-a", "-m", "first\n\nrelease", "1.0-alt1");
	id = OUTPUT(&p, "git", "rev-parse", "1.0-alt1");
	head = OUTPUT(&p, "git", "rev-parse", "HEAD");
	read_good(&p, "1.0-alt1", &t);
	assert_string_equal(t.name, "1.0-alt1");
	assert_string_equal(t.id, id);
	assert_string_equal(t.commit, head);
	assert_string_equal(t.tagger, "Joe Hacker <joe@example.org>");
	assert_int_equal(t.when, WHEN);
	assert_int_equal(t.signature.n, 0);
	assert_non_null(strstr(str_c(&t.payload), "\n\nfirst\n\nrelease"));
	read_bad(&p, "2.0", TAG_ABSENT, "there is none");
}

static void
test_no_repository(void **state)
{
	git_repository *repo = NULL;
	struct err err = {0};

	assert_int_equal(tag_repository("/nonexistent", &repo, &err), -1);
	assert_non_null(strstr(err.msg, "no git repository"));
	assert_int_equal(tag_repository("/", &repo, &err), -1);
}

static void
test_not_annotated(void **state)
{
	AUTO(place_fini) struct place p = place_make();

	put(&p, "f", "1\n");
	commit(&p);
	RUN(&p, "git", "tag", "light");
	RUN(&p, "git", "tag", "-a", "-m", "x", "tree", "HEAD^{tree}");
	RUN(&p, "git", "tag", "blob", "HEAD:f");
	RUN(&p, "git", "tag", "-a", "-m", "x", "outer", "tree");
	RUN(&p, "git", "symbolic-ref", "refs/tags/link", "refs/tags/tree");
	read_bad(&p, "light", -1, "git tag -s");
	read_bad(&p, "tree", -1, "points to a tree");
	read_bad(&p, "blob", -1, "points to a blob");
	read_bad(&p, "outer", -1, "points to a tag");
	read_bad(&p, "link", -1, "symbolic ref");
}

static void
test_names(void **state)
{
	static const char *const bad[] = {"", "-x", "a..b", "a b", "a\nb", "a\033[1m", "../heads/main", "a.lock", "a~1", "a:b",
	    "@{u}", "/a", "a/", "a//b"};
	AUTO(place_fini) struct place p = place_make();

	put(&p, "f", "1\n");
	commit(&p);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		read_bad(&p, bad[i], -1, "not a valid name");
	RUN(&p, "git", "tag", "-a", "-m", "x", "inner");
	RUN(&p, "git", "update-ref", "refs/tags/outer", "refs/tags/inner");
	read_bad(&p, "outer", -1, "calls itself inner");
}

static void
test_malformed(void **state)
{
	static const struct {
		const char *rest;
		const char *part;
	} cases[] = {
		{"type commit\ntag t\ntagger J <j@x> 1 +0000\nextra x\n\nm\n", "malformed tag object"},
		{"type commit\ntag t\ntagger J <j@x> +0000\n\nm\n", "malformed tagger"},
		{"type commit\ntag t\ntagger J j@x 1 +0000\n\nm\n", "malformed tagger"},
		{"type commit\ntag t\ntagger J <j@x> 1 0000\n\nm\n", "malformed tagger"},
		{"type commit\ntag t\ntagger J <j@x> 99999999999999999999 +0000\n\nm\n", "malformed tagger"},
		{"tag t\ntype commit\ntagger J <j@x> 1 +0000\n\nm\n", "malformed tag object"},
		{"type commit\ntag t", "malformed tag object"},
		{"type commit\ntag t\n\nm\n-----BEGIN PGP SIGNATURE-----\nx\n", "cut off"},
		{"type commit\ntag t\n\nm\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----\nmore\n",
		    "followed by other text"},
	};
	AUTO(place_fini) struct place p = place_make();
	AUTO(free) char *head = NULL;
	AUTO(free) char *no_commit = NULL;
	AUTO(str_fini) struct str nul = {0};

	put(&p, "f", "1\n");
	commit(&p);
	head = OUTPUT(&p, "git", "rev-parse", "HEAD");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(free) char *text = xasprintf("object %s\n%s", head, cases[i].rest);

		put_tag(&p, "t", text, strlen(text));
		read_bad(&p, "t", -1, cases[i].part);
	}
	str_add(&nul, "object %s\ntype commit\ntag t\n\nm", head);
	str_put(&nul, "\0x\n", 3);
	put_tag(&p, "t", nul.p, nul.n);
	read_bad(&p, "t", -1, "NUL");
	no_commit = xasprintf("object %040d\ntype commit\ntag t\n\nm\n", 1);
	put_tag(&p, "t", no_commit, strlen(no_commit));
	read_bad(&p, "t", -1, "its commit");
}

static void
test_no_tagger(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *head = NULL;
	AUTO(free) char *text = NULL;

	put(&p, "f", "1\n");
	commit(&p);
	head = OUTPUT(&p, "git", "rev-parse", "HEAD");
	text = xasprintf("object %s\ntype commit\ntag t\n\nm\n", head);
	put_tag(&p, "t", text, strlen(text));
	read_good(&p, "t", &t);
	assert_string_equal(t.tagger, "");
	assert_int_equal(t.when, WHEN);
}

/* Keys */

static char *
slurp(const struct place *p, const char *path)
{
	AUTO(free) char *full = xasprintf("%s/%s", p->dir, path);
	AUTO(str_fini) struct str text = {0};
	struct err err = {0};

	assert_int_equal(file_read(AT_FDCWD, full, 1 << 20, &text, &err), 0);
	return str_steal(&text);
}

/* A key pair home/NAME and home/NAME.pub; the public line. */
static char *
make_ssh_key(const struct place *p, const char *name, const char *type)
{
	AUTO(free) char *path = xasprintf("%s/%s", p->home, name);
	AUTO(free) char *public = xasprintf("home/%s.pub", name);

	RUN(p, "ssh-keygen", "-q", "-t", type, "-N", "", "-C", "joe with a comment", "-f", path);
	return slurp(p, public);
}

static void
sign_ssh(const struct place *p, const char *key, const char *tag)
{
	AUTO(free) char *path = xasprintf("user.signingkey=%s/%s", p->home, key);

	RUN(p, "git", "-c", "gpg.format=ssh", "-c", path, "tag", "-f", "-s", "-m", "signed", tag);
}

static void
expect(const struct tag *t, const struct signing_key *keys, size_t n, int result, size_t by, const char *part)
{
	size_t found = SIZE_MAX;
	struct err err = {0};
	int r = signature_verify(t, keys, n, &found, &err);

	if (r != result)
		fail_msg("%d instead of %d: %s", r, result, err.msg);
	if (r == 0)
		assert_int_equal(found, by);
	if (part && !strstr(err.msg, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
}

static void
test_ssh(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(tag_fini) struct tag t = {0};
	AUTO(tag_fini) struct tag unsigned_tag = {0};
	AUTO(free) char *one = make_ssh_key(&p, "one", "ed25519");
	AUTO(free) char *two = make_ssh_key(&p, "two", "ecdsa");
	AUTO(free) char *three = make_ssh_key(&p, "three", "rsa");
	const struct signing_key keys[] = {{KEY_SSH, "joe", three}, {KEY_SSH, "jack", one}, {KEY_SSH, "jim", two}};

	put(&p, "f", "1\n");
	commit(&p);
	sign_ssh(&p, "two", "t");
	read_good(&p, "t", &t);
	assert_int_equal(strncmp(str_c(&t.signature), "-----BEGIN SSH SIGNATURE-----", 29), 0);
	expect(&t, keys, 3, 0, 2, NULL);
	expect(&t, keys, 2, SIGNATURE_UNKNOWN, 0, "none of the known SSH keys");
	expect(&t, keys, 0, SIGNATURE_UNKNOWN, 0, "no SSH key is known");
	str_putc(&t.payload, '\n');
	expect(&t, keys, 3, SIGNATURE_BAD, 0, "does not fit");
	RUN(&p, "git", "tag", "-a", "-m", "x", "u");
	read_good(&p, "u", &unsigned_tag);
	expect(&unsigned_tag, keys, 3, SIGNATURE_NONE, 0, "git tag -s");
	str_puts(&unsigned_tag.signature, "-----BEGIN SIGNED MESSAGE-----\n");
	expect(&unsigned_tag, keys, 3, SIGNATURE_BAD, 0, "unknown kind");
}

/* A signature made for another namespace does not count, and a key's text adds no options of its own. */
static void
test_ssh_tricks(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *key = make_ssh_key(&p, "k", "ed25519");
	AUTO(free) char *path = xasprintf("%s/k", p.home);
	AUTO(free) char *with_options = xasprintf("namespaces=\"file\" %s", key);
	AUTO(free) char *two_lines = xasprintf("%s* %s", key, key);
	AUTO(free) char *signature = NULL;

	put(&p, "f", "1\n");
	commit(&p);
	sign_ssh(&p, "k", "t");
	read_good(&p, "t", &t);
	expect(&t, &(struct signing_key){KEY_SSH, "joe", with_options}, 1, SIGNATURE_UNKNOWN, 0, NULL);
	expect(&t, &(struct signing_key){KEY_SSH, "joe", two_lines}, 1, SIGNATURE_UNKNOWN, 0, NULL);
	put_bytes(&p, "payload", t.payload.p, t.payload.n);
	RUN(&p, "ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", path, "payload");
	signature = slurp(&p, "work/payload.sig");
	str_clear(&t.signature);
	str_puts(&t.signature, signature);
	expect(&t, &(struct signing_key){KEY_SSH, "joe", key}, 1, SIGNATURE_BAD, 0, NULL);
}

/* Make a PGP key valid from 2020 for a time ("never", "1y"); its armoured public part. */
static char *
make_gpg_key(const struct place *p, const char *who, const char *expires)
{
	RUN(p, "gpg", "--batch", "--quiet", "--faked-system-time", "20200101T000000", "--passphrase", "",
	    "--quick-gen-key", who, "ed25519", "sign", expires);
	return OUTPUT(p, "gpg", "--batch", "--armor", "--export", who);
}

static void
sign_gpg(const struct place *p, const char *who, const char *tag)
{
	AUTO(free) char *key = xasprintf("user.signingkey=%s", who);
	AUTO(free) char *program = xasprintf("gpg.program=%s/work/gpg-in-2020", p->dir);

	put(p, "gpg-in-2020", "#!/bin/sh\nexec gpg --faked-system-time 20200601T000000 \"$@\"\n");
	RUN(p, "chmod", "+x", "gpg-in-2020");
	RUN(p, "git", "-c", program, "-c", key, "tag", "-f", "-s", "-m", "signed", tag);
}

static void
stop_agent(const struct place *p)
{
	RUN(p, "gpgconf", "--kill", "all");
}

static void
test_gpg(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *one = make_gpg_key(&p, "one@example.org", "never");
	AUTO(free) char *two = make_gpg_key(&p, "two@example.org", "never");
	AUTO(free) char *ssh = make_ssh_key(&p, "k", "ed25519");
	const struct signing_key keys[] = {{KEY_SSH, "jim", ssh}, {KEY_GPG, "joe", one}, {KEY_GPG, "jack", two}};

	put(&p, "f", "1\n");
	commit(&p);
	sign_gpg(&p, "two@example.org", "t");
	stop_agent(&p);
	read_good(&p, "t", &t);
	expect(&t, keys, 3, 0, 2, NULL);
	expect(&t, keys, 2, SIGNATURE_UNKNOWN, 0, "none of the known keys");
	expect(&t, keys, 1, SIGNATURE_UNKNOWN, 0, "no PGP key is known");
	t.payload.p[t.payload.n - 2]++;
	expect(&t, keys, 3, SIGNATURE_BAD, 0, "does not fit");
	str_clear(&t.signature);
	str_puts(&t.signature, "-----BEGIN PGP SIGNATURE-----\n\ngarbage\n-----END PGP SIGNATURE-----\n");
	expect(&t, keys, 3, SIGNATURE_BAD, 0, "cannot be read");
}

static void
test_gpg_expired(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(str_fini) struct str fingerprint = {0};
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *key = make_gpg_key(&p, "old@example.org", "1y");
	enum key_kind kind;
	struct err err = {0};

	put(&p, "f", "1\n");
	commit(&p);
	sign_gpg(&p, "old@example.org", "t");
	stop_agent(&p);
	read_good(&p, "t", &t);
	expect(&t, &(struct signing_key){KEY_GPG, "joe", key}, 1, SIGNATURE_BAD, 0, "expired");
	assert_int_equal(signature_key_parse(key, &kind, &fingerprint, &err), -1);
	assert_non_null(strstr(err.msg, "expired"));
}

static void
test_gpg_revoked(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(str_fini) struct str fingerprint = {0};
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *before = make_gpg_key(&p, "gone@example.org", "never");
	AUTO(free) char *path = NULL;
	AUTO(free) char *after = NULL;
	enum key_kind kind;
	struct err err = {0};

	put(&p, "f", "1\n");
	commit(&p);
	sign_gpg(&p, "gone@example.org", "t");
	assert_int_equal(signature_key_parse(before, &kind, &fingerprint, &err), 0);
	path = xasprintf("%s/openpgp-revocs.d/%s.rev", p.home, str_c(&fingerprint));
	RUN(&p, "sed", "-i", "s/^:-----BEGIN/-----BEGIN/", path);
	RUN(&p, "gpg", "--batch", "--quiet", "--import", path);
	after = OUTPUT(&p, "gpg", "--batch", "--armor", "--export", "gone@example.org");
	stop_agent(&p);
	read_good(&p, "t", &t);
	expect(&t, &(struct signing_key){KEY_GPG, "joe", after}, 1, SIGNATURE_BAD, 0, "revoked");
	assert_int_equal(signature_key_parse(after, &kind, &fingerprint, &err), -1);
	assert_non_null(strstr(err.msg, "revoked"));
}

static void
key_refused(const char *text, const char *part)
{
	AUTO(str_fini) struct str fingerprint = {0};
	enum key_kind kind;
	struct err err = {0};

	assert_int_equal(signature_key_parse(text, &kind, &fingerprint, &err), -1);
	if (!strstr(err.msg, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
}

static void
test_key_parse(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(str_fini) struct str fingerprint = {0};
	AUTO(free) char *ssh = make_ssh_key(&p, "k", "ed25519");
	AUTO(free) char *gpg = make_gpg_key(&p, "one@example.org", "never");
	AUTO(free) char *more = make_gpg_key(&p, "two@example.org", "never");
	AUTO(free) char *both = OUTPUT(&p, "gpg", "--batch", "--armor", "--export");
	AUTO(free) char *secret = OUTPUT(&p, "gpg", "--batch", "--armor", "--export-secret-keys", "one@example.org");
	AUTO(free) char *secret_ssh = slurp(&p, "home/k");
	AUTO(free) char *listed = OUTPUT(&p, "ssh-keygen", "-l", "-f", "../home/k.pub");
	AUTO(free) char *glued = xasprintf("%s\n%s", gpg, more);
	AUTO(free) char *lines = xasprintf("%s%s", ssh, ssh);
	enum key_kind kind = KEY_GPG;
	struct err err = {0};

	stop_agent(&p);
	assert_int_equal(signature_key_parse(ssh, &kind, &fingerprint, &err), 0);
	assert_int_equal(kind, KEY_SSH);
	assert_non_null(strstr(listed, str_c(&fingerprint)));
	assert_int_equal(signature_key_parse(gpg, &kind, &fingerprint, &err), 0);
	assert_int_equal(kind, KEY_GPG);
	assert_int_equal(fingerprint.n, 40);
	key_refused("", "not a public key");
	key_refused("ssh-ed25519 AAAA\n", "not a valid SSH public key");
	key_refused("ssh-dss AAAA\n", "not a public key");
	key_refused("command=\"x\" ssh-ed25519 AAAA\n", "not a public key");
	key_refused(lines, "not a public key");
	key_refused(secret_ssh, "private key");
	key_refused(secret, "private key");
	key_refused(both, "exactly one");
	key_refused(glued, "armoured");
	key_refused("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "PGP");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_annotated),
		cmocka_unit_test(test_no_repository),
		cmocka_unit_test(test_not_annotated),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_no_tagger),
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_ssh_tricks),
		cmocka_unit_test(test_gpg),
		cmocka_unit_test(test_gpg_expired),
		cmocka_unit_test(test_gpg_revoked),
		cmocka_unit_test(test_key_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
