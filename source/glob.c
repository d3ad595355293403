/*
 * On a mismatch matching resumes at the last star seen, letting it swallow one
 * character more. Remembering only the last star is enough: whatever an
 * earlier one could still swallow, the later one can. `**` is the stronger
 * kind, and has a place of its own to resume at.
 */
#include <string.h>

#include "source/glob.h"

/* Where to resume: the pattern behind a star, and what it has swallowed up to. */
struct resume {
	const char *pattern;
	const char *text;
};

/*
 * Match one [...] at p against c. Returns the pattern behind it, NULL if c is
 * not in it, or p itself if the bracket never closes, being a plain character then.
 */
static const char *
match_set(const char *p, unsigned char c)
{
	const char *q = p + 1;
	bool negate = *q == '!' || *q == '^';
	bool found = false;

	q += negate;
	for (bool first = true; *q && (first || *q != ']'); first = false) {
		unsigned char low = (unsigned char)*q, high = low;

		if (low == '\\' && q[1])
			low = high = (unsigned char)*++q;
		q++;
		if (q[0] == '-' && q[1] && q[1] != ']') {
			high = (unsigned char)q[1];
			q += 2;
		}
		found = found || (low <= c && c <= high);
	}
	if (*q != ']')
		return p;
	return found != negate ? q + 1 : NULL;
}

/* Match one character of the pattern, no star: the pattern behind it, or NULL. */
static const char *
match_one(const char *p, char c, bool path)
{
	const char *behind;

	if (c == '\0' || *p == '\0')
		return NULL;
	if (*p == '?')
		return path && c == '/' ? NULL : p + 1;
	if (*p == '[') {
		behind = match_set(p, (unsigned char)c);
		if (behind != p)
			return path && c == '/' ? NULL : behind;
	}
	if (*p == '\\' && p[1])
		p++;
	return *p == c ? p + 1 : NULL;
}

bool
glob_match(const char *pattern, const char *name)
{
	struct resume star = {0};
	const char *p = pattern, *t = name;

	while (*t) {
		const char *behind;

		if (*p == '*') {
			star = (struct resume){++p, t};
			continue;
		}
		behind = match_one(p, *t, false);
		if (behind) {
			p = behind;
			t++;
		} else if (star.pattern) {
			p = star.pattern;
			t = ++star.text;
		} else {
			return false;
		}
	}
	return p[strspn(p, "*")] == '\0';
}

/* Whether p, inside pattern, is a ** that stands for whole components. */
static bool
is_folders(const char *pattern, const char *p)
{
	return p[0] == '*' && p[1] == '*' && (p == pattern || p[-1] == '/') && (p[2] == '/' || p[2] == '\0');
}

static bool
match_wild(const char *pattern, const char *path)
{
	struct resume star = {0}, folders = {0};
	const char *p = pattern, *t = path;

	while (*t) {
		const char *behind;

		if (is_folders(pattern, p)) {
			if (p[2] == '\0')
				return true;
			folders = (struct resume){p += 3, t};
			star = (struct resume){0};
			continue;
		}
		if (*p == '*') {
			p += strspn(p, "*");
			star = (struct resume){p, t};
			continue;
		}
		behind = match_one(p, *t, true);
		if (behind) {
			p = behind;
			t++;
		} else if (star.pattern && *star.text != '/') {
			p = star.pattern;
			t = ++star.text;
		} else if (folders.pattern && strchr(folders.text, '/')) {
			p = folders.pattern;
			t = folders.text = strchr(folders.text, '/') + 1;
			star = (struct resume){0};
		} else {
			return false;
		}
	}
	return p[strspn(p, "*")] == '\0';
}

bool
glob_match_path(const char *pattern, const char *path)
{
	size_t n = strlen(pattern);

	if (strpbrk(pattern, "*?[\\"))
		return match_wild(pattern, path);
	while (n && pattern[n - 1] == '/')
		n--;
	return n && strncmp(pattern, path, n) == 0 && (path[n] == '\0' || path[n] == '/');
}
