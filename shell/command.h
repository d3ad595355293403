/*
 * A command as it comes over ssh: one line, no quoting, arguments split on blanks; git's two, which quote the path of
 * the repository. Whatever is in it was typed by a stranger.
 */
#ifndef ARTEL_SHELL_COMMAND_H
#define ARTEL_SHELL_COMMAND_H

struct err;
struct strs;

enum { COMMAND_BYTES = 96 << 10, COMMAND_WORDS = 8192 };

/*
 * Append the words of the line. -1 with EINVAL and one sentence, which does not repeat what was typed: it is longer
 * than COMMAND_BYTES, has more than COMMAND_WORDS words, or is not one line of printable UTF-8 (a tab is a blank).
 */
int command_split(const char *line, struct strs *words, struct err *err);

/* What a client of git asks for: to fetch, or to push. */
enum command_git { COMMAND_NO_GIT, COMMAND_FETCH, COMMAND_PUSH };
/*
 * Whether the words are git's: `git-upload-pack 'PATH'` or `git-receive-pack 'PATH'`, also as `git upload-pack`. Then
 * *path is PATH as it was meant, malloc'ed. -1 with EINVAL: they begin so, but are not one of these.
 */
int command_git(const struct strs *words, char **path, struct err *err);

#endif
