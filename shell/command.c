#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "shell/command.h"

int
command_split(const char *line, struct strs *words, struct err *err)
{
	AUTO(free) char *copy = NULL;

	if (strlen(line) > COMMAND_BYTES)
		return err_set(err, EINVAL, "the command is longer than %d bytes", (int)COMMAND_BYTES);
	copy = xstrdup(line);
	for (char *p = copy; *p; p++)
		*p = *p == '\t' ? ' ' : *p;
	if (!text_is_printable(copy))
		return err_set(err, EINVAL, "the command is not one line of printable UTF-8");
	strs_split(words, copy, " ");
	return words->n <= COMMAND_WORDS ? 0 : err_set(err, EINVAL, "the command has more than %d words", (int)COMMAND_WORDS);
}

/* git puts the path between single quotes; a name in which it would have to quote more than that is none of ours. */
static char *
unquote(const char *word)
{
	size_t n = strlen(word);

	if (n >= 2 && word[0] == '\'' && word[n - 1] == '\'') {
		word++;
		n -= 2;
	}
	return n == 0 || memchr(word, '\'', n) || memchr(word, '\\', n) ? NULL : xstrndup(word, n);
}

int
command_git(const struct strs *words, char **path, struct err *err)
{
	static const char *const services[] = {"upload-pack", "receive-pack"};
	const char *first = words->n ? words->p[0] : "", *service;
	size_t used = 1;

	if (strncmp(first, "git-", 4) == 0)
		service = first + 4;
	else if (strcmp(first, "git") == 0 && words->n > 1)
		service = words->p[used++];
	else
		return COMMAND_NO_GIT;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		if (strcmp(service, services[i]) != 0)
			continue;
		*path = words->n == used + 1 ? unquote(words->p[used]) : NULL;
		return *path ? (i ? COMMAND_PUSH : COMMAND_FETCH) :
		    err_set(err, EINVAL, "%s: not the name of one git repository", service);
	}
	return err_set(err, EINVAL, "of git there is clone, fetch and push here, nothing else");
}
