/* An event as JSON: what `artel events --json` prints and hooks are given. artel-events(7) is its manual. */
#ifndef ARTEL_SCHEMA_EVENT_JSON_H
#define ARTEL_SCHEMA_EVENT_JSON_H

struct event;
struct str;

/*
 * Append one object and a line end: id, at, time, kind, task, job, user, origin, state, text. The strings are UTF-8,
 * whatever the event holds; control characters, and bytes that are not UTF-8, are shown as ?.
 */
void event_json(const struct event *e, struct str *out);

#endif
