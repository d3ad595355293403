/*
 * What is set for the whole farm while it runs; the scheduler takes a change at once.
 *
 *   owner-limit       jobs of one owner at once
 *   limit.urgent, limit.normal, limit.background
 *                     jobs of one class at once
 */
#ifndef ARTEL_SCHEMA_SETTING_H
#define ARTEL_SCHEMA_SETTING_H

#include <stdint.h>

struct err;
struct store;

enum setting { SETTING_OWNER_LIMIT, SETTING_LIMIT_URGENT, SETTING_LIMIT_NORMAL, SETTING_LIMIT_BACKGROUND, SETTINGS };
const char *setting_name(enum setting k);
/* One line about it, for people. */
const char *setting_help(enum setting k);
/* SETTINGS if there is none of this name. */
enum setting setting_find(const char *name);

/* All of them are numbers; 0 (the default): no limit. */
int setting_get(struct store *s, enum setting k, int64_t *out, struct err *err);
int setting_set(struct store *s, enum setting k, int64_t value, struct err *err);

#endif
