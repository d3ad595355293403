/*
 * artel.conf: `key = value` lines, `#` comments, sections named for programs.
 * Every key is also a long option of that program: a line becomes --key=value
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

/* The farm's root: --root from argv, else $ARTEL_ROOT, else ".". Borrowed from argv or the environment. */
const char *conf_root(int argc, const char *const *argv);

/*
 * argv with the configuration's options put in after argv[0]. File: --conf, else
 * ROOT/artel.conf, which may be absent. The list's strings must outlive popt's use.
 */
int conf_args(int argc, const char *const *argv, const char *section, struct strs *out, struct err *err);

#endif
