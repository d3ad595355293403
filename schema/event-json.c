#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "base/str.h"
#include "base/text.h"
#include "schema/event.h"
#include "schema/event-json.h"

/* The end of the year 9999. */
#define LAST_MS 253402300799999

/* RFC 3339, in UTC. A time that it has no form for is shown as the first one. */
static void
put_time(json_t *o, int64_t at)
{
	time_t s = (time_t)(at / 1000);
	char day[32], text[48];
	struct tm tm;

	if (at < 0 || at > LAST_MS || !gmtime_r(&s, &tm) || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(text, sizeof(text), "1970-01-01T00:00:00.000Z");
	else
		snprintf(text, sizeof(text), "%s.%03dZ", day, (int)(at % 1000));
	json_object_set_new(o, "time", json_string(text));
}

static void
put_text(json_t *o, const char *key, const char *text)
{
	AUTO(str_fini) struct str clean = {0};

	text_printable(&clean, text);
	json_object_set_new(o, key, json_string(str_c(&clean)));
}

void
event_json(const struct event *e, struct str *out)
{
	json_t *o = json_object();
	char *line;

	json_object_set_new(o, "id", json_integer(e->id));
	json_object_set_new(o, "at", json_integer(e->at));
	put_time(o, e->at);
	put_text(o, "kind", e->kind);
	json_object_set_new(o, "task", json_integer(e->task));
	json_object_set_new(o, "job", json_integer(e->job));
	put_text(o, "user", e->user);
	put_text(o, "origin", e->origin);
	put_text(o, "state", e->state);
	put_text(o, "text", e->text);
	line = json_dumps(o, JSON_COMPACT);
	str_puts(out, line);
	str_putc(out, '\n');
	free(line);
	json_decref(o);
}
