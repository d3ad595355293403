#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/text.h"
#include "shell/context.h"
#include "shell/page.h"
#include "shell/screen.h"
#include "shell/table.h"
#include "shell/watch.h"

/* A page that takes long, as a large farm's does, is made less often: a watcher takes half a hundredth of a processor. */
enum { EVERY_MS = 1000, REST = 200, REST_MAX_MS = 10000 };

struct watch {
	struct loop *loop;
	struct screen screen;
	bool terminal;
	int (*page)(void *arg, const struct page_size *size, struct str *out, struct err *err);
	void *arg;
	int64_t next;			/* tick_ms(): not before */
	int result;
	struct err *err;
};

static void
stop(struct watch *w, int result)
{
	w->result = result;
	loop_stop(w->loop);
}

static void
show(struct watch *w)
{
	const struct page_size size = {w->terminal ? screen_width() : 0, w->terminal ? screen_height() : 0, w->terminal && table_colour()};
	AUTO(str_fini) struct str out = {0};
	int64_t begin = tick_ms(), rest;
	int r = w->page(w->arg, &size, &out, w->err);

	rest = (tick_ms() - begin) * REST;
	w->next = tick_ms() + (rest < REST_MAX_MS ? rest : REST_MAX_MS);
	if (r < 0) {
		stop(w, -1);
		return;
	}
	if (w->terminal)
		r = screen_show(&out, w->err);
	else
		r = r == 0 ? file_write_fd(STDOUT_FILENO, str_c(&out), out.n, w->err) : 0;
	if (r < 0)
		stop(w, w->err->code == EPIPE || w->err->code == EIO ? 0 : -1);
}

static void
on_time(void *arg, uint32_t events)
{
	struct watch *w = arg;

	if (tick_ms() >= w->next)
		show(w);
}

static void
on_resize(void *arg, uint32_t events)
{
	show(arg);
}

static void
on_end(void *arg, uint32_t events)
{
	stop(arg, 0);
}

/* ^Z: the terminal is given back meanwhile. */
static void
on_suspend(void *arg, uint32_t events)
{
	struct watch *w = arg;

	screen_leave(&w->screen);
	raise(SIGSTOP);
	if (w->terminal && screen_enter(&w->screen, w->err) < 0)
		stop(w, 0);
	else
		show(w);
}

static void
on_key(void *arg, uint32_t events)
{
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	if (n <= 0 || memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n))
		stop(arg, 0);
}

static int
set_up(struct watch *w, struct err *err)
{
	static const struct {
		int signal;
		loop_fn *fn;
	} signals[] = {{SIGINT, on_end}, {SIGTERM, on_end}, {SIGHUP, on_end}, {SIGWINCH, on_resize}, {SIGTSTP, on_suspend}};

	if (!(w->loop = loop_new(err)) || !loop_timer(w->loop, EVERY_MS, on_time, w, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (loop_signal(w->loop, signals[i].signal, signals[i].fn, w, err) < 0)
			return -1;
	if (!w->terminal)
		return 0;
	if (screen_enter(&w->screen, err) < 0)
		return -1;
	return !w->screen.keys || loop_fd(w->loop, STDIN_FILENO, EPOLLIN, on_key, w, err) ? 0 : -1;
}

int
watch_pages(bool in_place, int (*page)(void *arg, const struct page_size *size, struct str *out, struct err *err), void *arg,
	struct err *err)
{
	struct watch w = {.page = page, .arg = arg, .err = err, .terminal = in_place && isatty(STDOUT_FILENO)};
	int r;

	context_give_way();
	r = set_up(&w, err);

	if (r == 0)
		show(&w);
	if (r == 0 && w.result == 0)
		r = loop_run(w.loop, err);
	screen_leave(&w.screen);
	loop_free(w.loop);
	return r < 0 ? -1 : w.result;
}
