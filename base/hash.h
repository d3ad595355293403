/* SHA-256, as 64 lower-case hex digits: the name of every artefact. */
#ifndef ARTEL_BASE_HASH_H
#define ARTEL_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct err;

enum { SHA256_HEX = 64 };

struct sha256 {
	char hex[SHA256_HEX + 1];
};

typedef struct {
	struct evp_md_ctx_st *ctx;	/* NULL: not begun, or ended */
} hash_state;

void hash_init(hash_state *h);
void hash_add(hash_state *h, const void *data, size_t n);
/* The hash of all that was added; h needs no hash_fini() then, but bears it. */
struct sha256 hash_end(hash_state *h);
void hash_fini(hash_state *h);
AUTO_DEFINE_EMBEDDED(hash_state, hash_fini);

struct sha256 hash_bytes(const void *data, size_t n);
/* Hash what is left to read of fd. */
int hash_fd(int fd, struct sha256 *out, struct err *err);
/* Whether a string from outside is 64 lower-case hex digits. */
bool hash_valid(const char *hex);

#endif
