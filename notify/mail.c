/*
 * What is not ours in a message is the reason, which a package has a say in. In the header it is printable, cut, and,
 * unless it is plain ASCII, one encoded word after another (RFC 2047); in the body its lines are indented and folded.
 * Addresses are of a form that needs no quoting.
 */
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/text.h"
#include "notify/mail.h"
#include "schema/event.h"
#include "schema/task.h"

enum {
	SUBJECT_MAX = 160,	/* bytes; the rest is cut */
	FOLD = 72,		/* columns of a header or body line */
	WORD_MAX = 39,		/* bytes in an encoded word, whose line may have 76 columns */
	LINE_MAX_BYTES = 900,	/* of the 998 that a line may have */
};

/* What a task's owner can do then; # is its number. */
static const struct {
	enum task_state state;
	const char *hint;
} hints[] = {
	{TASK_DONE, "It is in the repository.\n\n    artel task show #\n"},
	{TASK_FAILED, "The first real error of each job that failed, all that the jobs wrote, and the task:\n\n"
	    "    artel log --reason #\n    artel log #\n    artel task show #\n"},
	{TASK_TESTED, "It passed, and is not merged, as it was run with --test-only. To merge it:\n\n"
	    "    artel task run --commit #\n"},
	{TASK_EPERM, "It passed. It is merged when somebody who may change the package has approved it and it is run\n"
	    "again:\n\n    artel task approve # SUBTASK\n    artel task run #\n"},
};

static const char *
hint_of(const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (strcmp(task_state_name(hints[i].state), state) == 0)
			return hints[i].hint;
	return NULL;
}

bool
mail_is_due(const struct event *e)
{
	return e->task && strcmp(e->kind, "task") == 0 && hint_of(e->state);
}

/* The largest part of s of at most n bytes that does not end inside a character. */
static size_t
whole(const char *s, size_t n)
{
	size_t all = strlen(s);

	if (all <= n)
		return all;
	while (n && (s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Words with a line end in front of one that would go beyond the column; what has no blanks is cut where it must be. */
static void
fold(struct str *out, const char *text, size_t column, const char *next_line)
{
	AUTO(strs_fini) struct strs words = {0};
	size_t first = column;

	strs_split(&words, text, " ");
	for (size_t i = 0; i < words.n; i++) {
		const char *w = words.p[i];

		if (column > first && column + 1 + text_width(w) > FOLD) {
			str_puts(out, next_line);
			first = column = strlen(next_line) - 1;
		} else if (i) {
			str_putc(out, ' ');
			column++;
		}
		while (strlen(w) > LINE_MAX_BYTES) {
			size_t n = whole(w, LINE_MAX_BYTES);

			str_put(out, w, n);
			str_puts(out, next_line);
			w += n;
		}
		str_puts(out, w);
		column += text_width(w);
	}
}

static void
encoded_words(struct str *out, const char *text)
{
	for (const char *lead = ""; *text; lead = "\n ") {
		unsigned char base64[4 * (WORD_MAX / 3) + 1];
		size_t n = whole(text, WORD_MAX);

		EVP_EncodeBlock(base64, (const unsigned char *)text, (int)n);
		str_add(out, "%s=?UTF-8?B?%s?=", lead, (const char *)base64);
		text += n;
	}
}

static bool
is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if (*p & 0x80)
			return false;
	return !strstr(text, "=?");
}

static void
subject(struct str *out, const struct event *e, const char *reason)
{
	AUTO(str_fini) struct str text = {0};
	size_t n;

	str_add(&text, "[artel] task #%lld %s%s%s", (long long)e->task, e->state, *reason ? ": " : "", reason);
	n = whole(text.p, SUBJECT_MAX);
	if (n < text.n) {
		text.p[n] = '\0';
		text.n = n;
		str_puts(&text, "...");
	}
	str_puts(out, "Subject: ");
	if (is_plain(text.p))
		fold(out, text.p, strlen("Subject: "), "\n ");
	else
		encoded_words(out, text.p);
	str_putc(out, '\n');
}

static struct tm
utc(int64_t at)
{
	time_t s = (time_t)(at / 1000);
	struct tm tm = {.tm_mday = 1};

	gmtime_r(&s, &tm);
	return tm;
}

/* The event says: task #7 for sisyphus FAILED: why. */
static const char *
reason_of(const struct event *e, const struct task *t)
{
	AUTO(free) char *front = xasprintf("task #%lld for %s %s", (long long)e->task, t->repository, e->state);
	size_t n = strlen(front);

	if (strncmp(e->text, front, n) != 0)
		return e->text;
	return strncmp(e->text + n, ": ", 2) == 0 ? e->text + n + 2 : e->text + n;
}

void
mail_write(const struct event *e, const struct task *t, const char *from, const char *to, const char *root,
	struct str *out)
{
	AUTO(str_fini) struct str reason = {0};
	struct tm tm = utc(e->at);
	char date[64], since[64];

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &tm);
	text_printable(&reason, reason_of(e, t));
	str_add(out, "From: %s\nTo: %s\n", from, to);
	subject(out, e, str_c(&reason));
	/* The same for the same event: a message that comes twice can be told. */
	str_add(out, "Date: %s\nMessage-ID: <artel.%lld.%lld%s>\nAuto-Submitted: auto-generated\n", date, (long long)e->id,
	    (long long)e->at, strchr(from, '@'));
	str_puts(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n");
	str_add(out, "Task #%lld of %s for %s is %s since %s.\n\n", (long long)e->task, t->owner, t->repository, e->state, since);
	if (reason.n) {
		str_puts(out, "    ");
		fold(out, reason.p, strlen("    "), "\n    ");
		str_puts(out, "\n\n");
	}
	for (const char *p = hint_of(e->state); *p; p++)
		if (*p == '#')
			str_add(out, "%lld", (long long)e->task);
		else
			str_putc(out, *p);
	str_puts(out, "\nThe farm: ");
	text_printable(out, root);
	str_putc(out, '\n');
}
