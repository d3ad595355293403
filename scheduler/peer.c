#include "base/alloc.h"
#include "base/text.h"
#include "scheduler/peer.h"

struct peer *
peer_new(int fd)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->conn.fd = fd;
	p->since = tick_ms();
	return p;
}

void
peer_free(struct peer *p)
{
	if (!p)
		return;
	conn_fini(&p->conn);
	strs_fini(&p->arches);
	strs_fini(&p->roots);
	free(p);
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
