#include <poll.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/loop.h"
#include "base/text.h"
#include "scheduler/inside.h"
#include "schema/event.h"
#include "schema/store.h"

/* Others write too, and builders wait for the answer: a round is cut here. */
enum { LONG_MS = 20, GAP_MS = 2 };

int
round_begin(struct daemon *d, struct err *err)
{
	if (d->open)
		return 0;
	if (store_begin(d->s, err) < 0)
		return -1;
	d->open = true;
	d->opened = tick_ms();
	return follow_others(d, err);
}

bool
round_is_long(const struct daemon *d)
{
	return d->open && tick_ms() - d->opened > LONG_MS;
}

static void
tell(struct daemon *d)
{
	for (size_t i = 0; i < d->unsent.n; i++) {
		d->unsent.p[i]->unsent = false;
		talk_flush(d, d->unsent.p[i]);
	}
	d->unsent.n = 0;
}

/* Taking in, following and handing out have a share of the round each, so that none of them starves. */
static int
settle(struct daemon *d, struct err *err)
{
	d->opened = tick_ms();
	if (follow_noted(d, err) < 0)
		return -1;
	d->opened = tick_ms();
	if (hand_out(d, err) < 0)
		return -1;
	/* What was undone inside gives its numbers to the next. */
	d->seen = event_last(d->s, err);
	d->open = false;
	if (d->seen < 0 || store_commit(d->s, err) < 0)
		return -1;
	fault("dispatched");
	return 0;
}

int
round_end(struct daemon *d, struct err *err)
{
	bool look = d->look;

	d->look = false;
	if (look && round_begin(d, err) < 0)
		return -1;
	if (d->open && settle(d, err) < 0)
		return -1;
	tell(d);
	if (d->asked)
		poll(NULL, 0, GAP_MS);
	d->asked = false;
	/* Something is left, or a connection ended as it was told. */
	if (d->look || d->open)
		loop_again(d->loop);
	return 0;
}
