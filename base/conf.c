#include <errno.h>
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/auto.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

enum { CONF_MAX = 1 << 20 };

static char *
trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s + strspn(s, " \t");
}

/* `key = yes` stands for the bare option, `key = no` for none. */
static void
add_option(const char *key, const char *value, struct strs *args)
{
	if (strcmp(value, "yes") == 0)
		strs_take(args, xasprintf("--%s", key));
	else if (strcmp(value, "no") != 0)
		strs_take(args, xasprintf("--%s=%s", key, value));
}

/* One trimmed line; *active tells whether the current section is ours. 0, or -1 for a malformed one. */
static int
parse_line(char *line, const char *section, int *active, struct strs *args)
{
	char *eq, *key;

	if (!*line || *line == '#')
		return 0;
	if (*line == '[') {
		char *close = strchr(line, ']');

		if (!close || close[1])
			return -1;
		*close = '\0';
		*active = strcmp(line + 1, section) == 0;
		return 0;
	}
	eq = strchr(line, '=');
	if (!eq)
		return -1;
	*eq = '\0';
	key = trim(line);
	if (!*key || strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(key) || *key == '-')
		return -1;
	if (*active)
		add_option(key, trim(eq + 1), args);
	return 0;
}

int
conf_parse(const char *text, const char *section, const char *file, struct strs *args, struct err *err)
{
	AUTO(free) char *copy = xstrdup(text);
	int number = 1, active = 1;
	char *rest = copy, *line;

	for (; (line = strsep(&rest, "\n")); number++)
		if (parse_line(trim(line), section, &active, args) < 0)
			return err_set(err, EINVAL, "%s:%d: not `key = value`, `[section]` or `# comment`", file, number);
	return 0;
}

int
conf_read(const char *root, const char *named, const char *section, struct strs *args, struct err *err)
{
	AUTO(free) char *path = named ? xstrdup(named) : xasprintf("%s/artel.conf", root);
	AUTO(str_fini) struct str text = {0};
	int r = file_read(AT_FDCWD, path, CONF_MAX, &text, err);

	if (r < 0)
		return -1;
	if (r == FILE_ABSENT && named)
		return err_set(err, ENOENT, "%s: no such configuration file", named);
	return conf_parse(str_c(&text), section, path, args, err);
}
