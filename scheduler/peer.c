#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "scheduler/peer.h"
#include "wire/features.h"

/* Three heartbeats and a little. */
enum { QUIET_MS = 7000, SLOTS_MAX = 1024, ARCHES_MAX = 16, CLOCK_OFF_S = 60 };

struct peer *
peer_new(int fd)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->conn.fd = fd;
	p->since = p->heard = tick_ms();
	return p;
}

void
peer_free(struct peer *p)
{
	if (!p)
		return;
	conn_fini(&p->conn);
	strs_fini(&p->arches);
	strs_fini(&p->features);
	free(p);
}

bool
peer_quiet(const struct peer *p)
{
	return tick_ms() - p->heard > QUIET_MS;
}

static bool
are_arches(const char *list)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, list, " ");
	for (size_t i = 0; i < words.n; i++)
		if (!text_is_name(words.p[i]))
			return false;
	return words.n > 0 && words.n <= ARCHES_MAX;
}

char *
peer_objection(const struct wire_hello *h, const struct peer *old)
{
	AUTO(strs_fini) struct strs features = {0};
	struct err err;

	if (!text_is_name(h->name) || h->slots < 1 || h->slots > SLOTS_MAX)
		return xasprintf("a builder has a name and 1 to %d slots", SLOTS_MAX);
	if (h->memory > INT64_MAX || h->n_running > PEER_REFS_MAX)
		return xstrdup("no builder has so much memory, or so many jobs");
	if (!are_arches(h->arches))
		return xasprintf("its architectures are not 1 to %d names", ARCHES_MAX);
	if (features_parse(h->features, &features, &err) < 0)
		return xstrdup(err.msg);
	if (!old || strcmp(old->origin, h->origin) == 0 || peer_quiet(old))
		return NULL;
	return xasprintf("another builder named %s, of another host or folder, is connected: give one of the two another --name",
	    h->name);
}

int64_t
peer_clock_off(const struct wire_hello *h)
{
	int64_t off = h->clock / 1000 - now_ms() / 1000;

	return off > CLOCK_OFF_S || off < -CLOCK_OFF_S ? off : 0;
}

void
peer_refuse(struct peer *p, const char *why)
{
	AUTO(str_fini) struct str payload = {0};

	wire_text_pack(&payload, why);
	conn_send(&p->conn, WIRE_REFUSE, &payload);
}

void
peer_send_refs(struct peer *p, enum wire_type type, const struct wire_ref *refs, size_t n)
{
	AUTO(str_fini) struct str payload = {0};

	wire_refs_pack(&payload, refs, n);
	conn_send(&p->conn, type, &payload);
}
