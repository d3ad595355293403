/*
 * By libcrypto, which knows the processors' instructions for SHA-256: several
 * times as fast as portable C, and whatever is published is hashed.
 */
#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/err.h"
#include "base/hash.h"

enum { RAW = SHA256_HEX / 2 };

/* libcrypto has SHA-256, and fails in it only for want of memory: that ends the process, as elsewhere. */
static void
must(int good)
{
	assert(good);
}

static struct sha256
hex_of(const unsigned char *raw)
{
	static const char digits[] = "0123456789abcdef";
	struct sha256 out;

	for (int i = 0; i < RAW; i++) {
		out.hex[2 * i] = digits[raw[i] >> 4];
		out.hex[2 * i + 1] = digits[raw[i] & 15];
	}
	out.hex[SHA256_HEX] = '\0';
	return out;
}

void
hash_init(hash_state *h)
{
	h->ctx = EVP_MD_CTX_new();
	must(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
}

void
hash_fini(hash_state *h)
{
	EVP_MD_CTX_free(STEAL(h->ctx));
}

void
hash_add(hash_state *h, const void *data, size_t n)
{
	must(EVP_DigestUpdate(h->ctx, data, n));
}

struct sha256
hash_end(hash_state *h)
{
	unsigned char raw[RAW];

	must(EVP_DigestFinal_ex(h->ctx, raw, NULL));
	hash_fini(h);
	return hex_of(raw);
}

struct sha256
hash_bytes(const void *data, size_t n)
{
	unsigned char raw[RAW];

	must(EVP_Digest(data, n, raw, NULL, EVP_sha256(), NULL));
	return hex_of(raw);
}

int
hash_fd(int fd, struct sha256 *out, struct err *err)
{
	enum { BLOCK = 256 * 1024 };
	AUTO(free) char *buf = xcalloc(1, BLOCK);
	AUTO(hash_fini) hash_state h = {0};
	ssize_t n;

	hash_init(&h);
	while ((n = read(fd, buf, BLOCK)) > 0)
		hash_add(&h, buf, (size_t)n);
	if (n < 0)
		return err_sys(err, "read");
	*out = hash_end(&h);
	return 0;
}

bool
hash_valid(const char *hex)
{
	return strlen(hex) == SHA256_HEX && strspn(hex, "0123456789abcdef") == SHA256_HEX;
}
