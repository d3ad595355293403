/*
 * The verifying programs run in a folder of their own that holds nothing but
 * the keys given, with an environment of their own, so that no keyring,
 * configuration or agent of whoever runs the farm has a say. Their verdict is
 * read from their status lines, exit status 0 being required on top.
 *
 * Principals of the allowed-signers file are "key-INDEX", made here; of a
 * user's key only its type and base64 are ever written to a file.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <rpm/rpmcrypto.h>
#include <rpm/rpmpgp.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/str.h"
#include "base/text.h"
#include "source/signature.h"
#include "source/tag.h"

enum {
	KEY_MAX_BYTES = 64 << 10,
	STATUS_MAX_BYTES = 1 << 20,
	TIMEOUT_MS = 20000,
	FINGERPRINT_HEX = 40,
};

/* A temporary folder, removed with all in it. */
struct scratch {
	char *path;
	int fd;
};

#define SCRATCH_INIT {.fd = -1}

static void
scratch_fini(struct scratch *s)
{
	struct err ignored;

	if (s->path)
		file_remove_tree(AT_FDCWD, s->path, &ignored);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
}
AUTO_DEFINE_EMBEDDED(struct scratch, scratch_fini);

static int
scratch_make(struct scratch *s, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	AUTO(free) char *path = xasprintf("%s/artel-signature.XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");

	if (!mkdtemp(path))
		return err_sys(err, "make a temporary folder");
	s->path = STEAL(path);
	s->fd = file_open_dir(AT_FDCWD, s->path, err);
	return s->fd < 0 ? -1 : 0;
}

static int
scratch_put(const struct scratch *s, const char *name, const struct str *content, struct err *err)
{
	AUTO(close) int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "write %s", name);
	return file_write_fd(fd, str_c(content), content->n, err);
}

/* Run a verifier inside the folder, stdin from a file of it (NULL: nothing), stdout into *out, stderr dropped. */
static int
run(const struct scratch *s, const char *const *argv, const char *input, struct str *out,
	struct ended *ended, struct err *err)
{
	AUTO(free) char *home = xasprintf("HOME=%s", s->path);
	const char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", home, NULL};
	AUTO(close) int in = input ? openat(s->fd, input, O_RDONLY | O_CLOEXEC) : -1;
	AUTO(close) int to = openat(s->fd, "stdout", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	AUTO(close) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct spawn x = {.argv = argv, .env = env, .cwd = s->path, .in = in < 0 ? 0 : in, .out = to, .err = null};
	pid_t pid;

	if (to < 0 || null < 0 || (input && in < 0))
		return err_sys(err, "run %s", argv[0]);
	pid = spawn_start(&x, err);
	if (pid < 0)
		return -1;
	if (spawn_wait(pid, tick_ms() + TIMEOUT_MS, ended, err) < 0)
		return err_ctx(err, "%s", argv[0]);
	return file_read(s->fd, "stdout", STATUS_MAX_BYTES, out, err) < 0 ? -1 : 0;
}

static bool
succeeded(struct ended e)
{
	return e.how == ENDED_EXIT && e.code == 0;
}

/* The binary packets of an armoured public key. -1 if it is none. */
static int
dearmor(const char *text, struct str *packets)
{
	uint8_t *raw = NULL;
	size_t n = 0;
	int r = -1;

	if (strlen(text) <= KEY_MAX_BYTES && pgpParsePkts(text, &raw, &n) == PGPARMOR_PUBKEY) {
		str_put(packets, raw, n);
		r = 0;
	}
	free(raw);
	return r;
}

/* Whether the armoured key has this fingerprint, of its primary key. */
static bool
has_fingerprint(const char *text, const char *hex)
{
	AUTO(str_fini) struct str packets = {0};
	AUTO(str_fini) struct str found = {0};
	AUTO(free) uint8_t *raw = NULL;
	size_t n = 0;

	if (dearmor(text, &packets) < 0 ||
	    pgpPubkeyFingerprint((const uint8_t *)packets.p, packets.n, &raw, &n) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		str_add(&found, "%02X", raw[i]);
	return strcmp(str_c(&found), hex) == 0;
}

/* What gpgv said, by its status lines. */
enum gpg_word { GPG_NEWSIG, GPG_GOODSIG, GPG_VALIDSIG, GPG_BADSIG, GPG_ERRSIG, GPG_NO_PUBKEY, GPG_EXPSIG,
	GPG_EXPKEYSIG, GPG_REVKEYSIG, GPG_WORDS };

static const char *const gpg_words[GPG_WORDS] = {
	[GPG_NEWSIG] = "NEWSIG", [GPG_GOODSIG] = "GOODSIG", [GPG_VALIDSIG] = "VALIDSIG", [GPG_BADSIG] = "BADSIG",
	[GPG_ERRSIG] = "ERRSIG", [GPG_NO_PUBKEY] = "NO_PUBKEY", [GPG_EXPSIG] = "EXPSIG",
	[GPG_EXPKEYSIG] = "EXPKEYSIG", [GPG_REVKEYSIG] = "REVKEYSIG",
};

struct gpg_status {
	int seen[GPG_WORDS];
	char primary[FINGERPRINT_HEX + 1];	/* fingerprint of the primary key of VALIDSIG */
};

/* "[GNUPG:] VALIDSIG FPR DATE TIME EXPIRES VERSION 0 PKALGO HASH CLASS PRIMARY-FPR" */
static struct gpg_status
parse_status(const char *text)
{
	AUTO(strs_fini) struct strs lines = {0};
	struct gpg_status s = {0};

	strs_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		AUTO(strs_fini) struct strs words = {0};

		strs_split(&words, lines.p[i], " ");
		if (words.n < 2 || strcmp(words.p[0], "[GNUPG:]") != 0)
			continue;
		for (int w = 0; w < GPG_WORDS; w++)
			s.seen[w] += strcmp(words.p[1], gpg_words[w]) == 0;
		if (strcmp(words.p[1], "VALIDSIG") == 0 && words.n >= 12 && strlen(words.p[11]) == FINGERPRINT_HEX)
			memcpy(s.primary, words.p[11], sizeof(s.primary));
	}
	return s;
}

static int
outcome(struct err *err, int r, const char *sentence)
{
	err_set(err, EPERM, "%s", sentence);
	return r;
}

static int
judge_gpg(const struct gpg_status *s, bool success, struct err *err)
{
	if (s->seen[GPG_BADSIG])
		return outcome(err, SIGNATURE_BAD, "the signature does not fit the tag; delete the tag and make it again");
	if (s->seen[GPG_REVKEYSIG])
		return outcome(err, SIGNATURE_BAD, "the signing key was revoked; sign with another key");
	if (s->seen[GPG_EXPKEYSIG])
		return outcome(err, SIGNATURE_BAD, "the signing key has expired; prolong it and give its new public part");
	if (s->seen[GPG_EXPSIG])
		return outcome(err, SIGNATURE_BAD, "the signature has expired; sign again");
	if (s->seen[GPG_NO_PUBKEY])
		return outcome(err, SIGNATURE_UNKNOWN, "signed by none of the known keys; sign with the key you gave, "
		    "or give the public part of this one");
	if (s->seen[GPG_NEWSIG] > 1 || s->seen[GPG_GOODSIG] > 1)
		return outcome(err, SIGNATURE_BAD, "more than one signature; sign once");
	if (s->seen[GPG_ERRSIG] || !s->seen[GPG_GOODSIG] || !s->seen[GPG_VALIDSIG] || !success)
		return outcome(err, SIGNATURE_BAD, "the signature cannot be read; delete the tag and make it again");
	return 0;
}

static int
verify_gpg(const struct tag *tag, const struct signing_key *keys, size_t n, size_t *by, struct err *err)
{
	AUTO(scratch_fini) struct scratch dir = SCRATCH_INIT;
	AUTO(str_fini) struct str ring = {0};
	AUTO(str_fini) struct str said = {0};
	struct gpg_status status;
	struct ended ended = {0};
	int r;

	for (size_t i = 0; i < n; i++)
		if (keys[i].kind == KEY_GPG)
			dearmor(keys[i].text, &ring);
	if (scratch_make(&dir, err) < 0 || scratch_put(&dir, "ring.gpg", &ring, err) < 0 ||
	    scratch_put(&dir, "payload", &tag->payload, err) < 0 ||
	    scratch_put(&dir, "signature", &tag->signature, err) < 0)
		return -1;
	if (run(&dir, (const char *const[]){"gpgv", "--homedir", dir.path, "--keyring", "./ring.gpg",
	    "--status-fd", "1", "signature", "payload", NULL}, NULL, &said, &ended, err) < 0)
		return -1;
	status = parse_status(str_c(&said));
	r = judge_gpg(&status, succeeded(ended), err);
	if (r != 0)
		return r;
	for (*by = 0; *by < n; ++*by)
		if (keys[*by].kind == KEY_GPG && has_fingerprint(keys[*by].text, status.primary))
			return 0;
	return outcome(err, SIGNATURE_UNKNOWN, "signed by a key that could not be told apart; give each key by itself");
}

/* "type base64 [comment]" -> "type base64"; -1 if it is of another form. */
static int
ssh_key_words(const char *text, struct str *out)
{
	static const char *const types[] = {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	    "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"};
	AUTO(strs_fini) struct strs words = {0};
	size_t n = strlen(text);

	while (n && text[n - 1] == '\n')
		n--;
	if (n > KEY_MAX_BYTES || memchr(text, '\n', n))
		return -1;
	strs_split(&words, text, " \t\r\n");
	if (words.n < 2 || strspn(words.p[1], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") !=
	    strlen(words.p[1]))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(words.p[0], types[i]) == 0) {
			str_add(out, "%s %s", words.p[0], words.p[1]);
			return 0;
		}
	return -1;
}

/* The index in a principal made by us, "key-3"; -1 if it is none. */
static int64_t
principal_index(const char *output, size_t n)
{
	AUTO(strs_fini) struct strs lines = {0};

	strs_split(&lines, output, "\r\n");
	if (lines.n == 0 || strncmp(lines.p[0], "key-", 4) != 0)
		return -1;
	return text_number(lines.p[0] + 4, (int64_t)n - 1);
}

static int
verify_ssh(const struct tag *tag, const struct signing_key *keys, size_t n, size_t *by, struct err *err)
{
	AUTO(scratch_fini) struct scratch dir = SCRATCH_INIT;
	AUTO(str_fini) struct str allowed = {0};
	AUTO(str_fini) struct str said = {0};
	AUTO(free) char *principal = NULL;
	struct ended ended = {0};
	int64_t index;

	for (size_t i = 0; i < n; i++) {
		AUTO(str_fini) struct str key = {0};

		if (keys[i].kind == KEY_SSH && ssh_key_words(keys[i].text, &key) == 0)
			str_add(&allowed, "key-%zu namespaces=\"git\" %s\n", i, str_c(&key));
	}
	if (scratch_make(&dir, err) < 0 || scratch_put(&dir, "allowed", &allowed, err) < 0 ||
	    scratch_put(&dir, "payload", &tag->payload, err) < 0 ||
	    scratch_put(&dir, "signature", &tag->signature, err) < 0)
		return -1;
	if (run(&dir, (const char *const[]){"ssh-keygen", "-Y", "find-principals", "-s", "signature",
	    "-f", "allowed", NULL}, NULL, &said, &ended, err) < 0)
		return -1;
	index = succeeded(ended) ? principal_index(str_c(&said), n) : -1;
	if (index < 0)
		return outcome(err, SIGNATURE_UNKNOWN, "signed by none of the known SSH keys, or damaged; "
		    "sign with the key you gave, or give the public part of this one");
	principal = xasprintf("key-%d", (int)index);
	str_clear(&said);
	if (run(&dir, (const char *const[]){"ssh-keygen", "-Y", "verify", "-n", "git", "-s", "signature",
	    "-f", "allowed", "-I", principal, NULL}, "payload", &said, &ended, err) < 0)
		return -1;
	if (!succeeded(ended))
		return outcome(err, SIGNATURE_BAD, "the SSH signature does not fit the tag; delete the tag and make it again");
	*by = (size_t)index;
	return 0;
}

static bool
has_kind(const struct signing_key *keys, size_t n, enum key_kind kind)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].kind == kind)
			return true;
	return false;
}

int
signature_verify(const struct tag *tag, const struct signing_key *keys, size_t n, size_t *by, struct err *err)
{
	static const struct {
		const char *begin;
		enum key_kind kind;
		int (*verify)(const struct tag *, const struct signing_key *, size_t, size_t *, struct err *);
		const char *unknown;
	} kinds[] = {
		{"-----BEGIN PGP SIGNATURE-----", KEY_GPG, verify_gpg,
		    "signed with PGP, but no PGP key is known; give the public part of yours"},
		{"-----BEGIN SSH SIGNATURE-----", KEY_SSH, verify_ssh,
		    "signed with SSH, but no SSH key is known for signing; give the public part of yours"},
	};
	const char *signature = str_c(&tag->signature);

	if (!signature[0])
		return outcome(err, SIGNATURE_NONE, "the tag is not signed; make it with git tag -s");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(signature, kinds[i].begin, strlen(kinds[i].begin)) != 0)
			continue;
		if (!has_kind(keys, n, kinds[i].kind))
			return outcome(err, SIGNATURE_UNKNOWN, kinds[i].unknown);
		return kinds[i].verify(tag, keys, n, by, err);
	}
	return outcome(err, SIGNATURE_BAD, "a signature of an unknown kind; sign with PGP or SSH");
}

/* Lines of gpg --with-colons: "pub:VALIDITY:..." and "fpr:::::::::FINGERPRINT:". */
static int
parse_colons(const char *text, struct str *fingerprint, struct err *err)
{
	AUTO(strs_fini) struct strs lines = {0};
	int pubs = 0;

	strs_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.p[i];

		if (strncmp(line, "sec:", 4) == 0)
			return err_set(err, EINVAL, "this is a private key: never give it away");
		if (strncmp(line, "pub:", 4) == 0) {
			pubs++;
			if (line[4] == 'r' || line[4] == 'e')
				return err_set(err, EINVAL, "this key %s", line[4] == 'r' ? "was revoked" : "has expired");
		}
		if (strncmp(line, "fpr:", 4) == 0 && fingerprint->n == 0) {
			line += 4 + strspn(line + 4, ":");
			str_put(fingerprint, line, strcspn(line, ":"));
		}
	}
	if (pubs != 1 || fingerprint->n != FINGERPRINT_HEX)
		return err_set(err, EINVAL, "not exactly one PGP public key: send the output of "
		    "gpg --armor --export KEY");
	return 0;
}

static int
parse_gpg_key(const char *text, struct str *fingerprint, struct err *err)
{
	AUTO(scratch_fini) struct scratch dir = SCRATCH_INIT;
	AUTO(str_fini) struct str packets = {0};
	AUTO(str_fini) struct str said = {0};
	struct ended ended = {0};

	if (strstr(text + 1, "-----BEGIN") || dearmor(text, &packets) < 0)
		return err_set(err, EINVAL, "not an armoured PGP public key: send the output of gpg --armor --export KEY");
	if (scratch_make(&dir, err) < 0 || scratch_put(&dir, "key", &packets, err) < 0)
		return -1;
	if (run(&dir, (const char *const[]){"gpg", "--homedir", dir.path, "--no-options", "--batch", "--no-tty",
	    "--with-colons", "--show-keys", "key", NULL}, NULL, &said, &ended, err) < 0)
		return -1;
	return parse_colons(str_c(&said), fingerprint, err);
}

/* "256 SHA256:... comment (ED25519)" */
static int
parse_ssh_key(const char *text, struct str *fingerprint, struct err *err)
{
	AUTO(scratch_fini) struct scratch dir = SCRATCH_INIT;
	AUTO(strs_fini) struct strs words = {0};
	AUTO(str_fini) struct str key = {0};
	AUTO(str_fini) struct str said = {0};
	struct ended ended = {0};

	if (ssh_key_words(text, &key) < 0)
		return err_set(err, EINVAL, "not a public key: give the one line of an SSH .pub file, "
		    "or the output of gpg --armor --export KEY");
	str_putc(&key, '\n');
	if (scratch_make(&dir, err) < 0 || scratch_put(&dir, "key", &key, err) < 0)
		return -1;
	if (run(&dir, (const char *const[]){"ssh-keygen", "-l", "-E", "sha256", "-f", "key", NULL}, NULL,
	    &said, &ended, err) < 0)
		return -1;
	strs_split(&words, str_c(&said), " \n");
	if (!succeeded(ended) || words.n < 2 || strncmp(words.p[1], "SHA256:", 7) != 0)
		return err_set(err, EINVAL, "not a valid SSH public key");
	str_puts(fingerprint, words.p[1]);
	return 0;
}

int
signature_key_parse(const char *text, enum key_kind *kind, struct str *fingerprint, struct err *err)
{
	const char *p = text + strspn(text, " \t\r\n");

	if (strlen(p) > KEY_MAX_BYTES)
		return err_set(err, EFBIG, "a key of more than %d bytes", KEY_MAX_BYTES);
	if (strstr(p, "PRIVATE KEY"))
		return err_set(err, EINVAL, "this is a private key: never give it away");
	*kind = strncmp(p, "-----BEGIN PGP", 14) == 0 ? KEY_GPG : KEY_SSH;
	str_clear(fingerprint);
	return *kind == KEY_GPG ? parse_gpg_key(p, fingerprint, err) : parse_ssh_key(p, fingerprint, err);
}
