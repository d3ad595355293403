/* Resources that release themselves when their name goes out of scope. */
#ifndef ARTEL_BASE_AUTO_H
#define ARTEL_BASE_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(fn) __attribute__((cleanup(fn##p)))

/* AUTO_DEFINE(sqlite3_stmt *, sqlite3_finalize) gives AUTO(sqlite3_finalize). */
#define AUTO_DEFINE(type, fn)			\
	static inline void fn##p(type *p)	\
	{					\
		if (*p)				\
			fn(*p);			\
	}					\
	struct auto_swallow_semicolon

/* For things embedded in a local: AUTO_INIT(str_fini) struct str s = {0}; */
#define AUTO_DEFINE_EMBEDDED(type, fn)		\
	static inline void fn##p(type *p)	\
	{					\
		fn(p);				\
	}					\
	struct auto_swallow_semicolon

/* Give up ownership: return STEAL(p); */
#define STEAL(p) ({ __typeof__(p) p_ = (p); (p) = NULL; p_; })
#define STEAL_FD(fd) ({ int fd_ = (fd); (fd) = -1; fd_; })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p) { free(*(void **)p); }
static inline void closep(int *fd) { if (*fd >= 0) close(*fd); }
static inline void fclosep(FILE **f) { if (*f) fclose(*f); }

#endif
