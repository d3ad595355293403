#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "wire/features.h"

static bool
is_feature(const char *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(word);

	return n <= FEATURE_BYTES_MAX && strspn(word, allowed) == n && !strchr("._-", word[0]);
}

int
features_parse(const char *text, struct strs *out, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, text, " \t\n");
	if (words.n > FEATURES_MAX)
		return err_set(err, EINVAL, "more than %d features", (int)FEATURES_MAX);
	for (size_t i = 0; i < words.n; i++) {
		if (!is_feature(words.p[i]))
			return err_set(err, EINVAL, "feature `%s`: must be a name of a-z, 0-9, `.`, `_` and `-`, of at most %d bytes, "
			    "such as kvm", words.p[i], (int)FEATURE_BYTES_MAX);
		for (size_t k = 0; k < i; k++)
			if (strcmp(words.p[i], words.p[k]) == 0)
				return err_set(err, EINVAL, "feature `%s` is given twice", words.p[i]);
	}
	for (size_t i = 0; i < words.n; i++)
		strs_add(out, words.p[i]);
	return 0;
}
