/*
 * artel.conf: `key = value` lines, `#` comments, sections named for programs.
 * `key = yes` is an option without a value. Every key is also a long option of that program: a line becomes --key=value
 * in front of the real arguments, so one table checks both and the command
 * line wins. Lines before the first section are for all programs.
 */
#ifndef ARTEL_BASE_CONF_H
#define ARTEL_BASE_CONF_H

struct err;
struct str;
struct strs;

/* Append --key=value for each line meant for `section`; a malformed line is an error naming its number. */
int conf_parse(const char *text, const char *section, const char *file, struct strs *args, struct err *err);

/*
 * Append the options of a configuration file for `section`. `named` (--conf) must exist; without one ROOT/artel.conf
 * is read if it is there.
 */
int conf_read(const char *root, const char *named, const char *section, struct strs *args, struct err *err);

#endif
