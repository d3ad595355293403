/*
 * One error, with the story of how it came about.
 *
 * A function that can fail takes a struct err * last and returns 0, or -1 with
 * the error set. A result the caller must branch on (absent, busy, nothing to
 * do) is not an error: it is a positive, documented return value.
 */
#ifndef ARTEL_BASE_ERR_H
#define ARTEL_BASE_ERR_H

struct err {
	int code;		/* an errno value; 0 while nothing failed */
	char msg[1024];		/* "merge zlib: open repo.db: Permission denied" */
};

/* Set the error; always returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with code = errno and ": strerror" appended. */
int err_sys(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Put "context: " in front of a set error; always returns -1. */
int err_ctx(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
