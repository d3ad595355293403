/* JSON as the commands print it. */
#ifndef ARTEL_SHELL_JSON_H
#define ARTEL_SHELL_JSON_H

#include <stdbool.h>

#include <jansson.h>

struct str;
struct strs;

/* A string, as text_printable() has it. */
json_t *json_text(const char *text);
json_t *json_names(const struct strs *names);
/* Blank-separated words as an array. */
json_t *json_words(const char *words);
/* Set a number unless it is 0. */
void json_set_number(json_t *object, const char *key, json_int_t value);
/* Append it with a line end, over many lines or in one; takes the reference. */
void json_add(json_t *root, bool one_line, struct str *out);
/* On stdout, over many lines; takes the reference. */
void json_print(json_t *root);

#endif
