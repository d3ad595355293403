#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/text.h"
#include "shell/json.h"

json_t *
json_text(const char *text)
{
	AUTO(str_fini) struct str shown = {0};

	text_printable(&shown, text);
	return json_string(str_c(&shown));
}

json_t *
json_names(const struct strs *names)
{
	json_t *j = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(j, json_text(names->p[i]));
	return j;
}

json_t *
json_words(const char *words)
{
	AUTO(strs_fini) struct strs list = {0};

	strs_split(&list, words, " ");
	return json_names(&list);
}

void
json_set_number(json_t *object, const char *key, json_int_t value)
{
	if (value)
		json_object_set_new(object, key, json_integer(value));
}

void
json_add(json_t *root, bool one_line, struct str *out)
{
	AUTO(free) char *text = json_dumps(root, (one_line ? JSON_COMPACT : JSON_INDENT(2)) | JSON_PRESERVE_ORDER);

	str_add(out, "%s\n", text ? text : "{}");
	json_decref(root);
}

void
json_print(json_t *root)
{
	AUTO(str_fini) struct str out = {0};

	json_add(root, false, &out);
	fputs(str_c(&out), stdout);
}
