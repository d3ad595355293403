/* `status`: the farm at a glance. A reader only, in its own process; it can hold nobody up. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/doorbell.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "base/text.h"
#include "schema/repository.h"
#include "schema/user.h"
#include "shell/farm.h"
#include "shell/glance-json.h"
#include "shell/json.h"
#include "shell/page.h"
#include "shell/table.h"
#include "shell/watch.h"

enum { PAGE_TASKS = 200, EVERY_TASKS = 40, JSON_TASKS = 1000, JSON_MERGES = 20, STALE_MS = 60000 };

struct status {
	struct context *c;
	struct glance_filter filter;
	bool watch;
	struct glance glance;
	int64_t version;		/* store_changed() when it was read */
};

/* What there is now; 1 if that is what there was. */
static int
look(struct status *s, struct err *err)
{
	bool scheduler = s->glance.scheduler;
	int64_t version;

	if (store_changed(s->c->store, &version, err) < 0)
		return -1;
	if (s->glance.at && version == s->version && now_ms() - s->glance.at < STALE_MS) {
		s->glance.scheduler = doorbell_heard(s->c->store->root);
		return scheduler == s->glance.scheduler;
	}
	glance_fini(&s->glance);
	s->version = version;
	return glance_read(s->c->store, &s->filter, &s->glance, err);
}

static int
add_page(void *arg, const struct page_size *size, struct str *out, struct err *err)
{
	struct status *s = arg;
	int64_t now;

	if (look(s, err) < 0)
		return -1;
	now = now_ms();
	glance_sort(&s->glance, now);
	page_render(&s->glance, now, size, out);
	if (s->watch && !size->height)
		str_putc(out, '\n');
	return 0;
}

static int
add_json(void *arg, const struct page_size *size, struct str *out, struct err *err)
{
	struct status *s = arg;
	int r = look(s, err);

	if (r == 0)
		json_add(glance_json(&s->glance), s->watch, out);
	return r;
}

static int
option(struct status *s, const char *word, bool *all, struct err *err)
{
	const char *value;

	if ((value = context_value(s->c, word, "--repository", "a name", err)))
		s->filter.repository = value;
	else if (!err->code && (value = context_value(s->c, word, "--owner", "a user", err)))
		s->filter.owner = value;
	else if (err->code)
		return -1;
	else if (strcmp(word, "--watch") == 0)
		s->watch = true;
	else if (strcmp(word, "--all") == 0)
		*all = true;
	else if (strcmp(word, "--json") == 0)
		s->c->json = true;
	else
		return err_set(err, EINVAL, "`%s`: not --watch, --all, --json, --repository or --owner", word);
	return 0;
}

/* Whom it is to be about must be there. */
static int
known(const struct status *s, struct err *err)
{
	AUTO(repository_fini) struct repository repository = {0};
	struct user user;

	if (s->filter.repository && repository_get(s->c->store, s->filter.repository, &repository, err))
		return -1;
	return s->filter.owner && user_get(s->c->store, s->filter.owner, &user, err) ? -1 : 0;
}

static int
once(struct status *s, struct err *err)
{
	const struct page_size size = {table_width(), 0, table_colour()};
	AUTO(str_fini) struct str out = {0};

	if ((s->c->json ? add_json : add_page)(s, &size, &out, err) < 0)
		return -1;
	return file_write_fd(STDOUT_FILENO, str_c(&out), out.n, err) < 0 && err->code != EPIPE ? -1 : 0;
}

int
farm_status(struct context *c, struct err *err)
{
	struct status s = {.c = c};
	bool all = false;
	const char *word;
	int r = 0;

	while (r == 0 && (word = context_next(c)))
		r = option(&s, word, &all, err);
	if (r < 0 || context_open(c, err) < 0 || known(&s, err) < 0)
		return -1;
	s.filter.every = all;
	s.filter.tasks = all ? EVERY_TASKS : c->json ? JSON_TASKS : PAGE_TASKS;
	s.filter.merges = c->json ? JSON_MERGES : GLANCE_MERGES;
	r = s.watch ? watch_pages(!c->json, c->json ? add_json : add_page, &s, err) : once(&s, err);
	glance_fini(&s.glance);
	return r;
}
