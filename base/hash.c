#include <string.h>

#include "base/auto.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"

void
hash_init(hash_state *h)
{
	crypto_hash_sha256_init(h);
}

void
hash_add(hash_state *h, const void *data, size_t n)
{
	crypto_hash_sha256_update(h, data, n);
}

struct sha256
hash_end(hash_state *h)
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	struct sha256 out;

	crypto_hash_sha256_final(h, raw);
	sodium_bin2hex(out.hex, sizeof(out.hex), raw, sizeof(raw));
	return out;
}

struct sha256
hash_bytes(const void *data, size_t n)
{
	hash_state h;

	hash_init(&h);
	hash_add(&h, data, n);
	return hash_end(&h);
}

int
hash_fd(int fd, struct sha256 *out, struct err *err)
{
	enum { BLOCK = 256 * 1024 };
	AUTO(free) char *buf = xcalloc(1, BLOCK);
	hash_state h;
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
