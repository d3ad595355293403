/* Words from outside: which names are allowed, and how text is shown to people. */
#ifndef ARTEL_BASE_TEXT_H
#define ARTEL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* A package, user, repository or file name: [A-Za-z0-9][A-Za-z0-9._+-]*, at most 128 bytes, no "..". */
bool text_is_name(const char *s);
/* Whether all of s is UTF-8 without control characters, and without those that turn the direction of the text around them. */
bool text_is_printable(const char *s);
/* The same of text of several lines: tabs and line ends are allowed. */
bool text_is_lines(const char *s);
/* Whether there is a letter in s, of any alphabet; s is UTF-8. */
bool text_has_letter(const char *s);
/* Append s with each byte that text_is_printable() does not allow shown as ?. */
void text_printable(struct str *out, const char *s);
/*
 * Append a line of a program's output (any n bytes, no line end in it) as a terminal would leave it: escape sequences
 * are gone, of a progress bar what follows the last carriage return stays, backspaces are obeyed, tabs stay; the
 * rest as text_printable().
 */
void text_line(struct str *out, const char *line, size_t n);
/* A decimal number of at most max; -1 if s is anything else. */
int64_t text_number(const char *s, int64_t max);
/* "40ms", "1.4s", "12s", "3m05s", "2h10m". */
void text_duration(struct str *out, int64_t ms);
/* "~40s", "~4m", "~2h10m": of a time that is not known exactly. */
void text_about(struct str *out, int64_t ms);
/* "2026-11-21 12:00:00", UTC. */
void text_date(struct str *out, int64_t ms);
/* How many UTF-8 characters s has. */
size_t text_length(const char *s);
/* How many columns of a terminal s takes, whose characters are printable: none for a combining one, two for a wide one. */
size_t text_width(const char *s);
/* How many bytes of s fit in so many columns, in whole characters with what combines with them. */
size_t text_fit(const char *s, size_t columns);

/* Milliseconds since the epoch, and of a clock that never steps. */
int64_t now_ms(void);
int64_t tick_ms(void);

#endif
