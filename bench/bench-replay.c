/*
 * The real history of a distribution, replayed: merging one transaction after another, as farms do today, against this
 * farm's mega-merge, with more and more builders.
 *
 *   bench_replay [--builders 1,4,16] [--compress 1,100,all] [--model both] [--svg FILE] data/alt-task-trace-2012-2015.tsv.gz
 *
 * Real are
 *  - the transactions: when each arrived, which source packages it changed (data/README.md);
 *  - the scheduler's choice of jobs and builders: queue/queue.h, the code that the scheduler runs;
 *  - which of a batch go together: settle() with the strategy auto, the code that the merger runs.
 * Model are
 *  - the clock, the builders, all of one slot and one architecture, and the owner, who is one;
 *  - how long a package builds: lognormal, median 27 s, mean 79 s, p95 300 s, the same each time. Those are median and mean
 *    of 10 052 sources of Debian (http://www.lucas-nussbaum.net/blog/?m=200610), where 0.4 % took more than half an
 *    hour; here 0.2 % do;
 *  - Tt: 10 s, and 5 s for each package of the transaction. No figure of it has been published;
 *  - Tm, serial: 30 s, as girar takes 20 to 40 s for the indices and the check for unmets alone;
 *  - Tm, mega: 0.2 s, 3 ms for each transaction, 15 ms for each attempt after the first, above what docs/performance.md
 *    has measured (128 in 0.34 s, 1000 in 3.1 s, 15 attempts more in 0.22 s); each minute, if there is anything;
 *  - who cannot go together: transactions that change the same package, see replay.h; and 1.25 % of the transactions, which
 *    break something together with one of the 64 before them: of Debian's own 160 updates, two do (docs/performance.md).
 *    Reports name 90 % of these.
 * Serial merging is girar's, as far as it is known: a transaction may be committed only if the repository is exactly the
 * state that it was tested on, so each commit sends every other tested transaction back for a test (replay-serial.c).
 *
 * A line of the table is one run. rebuilds and retests are what was started again, and are in builds and tests;
 * most_tests is how often one transaction was tested at most. tasks_day is until 95 % were merged, wait from submission
 * to DONE.
 *
 * Arrivals that are made faster bring versions of one package close together that lay months apart: most of what is built
 * again then is of that kind, in both ways of merging. With --descend 100 a version knows of those submitted before it, as
 * it did if they were merged before it was written, and is built again only if a later one was faster.
 */
#include <errno.h>
#include <fcntl.h>
#include <popt.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/vec.h"
#include "bench/replay-svg.h"
#include "bench/replay.h"

enum { BUILDERS_MAX = 100000, LINES_MAX = 4, MODELS = 2 };

static struct {
	const char *builders, *compress, *model, *from, *to, *svg;
	long long seed;
	int first;
	double serial_tm, period, descend;
} opt = {.builders = "1,2,4,8,16,32,64,128,256", .compress = "1", .model = "both", .from = "1970-01-01",
    .to = "9999-12-31", .seed = 1, .serial_tm = 30, .period = 60};

static struct poptOption options[] = {
	{"builders", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &opt.builders, 0, "How many, a list, rising", "LIST"},
	{"compress", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &opt.compress, 0,
	    "Arrivals this many times faster, a list; all: all at once", "LIST"},
	{"model", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &opt.model, 0, "Merging: serial, mega or both", "NAME"},
	{"from", 0, POPT_ARG_STRING, &opt.from, 0, "What arrived on this day or later", "YYYY-MM-DD"},
	{"to", 0, POPT_ARG_STRING, &opt.to, 0, "And before this day", "YYYY-MM-DD"},
	{"first", 0, POPT_ARG_INT, &opt.first, 0, "Of that the first so many; 0: all", "N"},
	{"seed", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_SHOW_DEFAULT, &opt.seed, 0, "Of what is drawn", "N"},
	{"serial-tm", 0, POPT_ARG_DOUBLE, &opt.serial_tm, 0, "Seconds that serial merging takes for each (30)", "SECONDS"},
	{"period", 0, POPT_ARG_DOUBLE, &opt.period, 0, "Seconds between mega-merges (60)", "SECONDS"},
	{"descend", 0, POPT_ARG_DOUBLE, &opt.descend, 0, "Share of transactions whose tags descend from all before (0)", "PERCENT"},
	{"svg", 0, POPT_ARG_STRING, &opt.svg, 0, "Write charts of the table", "FILE"},
	POPT_AUTOHELP
	POPT_TABLEEND
};

struct numbers {
	double *p;
	size_t n, cap;
};

static void
numbers_fini(struct numbers *v)
{
	vec_fini(v);
}

/* "1,10,all": rising but for `all`, which is 0 and may be the last. */
static int
parse_list(const char *text, const char *option, int64_t max, bool all, struct numbers *out, struct err *err)
{
	AUTO(strs_fini) struct strs words = {0};

	strs_split(&words, text, ",");
	for (size_t i = 0; i < words.n; i++) {
		bool last_all = all && i + 1 == words.n && strcmp(words.p[i], "all") == 0;
		double v = last_all ? 0 : (double)text_number(words.p[i], max);

		if (!last_all && (v < 1 || (out->n && v <= out->p[out->n - 1])))
			return err_set(err, EINVAL, "--%s: \"%s\": rising numbers from 1 to %lld are wanted%s", option, text, (long long)max,
			    all ? ", or \"all\" at the end" : "");
		vec_push(out, v);
	}
	return out->n ? 0 : err_set(err, EINVAL, "--%s: an empty list", option);
}

static int
parse_day(const char *text, const char *option, int64_t *out, struct err *err)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (!end || *end)
		return err_set(err, EINVAL, "--%s: \"%s\" is no day such as 2014-03-01", option, text);
	*out = timegm(&tm);
	return 0;
}

/* What is run: all that the command line says, and what came of it. */
struct table {
	struct trace trace;
	struct numbers builders, compress;
	const struct replay_model *models[MODELS];
	size_t n_models;
	struct replay_how how;
	double *day, *wait, *again;	/* by model, then compression, then builders */
};

static void
table_fini(struct table *t)
{
	trace_fini(&t->trace);
	numbers_fini(&t->builders);
	numbers_fini(&t->compress);
	free(t->day);
	free(t->wait);
	free(t->again);
}
AUTO_DEFINE_EMBEDDED(struct table, table_fini);

static int
choose_models(struct table *t, struct err *err)
{
	static const struct replay_model *const known[MODELS] = {&replay_serial, &replay_mega};

	for (size_t i = 0; i < MODELS; i++)
		if (strcmp(opt.model, known[i]->name) == 0 || strcmp(opt.model, "both") == 0)
			t->models[t->n_models++] = known[i];
	return t->n_models ? 0 : err_set(err, EINVAL, "--model: \"%s\" is not serial, mega or both", opt.model);
}

static int
table_init(struct table *t, const char *path, struct err *err)
{
	int64_t from, to;
	size_t cells;

	if (parse_list(opt.builders, "builders", BUILDERS_MAX, false, &t->builders, err) < 0 ||
	    parse_list(opt.compress, "compress", 1000000, true, &t->compress, err) < 0 || choose_models(t, err) < 0 ||
	    parse_day(opt.from, "from", &from, err) < 0 || parse_day(opt.to, "to", &to, err) < 0)
		return -1;
	if (t->compress.n > LINES_MAX)
		return err_set(err, EINVAL, "--compress: at most %d", LINES_MAX);
	if (!(opt.serial_tm >= 0.001 && opt.serial_tm <= TRACE_DAY) || !(opt.period >= 0.001 && opt.period <= TRACE_DAY) ||
	    opt.first < 0)
		return err_set(err, EINVAL, "--serial-tm and --period are from 0.001 s to a day, --first is not negative");
	if (!(opt.descend >= 0 && opt.descend <= 100))
		return err_set(err, EINVAL, "--descend is from 0 to 100 percent");
	t->how = replay_usual;
	t->how.descend = opt.descend / 100;
	t->how.seed = (uint64_t)opt.seed;
	t->how.serial_merge = (int64_t)(opt.serial_tm * 1000);
	t->how.period = (int64_t)(opt.period * 1000);
	cells = t->n_models * t->compress.n * t->builders.n;
	t->day = xcalloc(cells, sizeof(*t->day));
	t->wait = xcalloc(cells, sizeof(*t->wait));
	t->again = xcalloc(cells, sizeof(*t->again));
	return trace_read(&t->trace, path, from, to, (size_t)opt.first, err);
}

static void
print_head(const struct table *t)
{
	const struct replay_how *h = &t->how;

	printf("# real: %zu transactions and their arrivals; the scheduler's queue; the merger's settling\n", t->trace.tasks.n);
	printf("# model: clock, builders; Tb of a package lognormal, as Debian's: median %.0f s, sigma %.3f, seed %llu\n",
	    (double)h->build_median / 1e3, h->build_sigma, (unsigned long long)h->seed);
	printf("# model: Tt %g s + %g s a package; who cannot go with another one: %g %% of all, and two that change one package\n",
	    (double)h->test / 1e3, (double)h->test_package / 1e3, h->faults * 100);
	printf("# model: tags of %g %% descend from those submitted before\n", h->descend * 100);
	printf("# model: Tm serial %g s a transaction; mega %g s + %g ms a transaction + %g ms an attempt, every %g s\n",
	    (double)h->serial_merge / 1e3, (double)h->mega_merge / 1e3, (double)h->mega_task, (double)h->mega_attempt,
	    (double)h->period / 1e3);
	puts("# serial, as girar: a commit only on exactly the state that was tested: each sends all others back for a test");
	puts("model\tcompress\tbuilders\ttasks_day\tdays\twait_p50_s\twait_p95_s\tbuilds\trebuilds\ttests\tretests\tmost_tests\t"
	    "sent_back\tmerges\tattempts\tbusy_%");
}

static void
compression(double c, char out[32])
{
	if (c > 0)
		snprintf(out, 32, "%.0f", c);
	else
		snprintf(out, 32, "all");
}

static void
print_sum(const struct replay_how *how, const struct replay_sum *s)
{
	char compress[32];

	compression(how->compress, compress);
	printf("%s\t%s\t%zu\t%.1f\t%.2f\t%.0f\t%.0f\t%zu\t%zu\t%zu\t%zu\t%zu\t%zu\t%zu\t%zu\t%.1f\n", how->model->name, compress,
	    how->builders, s->tasks_day, s->days, s->wait_p50, s->wait_p95, s->builds, s->rebuilds, s->tests, s->retests,
	    s->most_tests, s->sent_back, s->merges, s->attempts, s->busy * 100);
	fflush(stdout);
}

static int
fill(struct table *t, struct err *err)
{
	size_t cell = 0;

	for (size_t m = 0; m < t->n_models; m++)
		for (size_t c = 0; c < t->compress.n; c++)
			for (size_t b = 0; b < t->builders.n; b++, cell++) {
				struct replay_sum sum;

				t->how.model = t->models[m];
				t->how.compress = t->compress.p[c];
				t->how.builders = (size_t)t->builders.p[b];
				if (replay_run(&t->trace, &t->how, &sum, err) < 0)
					return -1;
				print_sum(&t->how, &sum);
				t->day[cell] = sum.tasks_day;
				t->wait[cell] = sum.wait_p95 / 60;
				t->again[cell] = (double)(sum.rebuilds + sum.retests) / (double)sum.tasks;
			}
	return 0;
}

static int
draw(const struct table *t, const char *path, struct err *err)
{
	const struct {
		const char *title;
		const double *values;
		double least;
	} charts[] = {
		{"Transactions a day", t->day, 10},
		{"Minutes to DONE, p95", t->wait, 1},
		{"Builds and tests repeated, a transaction", t->again, 0.001},
	};
	static const char *const caption[] = {
		"Arrivals: of the history of ALT Linux Sisyphus, as they were (x1), faster, or all at once.",
		"Real: transactions, the scheduler's queue, the merger's settling. Model: clock, builders, service times.",
	};
	struct svg_line lines[ARRAY_SIZE(charts)][MODELS * LINES_MAX] = {0};
	char names[MODELS * LINES_MAX][64];
	struct svg_chart out[ARRAY_SIZE(charts)];
	AUTO(str_fini) struct str svg = {0};
	size_t n = t->n_models * t->compress.n;

	for (size_t i = 0; i < n; i++) {
		size_t c = i % t->compress.n;
		char faster[32];

		compression(t->compress.p[c], faster);
		snprintf(names[i], sizeof(names[i]), "%s, %s%s", t->models[i / t->compress.n]->name, t->compress.p[c] > 0 ? "x" : "",
		    t->compress.p[c] > 0 ? faster : "all at once");
		for (size_t k = 0; k < ARRAY_SIZE(charts); k++)
			lines[k][i] = (struct svg_line){names[i], t->models[i / t->compress.n] == &replay_mega,
			    (unsigned)(t->compress.n - 1 - c), charts[k].values + i * t->builders.n};
	}
	for (size_t k = 0; k < ARRAY_SIZE(charts); k++)
		out[k] = (struct svg_chart){charts[k].title, "builders", t->builders.p, t->builders.n, lines[k], n, charts[k].least};
	svg_charts(&svg, out, ARRAY_SIZE(charts), caption, ARRAY_SIZE(caption));
	return file_replace(AT_FDCWD, path, svg.p, svg.n, 0644, err);
}

AUTO_DEFINE(poptContext, poptFreeContext);

int
main(int argc, const char **argv)
{
	AUTO(poptFreeContext) poptContext con = poptGetContext("bench_replay", argc, argv, options, 0);
	AUTO(table_fini) struct table table = {0};
	struct err err = {0};
	const char *path;
	int r;

	poptSetOtherOptionHelp(con, "[OPTION...] TRACE");
	if ((r = poptGetNextOpt(con)) < -1) {
		fprintf(stderr, "bench_replay: %s: %s\n", poptBadOption(con, 0), poptStrerror(r));
		return 2;
	}
	path = poptGetArg(con);
	if (!path || poptPeekArg(con)) {
		fprintf(stderr, "bench_replay: one trace is wanted, such as bench/data/alt-task-trace-2012-2015.tsv.gz\n");
		return 2;
	}
	if (table_init(&table, path, &err) < 0) {
		fprintf(stderr, "bench_replay: %s\n", err.msg);
		return 2;
	}
	print_head(&table);
	if (fill(&table, &err) < 0 || (opt.svg && draw(&table, opt.svg, &err) < 0)) {
		fprintf(stderr, "bench_replay: %s\n", err.msg);
		return 1;
	}
	return 0;
}
