#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

static struct {
	const char *who;
	enum log_level most;
} self = {"artel", LOG_INFO};

void
log_open(const char *who, enum log_level most)
{
	self.who = who;
	self.most = most;
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	int saved = errno, n = 0;
	char line[2048];
	va_list ap;

	if (level > self.most)
		return;
	if (getenv("JOURNAL_STREAM"))
		n = snprintf(line, sizeof(line), "<%d>", (int)level);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: ", self.who);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", line);
	errno = saved;
}
