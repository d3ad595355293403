/*
 * Strict on what decides: "tree ID", any number of "parent ID", then the
 * author, ids in lower case as git writes them. The date only orders a walk, so a senseless one is no error.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "source/commit-header.h"
#include "source/git.h"
#include "source/tag.h"

#define WHEN_MAX (1ll << 40)
enum { WHEN_DIGITS = 20 };

/* Whether the line "word ID\n" is next. */
static bool
names_object(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - p) < n + GIT_HEX + 1 || memcmp(p, word, n) != 0 || p[n + GIT_HEX] != '\n')
		return false;
	for (size_t i = n; i < n + GIT_HEX; i++)
		if (!strchr("0123456789abcdef", p[i]) || !p[i])
			return false;
	return true;
}

/* "committer Joe Hacker <joe@example.org> 1700000000 +0300" */
static int64_t
find_when(const char *p, const char *end)
{
	static const char key[] = "\ncommitter ";
	const char *line = memmem(p, (size_t)(end - p), key, strlen(key));
	const char *eol = line ? memchr(line + 1, '\n', (size_t)(end - line - 1)) : NULL;
	const char *mail = eol ? memrchr(line, '>', (size_t)(eol - line)) : NULL;
	char digits[WHEN_DIGITS + 1] = "";
	int64_t when;

	if (!mail || mail[1] != ' ')
		return 0;
	for (size_t i = 0; i < WHEN_DIGITS && mail[2 + i] >= '0' && mail[2 + i] <= '9'; i++)
		digits[i] = mail[2 + i];
	when = text_number(digits, WHEN_MAX);
	return when < 0 ? 0 : when;
}

int
commit_header_parse(const char *raw, size_t n, struct commit_header *out, struct err *err)
{
	const char *p = raw, *end = raw + n;

	*out = (struct commit_header){0};
	if (!names_object(p, end, "tree "))
		return err_set(err, EINVAL, "malformed commit: no tree");
	p += strlen("tree ") + GIT_HEX + 1;
	for (out->parents = p; names_object(p, end, "parent "); p += COMMIT_PARENT)
		out->n_parents++;
	if ((size_t)(end - p) < strlen("author ") || memcmp(p, "author ", strlen("author ")) != 0)
		return err_set(err, EINVAL, "malformed commit: no author after its parents");
	out->when = find_when(p, end);
	return 0;
}
