#include "tests/unit.h"

#include <zstd.h>

#include "package/artefact.h"
#include "schema/build.h"
#include "shell/log-output.h"
#include "shell/log-source.h"

/* What the pieces, one a line of a NULL-ended list, come out as; "|" is where it catches up. */
static void
shows(struct log_output *o, const char *const *pieces, const char *wanted)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(close) int file = openat(f.fd, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	AUTO(free) char *got = NULL;
	int out;

	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(file, STDOUT_FILENO);
	for (; *pieces; pieces++) {
		if (strcmp(*pieces, "|") == 0)
			log_output_catch_up(o);
		else
			log_output_put(o, *pieces, strlen(*pieces));
	}
	log_output_end(o);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	got = folder_get(&f, "out");
	assert_string_equal(got, wanted);
	log_output_fini(o);
}
#define PIECES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_output(void **state)
{
	static const char dirty[] = "a\033[31mb\n";

	shows(&(struct log_output){0}, PIECES("one\ntw", "o\nthree"), "one\ntwo\nthree\n");
	shows(&(struct log_output){0}, PIECES(dirty, "10%\r", "20%\r\n"), "ab\n20%\n");
	shows(&(struct log_output){.raw = true}, PIECES(dirty, "x"), "a\033[31mb\nx");
	shows(&(struct log_output){.raw = true, .tail = 1}, PIECES("x\n", dirty), dirty);
	shows(&(struct log_output){.prefix = xstrdup("1| ")}, PIECES("a\n\nb"), "1| a\n1| \n1| b\n");
	shows(&(struct log_output){.tail = 2}, PIECES("1\n2\n3\n4\n5\n"), "4\n5\n");
	shows(&(struct log_output){.tail = 2}, PIECES("1\n2\n3", "|", "4\n5\n6\n"), "1\n2\n34\n5\n6\n");
	shows(&(struct log_output){.tail = 9}, PIECES("1\n2\n"), "1\n2\n");
	shows(&(struct log_output){0}, PIECES(""), "");
}

static void
test_long_line(void **state)
{
	enum { LONG = 100000 };
	AUTO(free) char *line = xcalloc(1, LONG + 2);
	AUTO(free) char *wanted = NULL;

	memset(line, 'x', LONG);
	wanted = xasprintf("> %s\n> y\n", line);
	line[LONG] = '\n';
	shows(&(struct log_output){.prefix = xstrdup("> ")}, PIECES(line, "y\n"), wanted);
}

static void
reads(struct log_source *s, const char *wanted)
{
	AUTO(str_fini) struct str got = {0};
	struct err err = {0};
	char buf[7];
	ssize_t n;

	while ((n = log_source_read(s, buf, sizeof(buf), &err)) > 0)
		str_put(&got, buf, (size_t)n);
	assert_int_equal(n, 0);
	assert_string_equal(str_c(&got), wanted);
}

static void
store(const struct folder *f, const char *text, struct sha256 *sha)
{
	char packed[4096];
	size_t n = ZSTD_compress(packed, sizeof(packed), text, strlen(text), 1);
	struct err err = {0};

	assert_false(ZSTD_isError(n));
	OK(file_mkdirs(f->fd, "artefact", &err));
	OK(artefact_put(f->fd, packed, n, sha, &err));
}

static void
test_source(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(log_source_fini) struct log_source s = LOG_SOURCE_INIT;
	struct job j = {.id = 3, .attempt = 2, .state = JOB_RUNNING, .log = (char *)""};
	struct sha256 sha;
	struct err err = {0};

	OK(file_mkdirs(f.fd, "run/log", &err));
	assert_int_equal(log_source_open(&s, f.fd, &j, 2, &err), LOG_ABSENT);
	unit_has(err.msg, "nothing yet");
	folder_put(&f, "run/log/3.2", "live and");
	OK(log_source_open(&s, f.fd, &j, 2, &err));
	reads(&s, "live and");
	reads(&s, "");
	/* The job is done: the stored log goes on where the live one was left. */
	store(&f, "live and stored\n", &sha);
	j.log = sha.hex;
	j.state = JOB_DONE;
	OK(log_source_open(&s, f.fd, &j, 2, &err));
	reads(&s, " stored\n");
	log_source_fini(&s);
	OK(log_source_open(&s, f.fd, &j, 2, &err));
	reads(&s, "live and stored\n");
}

static void
test_source_gone(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(log_source_fini) struct log_source s = LOG_SOURCE_INIT;
	struct job j = {.id = 3, .attempt = 2, .state = JOB_FAILED};
	struct sha256 sha;
	struct err err = {0};
	char buf[10];

	OK(file_mkdirs(f.fd, "artefact", &err));
	OK(artefact_put(f.fd, "not zstd", 8, &sha, &err));
	j.log = sha.hex;
	OK(log_source_open(&s, f.fd, &j, 2, &err));
	FAILS(log_source_read(&s, buf, sizeof(buf), &err), "damaged");
	log_source_fini(&s);
	assert_int_equal(log_source_open(&s, f.fd, &j, 1, &err), LOG_ABSENT);
	unit_has(err.msg, "gone");
	OK(file_mkdirs(f.fd, "run/log", &err));
	folder_put(&f, "run/log/3.1", "the first");
	OK(log_source_open(&s, f.fd, &j, 1, &err));
	reads(&s, "the first");
	log_source_fini(&s);
	/* The stored one is gone, the live one is not. */
	j.log = (char *)"0000000000000000000000000000000000000000000000000000000000000000";
	folder_put(&f, "run/log/3.2", "the second");
	OK(log_source_open(&s, f.fd, &j, 2, &err));
	reads(&s, "the second");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_source_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
