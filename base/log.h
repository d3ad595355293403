/*
 * Messages of a process to its operator: "<3>who: what: why" on stderr, the
 * number being syslog's priority; on a terminal without the number. errno is
 * left as it was.
 */
#ifndef ARTEL_BASE_LOG_H
#define ARTEL_BASE_LOG_H

enum log_level {
	LOG_ERROR = 3,
	LOG_WARN = 4,
	LOG_NOTE = 5,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

/* who is borrowed and must outlive the process; levels above `most` are dropped. */
void log_open(const char *who, enum log_level most);
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
