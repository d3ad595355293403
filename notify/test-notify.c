/* Which files are hooks, cursors, programs and their limits, the message about a task. */
#include "schema/test-farm.h"

#include <signal.h>
#include <sys/epoll.h>

#include "base/spawn.h"
#include "base/text.h"
#include "notify/hook.h"
#include "notify/cursor.h"
#include "notify/mail.h"
#include "notify/notify.h"
#include "notify/run.h"
#include "schema/task.h"
#include "schema/user.h"

static void
put_file(const struct folder *f, const char *name, mode_t mode)
{
	folder_put(f, name, "#!/bin/sh\n");
	assert_int_equal(fchmodat(f->fd, name, mode, 0), 0);
}

static void
test_hooks(void **state)
{
	static const char *const left[] = {".hidden", "hook~", "hook.bak", "hook.orig", "hook.dpkg-new", "hook.dpkg-dist",
	    "hook.rpmnew", "hook.rpmsave", "hook.rpmorig"};
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(hook_list_fini) struct hook_list l = HOOK_LIST_INIT;
	AUTO(free) char *run = NULL;
	AUTO(free) char *refused = NULL;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		put_file(&f, left[i], 0755);
	put_file(&f, "b", 0755);
	put_file(&f, "10-a.sh", 0700);
	put_file(&f, "off", 0644);
	put_file(&f, "group", 0775);
	put_file(&f, "others", 0757);
	put_file(&f, "a b\n", 0755);
	assert_int_equal(mkdirat(f.fd, "folder", 0755), 0);
	assert_int_equal(symlinkat("b", f.fd, "link"), 0);
	assert_int_equal(symlinkat("group", f.fd, "bad-link"), 0);
	assert_int_equal(symlinkat("nothing", f.fd, "dangling"), 0);
	OK(hook_find(f.path, &l, &err));
	run = strs_join(&l.run, " ");
	assert_string_equal(run, "10-a.sh b");
	refused = strs_join(&l.refused, "; ");
	assert_string_equal(refused, "a b?: not a name for a hook; bad-link: it is a link; dangling: it is a link; "
	    "group: group or others may write to it; link: it is a link; others: group or others may write to it");
}

static void
test_hooks_folder(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(hook_list_fini) struct hook_list l = HOOK_LIST_INIT;
	struct err err = {0};
	char name[16];

	OK(hook_find("/nonexistent/hooks.d", &l, &err));
	assert_int_equal(l.run.n, 0);
	assert_int_equal(l.dir, -1);
	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "hook-%02d", i);
		put_file(&f, name, 0755);
	}
	OK(hook_find(f.path, &l, &err));
	assert_int_equal(l.run.n, 64);
	assert_int_equal(l.refused.n, 6);
	unit_has(l.refused.p[0], "hook-64: there are 64");
	hook_list_fini(&l);
	assert_int_equal(fchmod(f.fd, 0777), 0);
	FAILS(hook_find(f.path, &l, &err), "nothing in it is run");
	if (geteuid() == 0) {
		AUTO(hook_list_fini) struct hook_list theirs = HOOK_LIST_INIT;

		assert_int_equal(fchmod(f.fd, 0755), 0);
		assert_int_equal(fchownat(f.fd, "hook-00", 65534, 65534, 0), 0);
		OK(hook_find(f.path, &theirs, &err));
		assert_string_equal(theirs.refused.p[0], "hook-00: it belongs to somebody else");
		assert_int_equal(fchown(f.fd, 65534, 65534), 0);
		FAILS(hook_find(f.path, &theirs, &err), "it belongs to somebody else");
	}
}

/* Who may write to the folder above could put another of our folders there; a link is not followed. */
static void
test_hooks_above(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(hook_list_fini) struct hook_list l = HOOK_LIST_INIT;
	AUTO(free) char *hooks = xasprintf("%s/hooks.d", f.path);
	AUTO(free) char *link = xasprintf("%s/link", f.path);
	struct err err = {0};

	assert_int_equal(mkdirat(f.fd, "hooks.d", 0755), 0);
	assert_int_equal(symlinkat("hooks.d", f.fd, "link"), 0);
	FAILS(hook_find(link, &l, &err), "link: ");
	assert_int_equal(fchmod(f.fd, 0775), 0);
	FAILS(hook_find(hooks, &l, &err), "which holds the hooks: group or others may write to it");
	assert_int_equal(fchmod(f.fd, 01777), 0);
	OK(hook_find(hooks, &l, &err));
	if (geteuid() == 0) {
		AUTO(hook_list_fini) struct hook_list theirs = HOOK_LIST_INIT;

		assert_int_equal(fchmod(f.fd, 0755), 0);
		assert_int_equal(fchown(f.fd, 65534, 65534), 0);
		FAILS(hook_find(hooks, &theirs, &err), "which holds the hooks: it belongs to somebody else");
	}
}

/* The rest of the journal, by a cursor: numbers in `job`. */
static void
expect(struct cursor *l, struct store *s, int from, int to)
{
	struct err err = {0};
	int64_t last = event_last(s, &err);
	const struct event *e;
	int r;

	for (int i = from; i < to; i++) {
		e = cursor_next(l, s, last, &r, &err);
		assert_non_null(e);
		assert_int_equal(e->job, i);
		assert_ptr_equal(cursor_next(l, s, last, &r, &err), e);
		cursor_pass(l);
	}
	assert_null(cursor_next(l, s, last, &r, &err));
	assert_int_equal(r, 0);
}

static void
add_events(struct store *s, int from, int to)
{
	struct err err = {0};

	for (int i = from; i < to; i++)
		OK(event_add(s, "farm", 0, i, "x", &err, "number %d", i));
}

/* A new one begins with what comes; what was not saved comes again; nothing is left out. */
static void
test_cursor(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct cursor l;
	struct err err = {0};

	OK(cursor_open(&l, f.s, "hook:a", &err));
	expect(&l, f.s, 0, 0);
	cursor_fini(&l);

	add_events(f.s, 1, 200);
	OK(cursor_open(&l, f.s, "hook:a", &err));
	expect(&l, f.s, 1, 200);
	cursor_fini(&l);
	OK(cursor_open(&l, f.s, "hook:a", &err));
	expect(&l, f.s, 1, 200);
	OK(cursor_save(&l, f.s, &err));
	add_events(f.s, 200, 203);
	expect(&l, f.s, 200, 203);
	cursor_fini(&l);
	OK(cursor_open(&l, f.s, "hook:a", &err));
	expect(&l, f.s, 200, 203);
	cursor_fini(&l);

	OK(cursor_open(&l, f.s, "hook:b", &err));
	expect(&l, f.s, 0, 0);
	cursor_fini(&l);
}

/* Nothing after `last`, however much was read ahead. */
static void
test_cursor_last(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	struct cursor l;
	struct err err = {0};
	int64_t last;
	int r;

	OK(cursor_open(&l, f.s, "mail", &err));
	add_events(f.s, 0, 1);
	last = event_last(f.s, &err);
	add_events(f.s, 1, 5);
	assert_non_null(cursor_next(&l, f.s, last, &r, &err));
	cursor_pass(&l);
	assert_null(cursor_next(&l, f.s, last, &r, &err));
	expect(&l, f.s, 1, 5);
	cursor_fini(&l);
}

struct running {
	struct loop *loop;
	struct run run;
	struct ended ended;
};

static void
stop(void *arg, uint32_t events)
{
	struct running *r = arg;
	struct err err = {0};

	OK(run_end(&r->run, &r->ended, &err));
	loop_stop(r->loop);
}

static void
expire(void *arg, uint32_t events)
{
	run_expire(&((struct running *)arg)->run);
}

/* Run a script to its end; the caller frees the run. */
static void
run_script(struct running *r, const char *script, const char *input, int64_t limit_ms)
{
	const char *const argv[] = {"/bin/sh", "-c", script, NULL}, *const env[] = {"PATH=/usr/bin:/bin", NULL};
	const struct str in = {.p = (char *)input, .n = strlen(input)};
	const struct run_what what = {.argv = argv, .env = env, .input = &in, .limit_ms = limit_ms, .ended = stop, .arg = r};
	struct err err = {0};

	r->loop = loop_new(&err);
	assert_non_null(r->loop);
	assert_non_null(loop_timer(r->loop, 10, expire, r, &err));
	OK(run_start(&r->run, r->loop, &what, &err));
	OK(loop_run(r->loop, &err));
	loop_free(r->loop);
	assert_int_equal(r->run.pid, 0);
	assert_int_equal(r->run.out, -1);
}

static void
test_run(void **state)
{
	struct running r = {.run = RUN_INIT};
	int fds = unit_open_fds();

	run_script(&r, "cat; pwd; env | grep -v '^PWD\\|^SHLVL\\|^_='; echo err >&2; exit 3", "in\n", 30000);
	assert_string_equal(str_c(&r.run.output), "in\n/\nPATH=/usr/bin:/bin\nerr\n");
	assert_int_equal(r.ended.how, ENDED_EXIT);
	assert_int_equal(r.ended.code, 3);
	assert_false(r.run.late);

	/* Neither what is not read nor what is not wanted holds anybody up. */
	run_script(&r, "head -c 300000 /dev/zero | tr '\\0' x", "in\n", 30000);
	assert_int_equal(r.run.output.n, RUN_OUTPUT_MAX);
	assert_int_equal(r.run.lost, 300000 - RUN_OUTPUT_MAX);
	run_fini(&r.run);
	assert_int_equal(unit_open_fds(), fds);
}

/* At the limit it goes with its children; what it leaves in the background when it ends goes too. */
static void
test_run_limit(void **state)
{
	struct running r = {.run = RUN_INIT};
	int64_t start = tick_ms();
	pid_t child;

	run_script(&r, "trap '' TERM INT; sleep 1000 & echo $!; sleep 1000", "", 300);
	assert_true(r.run.late);
	assert_int_equal(r.ended.how, ENDED_SIGNAL);
	assert_int_equal(r.ended.code, SIGKILL);
	assert_true(tick_ms() - start >= 300);
	child = (pid_t)atoi(str_c(&r.run.output));
	assert_true(child > 1);
	for (int i = 0; i < 1000 && kill(child, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(child, 0), -1);

	run_script(&r, "sleep 1000 & echo $!", "", 30000);
	assert_false(r.run.late);
	child = (pid_t)atoi(str_c(&r.run.output));
	for (int i = 0; i < 1000 && kill(child, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(child, 0), -1);
	run_fini(&r.run);
}

/* One that writes without end is killed for that, long before its time. */
static void
test_run_flood(void **state)
{
	struct running r = {.run = RUN_INIT};

	run_script(&r, "yes", "", 600000);
	assert_true(r.run.flood);
	assert_false(r.run.late);
	assert_int_equal(r.ended.how, ENDED_SIGNAL);
	assert_int_equal(r.run.output.n, RUN_OUTPUT_MAX);
	assert_true(r.run.lost > RUN_LOST_MAX);
	run_script(&r, "echo", "", 30000);
	assert_false(r.run.flood);
	run_fini(&r.run);
}

/* What was looked at is what is run, whatever has the folder's name meanwhile; and only as long as it is ours. */
static void
test_hooks_swapped(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(hook_list_fini) struct hook_list l = HOOK_LIST_INIT;
	AUTO(free) char *hooks = xasprintf("%s/hooks.d", f.path);
	AUTO(free) char *path = NULL;
	const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	struct running r = {.run = RUN_INIT};
	const struct str in = {0};
	struct err err = {0};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(mkdirat(f.fd, "hooks.d", 0755), 0);
		folder_put(&f, "hooks.d/a", i ? "#!/bin/sh\necho theirs\n" : "#!/bin/sh\necho ours; pwd\n");
		assert_int_equal(fchmodat(f.fd, "hooks.d/a", 0755, 0), 0);
		if (i == 0) {
			OK(hook_find(hooks, &l, &err));
			assert_int_equal(renameat(f.fd, "hooks.d", f.fd, "away"), 0);
		}
	}
	assert_null(hook_wrong(l.dir, "a"));
	path = xasprintf("/proc/self/fd/%d/a", l.dir);
	r.loop = loop_new(&err);
	assert_non_null(r.loop);
	OK(run_start(&r.run, r.loop, &(struct run_what){.argv = (const char *const[]){path, NULL}, .env = env, .input = &in,
	    .keep = l.dir, .limit_ms = 30000, .ended = stop, .arg = &r}, &err));
	OK(loop_run(r.loop, &err));
	loop_free(r.loop);
	assert_string_equal(str_c(&r.run.output), "ours\n/\n");
	run_fini(&r.run);

	assert_int_equal(fchmodat(l.dir, "a", 0757, 0), 0);
	unit_has(hook_wrong(l.dir, "a"), "group or others");
	assert_int_equal(fchmodat(l.dir, "a", 0755, 0), 0);
	assert_int_equal(fchmod(l.dir, 0775), 0);
	unit_has(hook_wrong(l.dir, "a"), "group or others");
	assert_int_equal(fchmod(l.dir, 0755), 0);
	assert_int_equal(unlinkat(l.dir, "a", 0), 0);
	assert_int_equal(symlinkat("/bin/true", l.dir, "a"), 0);
	unit_has(hook_wrong(l.dir, "a"), "it is a link");
}

static void
test_run_absent(void **state)
{
	const char *const argv[] = {"/nonexistent/hook", NULL}, *const env[] = {NULL};
	const struct str in = {0};
	const struct run_what what = {.argv = argv, .env = env, .input = &in, .limit_ms = 1000, .ended = stop};
	struct run r = RUN_INIT;
	struct err err = {0};
	struct loop *l = loop_new(&err);
	int fds = unit_open_fds();

	FAILS(run_start(&r, l, &what, &err), "/nonexistent/hook");
	assert_int_equal(r.pid, 0);
	assert_int_equal(unit_open_fds(), fds);
	run_fini(&r);
	loop_free(l);
}

/* Mail. */

static const struct task task = {.id = 7, .repository = (char *)"sisyphus", .owner = (char *)"joe", .state = TASK_FAILED};

static void
write_mail(struct str *out, const char *state, const char *text)
{
	const struct event e = {.id = 57, .at = 1795291788830, .kind = "task", .task = 7, .user = "scheduler", .origin = "",
	    .state = state, .text = text};

	assert_true(mail_is_due(&e));
	mail_write(&e, &task, "artel@farm.example.org", "joe@example.org", "/srv/farm", out);
}

static void
test_mail(void **state)
{
	AUTO(str_fini) struct str out = {0};

	write_mail(&out, "FAILED", "task #7 for sisyphus FAILED: %build: a.c:1:25: error: 'x' undeclared");
	assert_string_equal(str_c(&out),
	    "From: artel@farm.example.org\n"
	    "To: joe@example.org\n"
	    "Subject: [artel] task #7 FAILED: %build: a.c:1:25: error: 'x' undeclared\n"
	    "Date: Sat, 21 Nov 2026 20:09:48 +0000\n"
	    "Message-ID: <artel.57.1795291788830@farm.example.org>\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=UTF-8\n"
	    "Content-Transfer-Encoding: 8bit\n"
	    "\n"
	    "Task #7 of joe for sisyphus is FAILED since 2026-11-21 20:09:48 UTC.\n"
	    "\n"
	    "    %build: a.c:1:25: error: 'x' undeclared\n"
	    "\n"
	    "The first real error of each job that failed, all that the jobs wrote, and the task:\n"
	    "\n"
	    "    artel log --reason 7\n"
	    "    artel log 7\n"
	    "    artel task show 7\n"
	    "\n"
	    "The farm: /srv/farm\n");
	str_clear(&out);
	write_mail(&out, "DONE", "task #7 for sisyphus DONE");
	unit_has(str_c(&out), "\nSubject: [artel] task #7 DONE\n");
	unit_has(str_c(&out), "UTC.\n\nIt is in the repository.\n");
}

static void
test_mail_when(void **state)
{
	static const char *const states[] = {"DONE", "FAILED", "TESTED", "EPERM"};

	for (enum task_state s = 0; s < TASK_STATES; s++) {
		const struct event e = {.kind = "task", .task = 7, .state = task_state_name(s)};
		bool due = false;

		for (size_t i = 0; i < ARRAY_SIZE(states); i++)
			due |= strcmp(states[i], e.state) == 0;
		assert_int_equal(mail_is_due(&e), due);
	}
	assert_false(mail_is_due(&(struct event){.kind = "job", .task = 7, .state = "FAILED"}));
	assert_false(mail_is_due(&(struct event){.kind = "task", .task = 0, .state = "FAILED"}));
}

/* The header up to the empty line, with folds undone. */
static char *
unfolded_head(const struct str *message)
{
	const char *end = strstr(message->p, "\n\n");
	struct str out = {0};

	assert_non_null(end);
	for (const char *p = message->p; p < end; p++)
		if (*p != '\n' || p[1] != ' ')
			str_putc(&out, *p);
	return str_steal(&out);
}

/* Lines no longer than they may be, no control characters, a header of just our lines. */
static void
is_sound(const struct str *message, size_t header_columns)
{
	AUTO(free) char *head = unfolded_head(message);
	AUTO(strs_fini) struct strs lines = {0};
	AUTO(strs_fini) struct strs fields = {0};
	const char *const names[] = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
	    "Content-Transfer-Encoding"};
	const char *end = strstr(message->p, "\n\n");

	strs_split(&fields, head, "\n");
	assert_int_equal(fields.n, ARRAY_SIZE(names));
	for (size_t i = 0; i < fields.n; i++)
		assert_int_equal(strncmp(fields.p[i], names[i], strlen(names[i])), 0);
	for (const char *p = message->p; *p;) {
		size_t n = strcspn(p, "\n");

		assert_true(n <= (p < end ? header_columns : 998));
		p += n + (p[n] == '\n');
	}
	for (size_t i = 0; i < message->n; i++) {
		unsigned char c = (unsigned char)message->p[i];

		assert_true(c == '\n' || (c >= 0x20 && c != 0x7f));
		if (message->p + i < end)
			assert_true(c < 0x80);
	}
}

static void
test_mail_hostile(void **state)
{
	static const char *const reasons[] = {
		"x\nBcc: all@example.org\n\nhello", "x\r\nBcc: all@example.org\r\n.\r\n", "\n\n", "\033[31mred", "\xff\xfe\xc3",
		"grün: ☃ is not a name 𝄞", "=?UTF-8?B?QmNjOiBhbGw=?=", ".", "a  b   c",
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		AUTO(free) char *text = xasprintf("task #7 for sisyphus FAILED: %s", reasons[i]);
		AUTO(str_fini) struct str out = {0};

		write_mail(&out, "FAILED", text);
		is_sound(&out, 78);
		unit_has_not(str_c(&out), "\nBcc");
		unit_has_not(str_c(&out), "\n.\n");
	}
}

/* Whatever their length. */
static void
test_mail_long(void **state)
{
	static const char *const units[] = {"word ", "x", "ü", "ü ", "𝄞", "a☃ "};

	for (size_t u = 0; u < ARRAY_SIZE(units); u++)
		for (size_t n = 0; n < 1500; n += n < 60 ? 1 : 37) {
			AUTO(str_fini) struct str text = {0};
			AUTO(str_fini) struct str out = {0};

			str_puts(&text, "task #7 for sisyphus FAILED: ");
			while (text.n < n + 29)
				str_puts(&text, units[u]);
			write_mail(&out, "FAILED", str_c(&text));
			is_sound(&out, u == 1 ? 200 : 78);
			unit_has_not(str_c(&out), "?\xbc");
		}
}

/* What an encoded subject is when it is decoded: nothing lost between its words. */
static void
test_mail_encoded(void **state)
{
	AUTO(str_fini) struct str out = {0};
	AUTO(free) char *head = NULL;

	write_mail(&out, "FAILED", "task #7 for sisyphus FAILED: grün und blau");
	head = unfolded_head(&out);
	/* "[artel] task #7 FAILED: grün und blau" is 38 bytes, one word. */
	unit_has(head, "Subject: =?UTF-8?B?W2FydGVsXSB0YXNrICM3IEZBSUxFRDogZ3LDvG4gdW5kIGJsYXU=?=\n");
	str_clear(&out);
	write_mail(&out, "FAILED", "task #7 for sisyphus FAILED: grün und blauü");
	/* The 39th byte is inside a character, which goes to the second word as a whole. */
	unit_has(str_c(&out), "Subject: =?UTF-8?B?W2FydGVsXSB0YXNrICM3IEZBSUxFRDogZ3LDvG4gdW5kIGJsYXU=?=\n =?UTF-8?B?w7w=?=\n");
}

/* A whole pass over a journal: who is told of what, once. */
static void
test_once(void **state)
{
	AUTO(farm_fini) struct farm f = farm_make();
	AUTO(free) char *hooks = xasprintf("%s/hooks.d", f.folder.path);
	AUTO(free) char *got = NULL;
	struct notify_conf c = {.root = f.folder.path, .hooks = hooks, .limit_ms = 30000, .parallel = 2, .tries = 2, .once = true,
	    .mail_from = "artel@example.org"};
	struct err err = {0};
	int64_t first;

	assert_int_equal(mkdirat(f.folder.fd, "hooks.d", 0755), 0);
	folder_put(&f.folder, "hooks.d/note", "#!/bin/sh\ncat >> $ARTEL_ROOT/seen\n");
	folder_put(&f.folder, "hooks.d/wrong", "#!/bin/sh\necho $ARTEL_EVENT_ID >> $ARTEL_ROOT/wrong; exit 1\n");
	folder_put(&f.folder, "hooks.d/later", "#!/bin/sh\necho $ARTEL_EVENT_ID >> $ARTEL_ROOT/later; exit 75\n");
	for (const char *const *p = (const char *const[]){"hooks.d/note", "hooks.d/wrong", "hooks.d/later", NULL}; *p; p++)
		assert_int_equal(fchmodat(f.folder.fd, *p, 0755, 0), 0);
	OK(notify_run(f.s, &c, &err));
	assert_false(file_exists(f.folder.fd, "seen"));

	first = event_last(f.s, &err) + 1;
	add_events(f.s, 1, 3);
	OK(notify_run(f.s, &c, &err));
	OK(notify_run(f.s, &c, &err));
	got = folder_get(&f.folder, "seen");
	unit_has(got, "number 1");
	unit_has(strchr(got, '\n'), "number 2");
	assert_null(strchr(strchr(strchr(got, '\n') + 1, '\n') + 1, '\n'));
	free(got);
	got = folder_get(&f.folder, "wrong");
	assert_int_equal(atoi(got), first);
	assert_int_equal(strlen(got), 4);
	free(got);
	/* Tried twice, and then given up. */
	got = folder_get(&f.folder, "later");
	assert_int_equal(strlen(got), 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_hooks_folder),
		cmocka_unit_test(test_hooks_above),
		cmocka_unit_test(test_hooks_swapped),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_cursor_last),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_run_limit),
		cmocka_unit_test(test_run_flood),
		cmocka_unit_test(test_run_absent),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_mail_when),
		cmocka_unit_test(test_mail_hostile),
		cmocka_unit_test(test_mail_long),
		cmocka_unit_test(test_mail_encoded),
		cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
