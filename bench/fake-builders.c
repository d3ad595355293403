/*
 * fake-builders: thousands of builders that build nothing, in one process, over the real protocol.
 *
 * Lines on stdout, tab-separated: name, value, unit. With SIGUSR1 also one line of what came since the last one: seconds,
 * jobs, jobs a second, results a second, and p50 and p99 in ms of the time from a result to the next job of that
 * builder. The status is 1 if an attempt was given twice or a builder was given more jobs than it has slots.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/options.h"
#include "base/str.h"
#include "base/text.h"
#include "bench/data.h"
#include "bench/fake-builder.h"
#include "schema/event.h"
#include "schema/setting.h"
#include "schema/store.h"
#include "wire/limits.h"

enum { WAIT_MS = 100, IDLE_MS = 2000 };

static struct {
	int builders, slots, fail, infra, vanish, hold, seed, retry, resume, open_gate;
	int until_idle, until_welcome, until_lost, jobs, seconds;
	char *arches, *features, *memory, *time, *prefix, *record, *notes;
} conf = {.builders = 1, .slots = 1, .seed = 1, .retry = 500};

static const struct poptOption options[] = {
	{"builders", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.builders, 0, "How many", "N"},
	{"slots", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.slots, 0, "Slots of each", "N"},
	{"arch", '\0', POPT_ARG_STRING, &conf.arches, 0, "Architectures, blank-separated (default: x86_64)", "LIST"},
	{"features", '\0', POPT_ARG_STRING, &conf.features, 0, "What they offer, blank-separated", "LIST"},
	{"memory", '\0', POPT_ARG_STRING, &conf.memory, 0, "Of each, as 64G (default: unknown)", "SIZE"},
	{"name-prefix", '\0', POPT_ARG_STRING, &conf.prefix, 0, "They are PREFIX-0, PREFIX-1, ... (default: fake)", "PREFIX"},
	{"time", '\0', POPT_ARG_STRING, &conf.time, 0, "What a job takes (default: 0, it is answered at once)", "MS|MIN-MAX"},
	{"fail", '\0', POPT_ARG_INT, &conf.fail, 0, "Jobs that fail by their package", "PERCENT"},
	{"infra", '\0', POPT_ARG_INT, &conf.infra, 0, "Jobs that fail by their builder", "PERCENT"},
	{"vanish", '\0', POPT_ARG_INT, &conf.vanish, 0, "Jobs in whose middle the connection is cut", "PERCENT"},
	{"hold", '\0', POPT_ARG_NONE, &conf.hold, 0, "Never answer: slots stay taken", NULL},
	{"seed", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.seed, 0, "Of all that is drawn", "N"},
	{"retry", '\0', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &conf.retry, 0, "Between attempts to connect", "MS"},
	{"resume", '\0', POPT_ARG_NONE, &conf.resume, 0, "Work on what the database says that they run", NULL},
	{"open-gate", '\0', POPT_ARG_NONE, &conf.open_gate, 0, "When all are welcome, lift the limit of fill-farm --gate", NULL},
	{"jobs", '\0', POPT_ARG_INT, &conf.jobs, 0, "End after N jobs, when all that are answered are acknowledged", "N"},
	{"seconds", '\0', POPT_ARG_INT, &conf.seconds, 0, "End after N seconds", "N"},
	{"until-idle", '\0', POPT_ARG_NONE, &conf.until_idle, 0, "End when there was no job for two seconds", NULL},
	{"until-welcome", '\0', POPT_ARG_NONE, &conf.until_welcome, 0, "End when all are welcome", NULL},
	{"until-lost", '\0', POPT_ARG_NONE, &conf.until_lost, 0, "End when some were welcome and none is connected any more", NULL},
	{"record", '\0', POPT_ARG_STRING, &conf.record, 0, "Write every job and its attempt, one a line", "FILE"},
	{"notes", '\0', POPT_ARG_STRING, &conf.notes, 0, "Append what is given and what is acknowledged, as it comes", "FILE"},
	OPTIONS_COMMON
};

static volatile sig_atomic_t stop, split;

static void
on_signal(int signal)
{
	*(signal == SIGUSR1 ? &split : &stop) = 1;
}

static void __attribute__((noreturn))
usage(const char *what)
{
	fprintf(stderr, "fake-builders: %s\nTry `fake-builders --help`.\n", what);
	exit(EXIT_USAGE);
}

/* "20", or "10-200". */
static void
parse_time(const char *text, struct fake_conf *c)
{
	AUTO(strs_fini) struct strs words = {0};
	int64_t n[2] = {0, 0};

	strs_split(&words, text, "-");
	if (words.n < 1 || words.n > 2)
		usage("--time is a number of ms, or MIN-MAX");
	for (size_t i = 0; i < 2; i++)
		n[i] = text_number(words.p[i < words.n ? i : 0], 86400000);
	if (n[0] < 0 || n[1] < n[0])
		usage("--time is a number of ms, or MIN-MAX");
	c->time_min = (unsigned)n[0];
	c->time_max = (unsigned)n[1];
}

static struct fake_conf
configure(void)
{
	struct fake_conf c = {.root = options_common.root, .prefix = conf.prefix ? conf.prefix : "fake",
	    .arches = conf.arches ? conf.arches : "x86_64", .features = conf.features ? conf.features : "",
	    .builders = (unsigned)conf.builders, .slots = (unsigned)conf.slots, .fail = (unsigned)conf.fail,
	    .infra = (unsigned)conf.infra, .vanish = (unsigned)conf.vanish, .hold = conf.hold, .retry_ms = (unsigned)conf.retry,
	    .seed = (unsigned)conf.seed, .notes = conf.notes};
	const int shares[] = {conf.fail, conf.infra, conf.vanish};
	struct limits l = {0};
	struct err err;

	if (conf.builders < 1 || conf.slots < 1 || conf.retry < 1 || conf.jobs < 0 || conf.seconds < 0)
		usage("numbers are positive");
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
		if (shares[i] < 0 || shares[i] > 100)
			usage("shares are 0 to 100 percent");
	if (conf.time)
		parse_time(conf.time, &c);
	if (conf.memory) {
		AUTO(free) char *text = xasprintf("memory=%s", conf.memory);

		if (limits_parse(&l, text, &err) < 0)
			usage(err.msg);
		c.memory = l.memory_bytes;
	}
	return c;
}

/* What was given to builders of these names and has not been answered. */
static void
resume(struct load *l, struct store *s)
{
	static const char sql[] = "SELECT j.id, j.attempt, j.kind, j.arch, j.builder, coalesce(t.srpm_file, ''), coalesce(t.srpm, ''),"
	    " '#' || j.task || '.' || printf('%o', j.subtask) FROM job j LEFT JOIN subtask t ON t.task = j.task AND t.id = j.subtask"
	    " WHERE j.state = 'running'";
	const size_t n = strlen(l->conf->prefix);
	sqlite3_stmt *q = NULL;
	struct err err;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		must(err_set(&err, EIO, "%s", sqlite3_errmsg(s->db)), &err);
	while (store_row(s, q, &err) > 0) {
		const char *kind = store_text(q, 2), *builder = store_text(q, 4);
		struct fake_job j = {.ref = {store_int(q, 0), (uint32_t)store_int(q, 1)},
		    .kind = *kind == 's' ? WIRE_JOB_SRPM : *kind == 'b' ? WIRE_JOB_BUILD : WIRE_JOB_TEST};
		int64_t i = strncmp(builder, l->conf->prefix, n) == 0 && builder[n] == '-' ? text_number(builder + n + 1, l->conf->builders - 1) : -1;

		if (i < 0)
			continue;
		snprintf(j.arch, sizeof(j.arch), "%s", store_text(q, 3));
		snprintf(j.source, sizeof(j.source), "%s", store_text(q, 5));
		snprintf(j.sha256, sizeof(j.sha256), "%s", store_text(q, 6));
		snprintf(j.label, sizeof(j.label), "%s", store_text(q, 7));
		must(load_resume(l, (unsigned)i, &j, &err), &err);
	}
	sqlite3_finalize(q);
}

static bool
ended(const struct load *l, double now)
{
	const struct tally *t = &l->all;

	if (stop || (conf.seconds && now - l->begin > conf.seconds * 1e3))
		return true;
	if (conf.until_welcome && l->welcomed > 0)
		return true;
	if (conf.until_lost && l->lost > 0 && l->connected == 0)
		return true;
	if (conf.until_idle && t->jobs && l->open == 0 && now - t->last > IDLE_MS)
		return true;
	return conf.jobs && t->jobs >= (uint64_t)conf.jobs && (conf.hold || t->acks >= (uint64_t)conf.jobs);
}

static double
rate(uint64_t n, const struct tally *t)
{
	return n > 1 && t->last > t->first ? (double)(n - 1) * 1e3 / (t->last - t->first) : 0;
}

static void
print_part(struct load *l)
{
	struct tally *t = &l->part;
	bool some = t->turns.n > 0;

	printf("part\t%.3f\t%llu\t%.0f\t%.0f\t%.3f\t%.3f\n", (t->last - t->first) / 1e3, (unsigned long long)t->jobs,
	    rate(t->jobs, t), rate(t->results, t), some ? samples_at(&t->turns, 0.5) : 0, some ? samples_at(&t->turns, 0.99) : 0);
	fflush(stdout);
	load_split(l);
}

static void
count(const char *name, uint64_t n)
{
	printf("%s\t%llu\t\n", name, (unsigned long long)n);
}

static void
print_all(struct load *l)
{
	struct tally *t = &l->all;
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	count("jobs", t->jobs);
	count("results", t->results);
	count("acknowledged", t->acks);
	count("cancelled", t->cancels);
	count("open", l->open);
	printf("welcome\t%.1f\tms\n", l->welcomed > 0 ? l->welcomed - l->begin : -1);
	printf("first-to-last\t%.6f\ts\n", t->jobs ? (t->last - t->first) / 1e3 : 0);
	if (l->opened > 0) {
		count("before-gate", l->before_gate);
		printf("gate-to-last\t%.6f\ts\n", (t->last - l->opened) / 1e3);
	}
	printf("jobs-rate\t%.0f\t/s\n", rate(t->jobs, t));
	printf("results-rate\t%.0f\t/s\n", rate(t->results, t));
	if (t->turns.n) {
		printf("turn-p50\t%.3f\tms\n", samples_at(&t->turns, 0.5));
		printf("turn-p99\t%.3f\tms\n", samples_at(&t->turns, 0.99));
	}
	count("messages-in", l->in);
	count("messages-out", l->out);
	count("lost", l->lost);
	count("vanished", l->vanished);
	count("silent", l->silent);
	count("refused", l->refused);
	count("stray", l->stray);
	count("doubled", l->doubled);
	count("overbooked", l->overbooked);
	printf("cpu\t%.3f\ts\n", (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
}

static void
record(const struct load *l)
{
	AUTO(fclose) FILE *f = fopen(conf.record, "we");
	struct err err;

	for (size_t i = 0; f && i < l->given.n; i++)
		fprintf(f, "%lld %u\n", (long long)l->given.p[i].job, l->given.p[i].attempt);
	must(!f || fflush(f) != 0 ? err_sys(&err, "%s", conf.record) : 0, &err);
}

/*
 * Lines `given JOB ATTEMPT BUILDER EVENT` and `acked JOB ATTEMPT OUTCOME EVENT`: what they say stood in the journal by
 * this event at the latest. Each goes out at once, as whoever writes them may be killed.
 */
static void
write_notes(struct load *l, struct store *s, int fd)
{
	static const char *const outcomes[] = {[WIRE_OK] = "ok", [WIRE_FAILED] = "failed", [WIRE_INFRA] = "infra"};
	AUTO(str_fini) struct str text = {0};
	struct err err;
	int64_t last;

	if (l->notes.n == 0)
		return;
	must((last = event_last(s, &err)) < 0 ? -1 : 0, &err);
	for (size_t i = 0; i < l->notes.n; i++) {
		const struct fake_note *n = &l->notes.p[i];

		str_add(&text, "%s %lld %u ", n->acked ? "acked" : "given", (long long)n->ref.job, n->ref.attempt);
		if (n->acked)
			str_puts(&text, outcomes[n->outcome]);
		else
			str_add(&text, "%s-%u", l->conf->prefix, n->builder);
		str_add(&text, " %lld\n", (long long)last);
	}
	l->notes.n = 0;
	must(file_write_fd(fd, text.p, text.n, &err), &err);
}

static int
open_notes(void)
{
	int fd = conf.notes ? open(conf.notes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	struct err err;

	must(conf.notes && fd < 0 ? err_sys(&err, "%s", conf.notes) : 0, &err);
	return fd;
}

static void
open_gate(struct load *l, struct store *s)
{
	struct err err;

	if (!conf.open_gate || l->opened > 0 || l->welcomed <= 0)
		return;
	l->before_gate = l->all.jobs;
	l->opened = sample_now_ms();
	must(setting_set(s, SETTING_LIMIT_NORMAL, 0, &err), &err);
}

static void
run(struct load *l, struct store *s)
{
	AUTO(close) int notes = open_notes();
	struct err err;

	while (!ended(l, sample_now_ms())) {
		must(load_turn(l, WAIT_MS, &err), &err);
		write_notes(l, s, notes);
		open_gate(l, s);
		if (split)
			print_part(l);
		split = 0;
	}
	print_all(l);
	if (conf.record)
		record(l);
}

int
main(int argc, const char **argv)
{
	AUTO(load_fini) struct load l = {0};
	AUTO(store_close) struct store *s = NULL;
	const struct sigaction act = {.sa_handler = on_signal};
	struct fake_conf c;
	struct rlimit files;
	struct err err;

	options_parse(argc, argv, "fake-builders", "bench", options, "[OPTION...]", 0, NULL);
	c = configure();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	must(store_open(options_common.root, &s, &err), &err);
	s->user = "bench";
	must(load_init(&l, &c, &err), &err);
	if (conf.resume)
		resume(&l, s);
	run(&l, s);
	return l.doubled || l.overbooked;
}
