/*
 * The event loop of a daemon: file descriptors, timers and signals, one
 * callback each, on epoll and signalfd. Callbacks may add and remove any of
 * them, themselves included.
 */
#ifndef ARTEL_BASE_LOOP_H
#define ARTEL_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct loop;
struct loop_watch;

typedef void loop_fn(void *arg, uint32_t events);

struct loop *loop_new(struct err *err);
void loop_free(struct loop *l);

/* Watch fd for EPOLLIN and the like; the fd stays the caller's. */
struct loop_watch *loop_fd(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *arg, struct err *err);
void loop_set(struct loop *l, struct loop_watch *w, uint32_t events);
/* Stop watching; takes NULL. The watch is freed when the running round of callbacks is over. */
void loop_drop(struct loop *l, struct loop_watch *w);
/* Call fn every interval_ms. */
struct loop_watch *loop_timer(struct loop *l, int64_t interval_ms, loop_fn *fn, void *arg, struct err *err);
/* Block the signal and call fn when it arrives. */
int loop_signal(struct loop *l, int signal, loop_fn *fn, void *arg, struct err *err);
/* Call fn once when the child ended; then wait for it yourself. */
struct loop_watch *loop_child(struct loop *l, pid_t pid, loop_fn *fn, void *arg, struct err *err);

/*
 * Call fn after each round of callbacks, of which there are at most a few hundred: for what many of them share, as one
 * commit. One function; NULL: none.
 */
void loop_after(struct loop *l, loop_fn *fn, void *arg);
/* The next round does not wait for anything. */
void loop_again(struct loop *l);

/* Run until loop_stop(). */
int loop_run(struct loop *l, struct err *err);
void loop_stop(struct loop *l);

#endif
