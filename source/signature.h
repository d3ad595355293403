/*
 * Signatures of tags: PGP by gpgv, SSH by ssh-keygen -Y verify (namespace "git"),
 * each run with nothing but the keys given here. See gpgv(1), ssh-keygen(1) and
 * git's Documentation/gitformat-signature.
 */
#ifndef ARTEL_SOURCE_SIGNATURE_H
#define ARTEL_SOURCE_SIGNATURE_H

#include <stddef.h>

struct err;
struct str;
struct tag;

enum key_kind { KEY_GPG, KEY_SSH };

struct signing_key {
	enum key_kind kind;
	const char *owner;	/* user name */
	const char *text;	/* GPG: armoured public key; SSH: one line of a .pub file */
};

enum { SIGNATURE_NONE = 1, SIGNATURE_UNKNOWN = 2, SIGNATURE_BAD = 3 };

/*
 * Whether one of the keys signed the tag. 0: yes, *by is the index of the key.
 * SIGNATURE_NONE: the tag is unsigned; SIGNATURE_UNKNOWN: signed by none of these keys;
 * SIGNATURE_BAD: the signature is broken or expired, does not fit, or is of no known kind.
 * In each of these err->msg holds one sentence that says what to do. -1: could not be checked.
 */
int signature_verify(const struct tag *tag, const struct signing_key *keys, size_t n, size_t *by, struct err *err);

/*
 * Check a public key given by a user before it is stored, and find its kind and
 * fingerprint (GPG: 40 hex digits; SSH: SHA256:...). -1 if it is not exactly one public key.
 */
int signature_key_parse(const char *text, enum key_kind *kind, struct str *fingerprint, struct err *err);

#endif
