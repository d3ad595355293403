/*
 * Messages there and back, whole, cut short and too long; and connections.
 */
#include "tests/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/pack.h"
#include "wire/conn.h"
#include "wire/job.h"

#define SHA_A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"	/* of "abc" */
#define SHA_B "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"	/* of "" */

/* The hello of a builder with two running jobs. */
static void
make_hello(struct str *out)
{
	struct wire_ref running[] = {{77, 3}, {INT64_MAX, UINT32_MAX}};
	struct wire_hello h = {.version = WIRE_VERSION, .role = WIRE_CONTROL, .name = "host-1", .arches = "x86_64 i586",
	    .features = "kvm bigmem", .origin = SHA_B, .clock = -5, .slots = 4, .memory = 1ull << 40, .running = running, .n_running = 2};

	wire_hello_pack(out, &h);
}

static void
fill_strs(struct strs *s, const char *words)
{
	strs_split(s, words, " ");
}

static void
make_job(struct str *out)
{
	AUTO(wire_job_fini) struct wire_job j = {.ref = {12, 2}, .kind = WIRE_JOB_TEST, .label = xstrdup("#3.100 x86_64"),
	    .arch = xstrdup("x86_64"), .repository = xstrdup("sisyphus"), .task = 3, .index = xstrdup(""), .changes = xstrdup(SHA_A),
	    .allow = xstrdup("unmet a b\n"), .base_group = xstrdup("base gcc"), .n_own = 1,
	    .source_date_epoch = 1700000000,
	    .limits = {.time_ms = 1000, .silence_ms = 100, .output_bytes = 1ull << 33}, .keep = true};

	wire_files_add(&j.overlay, SHA_A, "a-1-1.noarch.rpm", SHA_B, SHA_A);
	wire_files_add(&j.overlay, SHA_B, "b-1-1.noarch.rpm", "", "");
	fill_strs(&j.removed, "old older");
	fill_strs(&j.on_removed, "older");
	fill_strs(&j.deletes, "old");
	fill_strs(&j.builds, "a b");
	wire_files_add(&j.others, SHA_A, "c-1-1.noarch.rpm", SHA_B, "");
	fill_strs(&j.other_arches, "i586");
	j.source = (struct wire_file){xstrdup(SHA_A), xstrdup("a.tar"), xstrdup(""), xstrdup("")};
	wire_job_pack(out, &j);
}

static void
make_result(struct str *out)
{
	AUTO(wire_result_fini) struct wire_result r = {.ref = {12, 2}, .outcome = WIRE_FAILED, .reason = xstrdup("no gcc"),
	    .log = xstrdup(SHA_A), .buildroot = xstrdup(""), .package = xstrdup("zlib"), .evr = xstrdup("1:1-1"),
	    .root = xstrdup("0123"), .usage = {.elapsed_ms = 1234, .memory_bytes = 1ull << 40}};

	fill_strs(&r.notes, "one two");
	wire_files_add(&r.files, SHA_A, "zlib-1-1.src.rpm", "", "");
	fill_strs(&r.provides, "zlib libz.so.1");
	fill_strs(&r.requires, "gcc");
	fill_strs(&r.exclusive, "x86_64");
	fill_strs(&r.excluded, "i686");
	fill_strs(&r.unmet, "x y");
	wire_result_pack(out, &r);
}

/* One message kind: how to make one, and whether bytes are one. */
typedef int take_fn(const struct wire_frame *f, struct err *err);

static int
take_hello(const struct wire_frame *f, struct err *err)
{
	AUTO(wire_hello_fini) struct wire_hello h = {0};

	return wire_hello_unpack(f, &h, err);
}

static int
take_job(const struct wire_frame *f, struct err *err)
{
	AUTO(wire_job_fini) struct wire_job j = {0};

	return wire_job_unpack(f, &j, err);
}

static int
take_result(const struct wire_frame *f, struct err *err)
{
	AUTO(wire_result_fini) struct wire_result r = {0};

	return wire_result_unpack(f->payload, f->n, &r, err);
}

static void
make_refs(struct str *out)
{
	wire_refs_pack(out, (struct wire_ref[]){{1, 2}, {3, 4}}, 2);
}

static int
take_refs(const struct wire_frame *f, struct err *err)
{
	AUTO(free) struct wire_ref *refs = NULL;
	size_t n;

	return wire_refs_unpack(f, &refs, &n, err);
}

static void
make_beat(struct str *out)
{
	wire_beat_pack(out, 7, (struct wire_ref[]){{1, 2}, {3, 4}}, 2);
}

static int
take_beat(const struct wire_frame *f, struct err *err)
{
	AUTO(free) struct wire_ref *refs = NULL;
	uint64_t jobs;
	size_t n;

	return wire_beat_unpack(f, &jobs, &refs, &n, err);
}

#define ROOT "0123456789abcdef0123456789abcdef"

static void
make_roots(struct str *out)
{
	const struct strs roots = {.p = (char *[]){(char *)ROOT, (char *)ROOT}, .n = 2};

	wire_roots_pack(out, &roots);
}

static int
take_roots(const struct wire_frame *f, struct err *err)
{
	AUTO(strs_fini) struct strs roots = {0};

	return wire_roots_unpack(f, &roots, err);
}

static void
make_part(struct str *out)
{
	wire_part_pack(out, SHA_A, 1ull << 40);
}

static int
take_part(const struct wire_frame *f, struct err *err)
{
	struct wire_part p;

	return wire_part_unpack(f, &p, err);
}

static void
make_from(struct str *out)
{
	wire_from_pack(out, 1ull << 33, 1ull << 34);
}

static int
take_from(const struct wire_frame *f, struct err *err)
{
	struct wire_from from;

	return wire_from_unpack(f, &from, err);
}

static void
make_text(struct str *out)
{
	wire_text_pack(out, SHA_A);
}

static int
take_text(const struct wire_frame *f, struct err *err)
{
	char text[SHA256_HEX + 1];

	return wire_text_unpack(f, text, sizeof(text), err);
}

static const struct {
	enum wire_type type;
	void (*make)(struct str *out);
	take_fn *take;
} kinds[] = {
	{WIRE_HELLO, make_hello, take_hello}, {WIRE_JOB, make_job, take_job}, {WIRE_RESULT, make_result, take_result},
	{WIRE_BEAT, make_beat, take_beat}, {WIRE_CANCEL, make_refs, take_refs}, {WIRE_ROOTS, make_roots, take_roots},
	{WIRE_STORED, make_text, take_text},
	{WIRE_GET, make_part, take_part}, {WIRE_PUT, make_part, take_part}, {WIRE_FROM, make_from, take_from},
};

/* Exact copies let a sanitizer see a read beyond the end. */
static void
test_exact(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		AUTO(str_fini) struct str raw = {0};
		struct err err = {0};

		kinds[k].make(&raw);
		OK(kinds[k].take(&(struct wire_frame){.type = kinds[k].type, .payload = raw.p, .n = raw.n}, &err));
		for (size_t n = 0; n < raw.n; n++) {
			AUTO(free) void *copy = memcpy(xcalloc(1, n), raw.p, n);

			FAILS(kinds[k].take(&(struct wire_frame){.type = kinds[k].type, .payload = copy, .n = n}, &err), "");
		}
		for (int byte = 0; byte < 256; byte++) {
			str_putc(&raw, (char)byte);
			FAILS(kinds[k].take(&(struct wire_frame){.type = kinds[k].type, .payload = raw.p, .n = raw.n}, &err),
			    "1 bytes too many");
			raw.n--;
		}
	}
}

/* Any byte may be another one: an error or a message, never more. */
static void
test_every_byte(void **state)
{
	size_t refused = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		AUTO(str_fini) struct str raw = {0};
		struct err err = {0};

		kinds[k].make(&raw);
		for (size_t i = 0; i < raw.n; i++) {
			char was = raw.p[i];

			for (int flip = 1; flip < 256; flip *= 2) {
				raw.p[i] = (char)(was ^ flip);
				refused += kinds[k].take(&(struct wire_frame){.type = kinds[k].type, .payload = raw.p,
				    .n = raw.n}, &err) < 0;
			}
			raw.p[i] = was;
		}
	}
	assert_true(refused > 1000);
}

static void
test_hello(void **state)
{
	AUTO(wire_hello_fini) struct wire_hello h = {0};
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	make_hello(&raw);
	OK(wire_hello_unpack(&(struct wire_frame){.type = WIRE_HELLO, .payload = raw.p, .n = raw.n}, &h, &err));
	assert_string_equal(h.name, "host-1");
	assert_string_equal(h.arches, "x86_64 i586");
	assert_int_equal(h.role, WIRE_CONTROL);
	assert_string_equal(h.origin, SHA_B);
	assert_int_equal(h.clock, -5);
	assert_int_equal(h.slots, 4);
	assert_string_equal(h.features, "kvm bigmem");
	assert_true(h.memory == 1ull << 40);
	assert_int_equal(h.n_running, 2);
	assert_int_equal(h.running[0].job, 77);
	assert_int_equal(h.running[0].attempt, 3);
	assert_true(h.running[1].job == INT64_MAX && h.running[1].attempt == UINT32_MAX);
}

/* Another version is named, whatever else such a message may look like. */
static void
test_version(void **state)
{
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};

	pack_u32(&raw, WIRE_VERSION + 1);
	str_puts(&raw, "and a form that we cannot know");
	FAILS(take_hello(&(struct wire_frame){.type = WIRE_HELLO, .payload = raw.p, .n = raw.n}, &err), "speaks version 5");
	assert_int_equal(err.code, EPROTO);
}

static void
test_job(void **state)
{
	AUTO(wire_job_fini) struct wire_job j = {0};
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	make_job(&raw);
	OK(wire_job_unpack(&(struct wire_frame){.type = WIRE_JOB, .payload = raw.p, .n = raw.n}, &j, &err));
	assert_int_equal(j.ref.job * 10 + j.ref.attempt, 122);
	assert_string_equal(j.label, "#3.100 x86_64");
	assert_string_equal(j.changes, SHA_A);
	assert_string_equal(j.allow, "unmet a b\n");
	assert_string_equal(j.base_group, "base gcc");
	assert_int_equal(j.overlay.n, 2);
	assert_int_equal(j.others.n, 1);
	assert_string_equal(j.others.p[0].facts, SHA_B);
	assert_string_equal(j.other_arches.p[0], "i586");
	assert_string_equal(j.overlay.p[0].facts, SHA_B);
	assert_string_equal(j.on_removed.p[0], "older");
	assert_string_equal(j.source.name, "a.tar");
	assert_true(j.limits.output_bytes == 1ull << 33 && j.keep && !j.network);
	assert_string_equal(j.overlay.p[0].identity, SHA_A);
	wire_job_pack(&again, &j);
	assert_int_equal(again.n, raw.n);
	assert_memory_equal(again.p, raw.p, raw.n);
}

/* Seconds that rpm cannot write down are no time of a package. */
static void
test_job_times(void **state)
{
	static const struct {
		int64_t seconds;
		int result;
	} cases[] = {{0, 0}, {UINT32_MAX, 0}, {-1, -1}, {(int64_t)UINT32_MAX + 1, -1}, {INT64_MIN, -1}, {INT64_MAX, -1}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(wire_job_fini) struct wire_job j = {0};
		AUTO(str_fini) struct str raw = {0};
		struct err err = {0};

		make_job(&raw);
		OK(wire_job_unpack(&(struct wire_frame){.type = WIRE_JOB, .payload = raw.p, .n = raw.n}, &j, &err));
		j.source_date_epoch = cases[i].seconds;
		str_clear(&raw);
		wire_job_pack(&raw, &j);
		assert_int_equal(take_job(&(struct wire_frame){.type = WIRE_JOB, .payload = raw.p, .n = raw.n}, &err),
		    cases[i].result);
	}
}

static void
test_result(void **state)
{
	AUTO(wire_result_fini) struct wire_result r = {0};
	AUTO(str_fini) struct str raw = {0};
	AUTO(str_fini) struct str again = {0};
	struct err err = {0};

	make_result(&raw);
	OK(wire_result_unpack(raw.p, raw.n, &r, &err));
	assert_int_equal(r.outcome, WIRE_FAILED);
	assert_string_equal(r.reason, "no gcc");
	assert_string_equal(r.evr, "1:1-1");
	assert_true(r.usage.memory_bytes == 1ull << 40 && r.usage.elapsed_ms == 1234);
	assert_string_equal(r.unmet.p[1], "y");
	assert_string_equal(r.files.p[0].name, "zlib-1-1.src.rpm");
	wire_result_pack(&again, &r);
	assert_int_equal(again.n, raw.n);
	assert_memory_equal(again.p, raw.p, raw.n);
}

/* Replace `part` by a text of the same length; the message is refused. */
static void
refused(void (*make)(struct str *), take_fn *take, const char *part, const char *by)
{
	AUTO(str_fini) struct str raw = {0};
	struct err err = {0};
	size_t n = strlen(part);
	char *at;

	assert_int_equal(n, strlen(by));
	make(&raw);
	at = memmem(raw.p, raw.n, part, n);
	assert_non_null(at);
	memcpy(at, by, n);
	FAILS(take(&(struct wire_frame){.payload = raw.p, .n = raw.n}, &err), "");
}

/* What becomes a path must be a hash, or a name in one folder. */
static void
test_paths(void **state)
{
	refused(make_job, take_job, "a.tar", "../ar");
	refused(make_job, take_job, "a.tar", ".ssh!");
	refused(make_job, take_job, "a-1-1.noarch.rpm", "/-1-1.noarch.rpm");
	refused(make_job, take_job, "c-1-1.noarch.rpm", "/-1-1.noarch.rpm");
	refused(make_job, take_job, SHA_A, "../" "7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a");
	refused(make_job, take_job, SHA_B, "E" "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	refused(make_result, take_result, "zlib-1-1.src.rpm", "../../etc/passwd");
	refused(make_result, take_result, SHA_A, "../" "7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a");
}

/* Numbers at their bounds. */
static void
test_sizes(void **state)
{
	static const struct {
		uint64_t offset, size;
		bool good;
	} cases[] = {{0, 0, true}, {7, 7, true}, {0, INT64_MAX, true}, {8, 7, false}, {1, 0, false},
	    {0, (uint64_t)INT64_MAX + 1, false}, {UINT64_MAX, UINT64_MAX, false}};
	struct wire_from from;
	struct wire_part part;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_fini) struct str raw = {0};

		wire_from_pack(&raw, cases[i].offset, cases[i].size);
		assert_int_equal(wire_from_unpack(&(struct wire_frame){.type = WIRE_FROM, .payload = raw.p, .n = raw.n}, &from,
		    &err), cases[i].good ? 0 : -1);
		str_clear(&raw);
		wire_part_pack(&raw, SHA_A, cases[i].size);
		assert_int_equal(wire_part_unpack(&(struct wire_frame){.type = WIRE_PUT, .payload = raw.p, .n = raw.n}, &part,
		    &err), cases[i].size <= INT64_MAX ? 0 : -1);
	}
	refused(make_part, take_part, SHA_A, "../" "7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a");
}

static void
test_frames(void **state)
{
	AUTO(str_fini) struct str buf = {0};
	AUTO(str_fini) struct str payload = {0};
	struct wire_frame f;
	struct err err = {0};

	str_puts(&payload, "12345");
	wire_frame(&buf, WIRE_LOG, &payload);
	wire_frame(&buf, WIRE_DATA_END, &(struct str){0});
	for (size_t n = 0; n < WIRE_HEADER + 5; n++)
		assert_int_equal(wire_next(&(struct str){.p = buf.p, .n = n}, &f, &err), 0);
	assert_int_equal(wire_next(&buf, &f, &err), 1);
	assert_int_equal(f.type, WIRE_LOG);
	assert_int_equal(f.n, 5);
	assert_int_equal(f.used, WIRE_HEADER + 5);
	assert_memory_equal(f.payload, "12345", 5);
	str_shift(&buf, f.used);
	assert_int_equal(wire_next(&buf, &f, &err), 1);
	assert_int_equal(f.type, WIRE_DATA_END);
	assert_int_equal(f.n, 0);
}

static void
test_not_frames(void **state)
{
	static const uint32_t bad[][2] = {{0, 0}, {0, WIRE_TYPES}, {0, UINT32_MAX}, {WIRE_MAX + 1, WIRE_DATA},
	    {UINT32_MAX, WIRE_LOG}};
	struct wire_frame f;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(str_fini) struct str buf = {0};

		pack_u32(&buf, bad[i][0]);
		pack_u32(&buf, bad[i][1]);
		FAILS(wire_next(&buf, &f, &err), "not a message of this protocol");
	}
	for (uint32_t t = 1; t < WIRE_TYPES; t++)
		assert_string_not_equal(wire_type_name(t), "?");
	assert_string_equal(wire_type_name(0), "?");
	assert_string_equal(wire_type_name(UINT32_MAX), "?");
}

/* A peer that goes away in the middle, and one that says nothing. */
static void
test_lost(void **state)
{
	struct conn c = CONN_INIT;
	struct wire_frame f;
	struct err err = {0};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	c.fd = fds[0];
	FAILS(conn_wait(&c, &f, 50, &err), "did not answer in time");
	assert_int_equal(err.code, ETIMEDOUT);
	assert_int_equal(write(fds[1], "\5\0\0\0\13\0\0\0ab", 10), 10);
	close(fds[1]);
	assert_int_equal(conn_wait(&c, &f, 1000, &err), CONN_CLOSED);
	conn_fini(&c);
}

/* The peer of a command's stdio. */
static void
test_command(void **state)
{
	AUTO(conn_fini) struct conn c = CONN_INIT;
	AUTO(conn_fini) struct conn none = CONN_INIT;
	struct wire_frame f;
	struct err err = {0};
	pid_t pid;

	OK(conn_command(&c, "  cat -u ", &err));
	pid = c.command;
	conn_send(&c, WIRE_LOG, &(struct str){.p = (char *)"echo", .n = 4});
	OK(conn_drain(&c, 10000, &err));
	OK(conn_wait(&c, &f, 10000, &err));
	assert_int_equal(f.type, WIRE_LOG);
	assert_memory_equal(f.payload, "echo", 4);
	/* One that was stopped does not outlive its connection either. */
	assert_int_equal(kill(pid, SIGSTOP), 0);
	conn_fini(&c);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(c.command, 0);
	FAILS(conn_command(&none, " ", &err), "an empty command");
	FAILS(conn_command(&none, "/nonexistent/x", &err), "No such file");
	assert_int_equal(none.command, 0);
}

static void
test_listen(void **state)
{
	AUTO(folder_fini) struct folder f = folder_make();
	AUTO(conn_fini) struct conn c = CONN_INIT;
	AUTO(conn_fini) struct conn none = CONN_INIT;
	struct err err = {0};
	AUTO(close) int fd = -1;

	OK(file_mkdirs(f.fd, "run", &err));
	FAILS(conn_open(&none, f.path, &err), "connect to the scheduler");
	fd = conn_listen(f.path, &err);
	assert_true(fd >= 0);
	OK(conn_open(&c, f.path, &err));
	closep(&fd);
	/* A socket that a dead scheduler left is replaced. */
	fd = conn_listen(f.path, &err);
	assert_true(fd >= 0);
	FAILS(conn_listen("/nonexistent", &err), "listen on /nonexistent/run/wire");
}

/* What names no root, and more of them than a builder tells. */
static void
test_bad_roots(void **state)
{
	static const char *const bad[] = {"", ROOT "0", "0123456789abcdef0123456789abcde", "../../../../etc/0123456789abcdef",
	    "0123456789ABCDEF0123456789abcdef"};
	struct err err = {0};

	for (size_t i = 0; i <= ARRAY_SIZE(bad); i++) {
		AUTO(strs_fini) struct strs roots = {0};
		AUTO(strs_fini) struct strs got = {0};
		AUTO(str_fini) struct str payload = {0};
		struct wire_frame f = {.type = WIRE_ROOTS};

		for (size_t k = 0; k <= WIRE_ROOTS_MAX && i == ARRAY_SIZE(bad); k++)
			strs_add(&roots, ROOT);
		if (i < ARRAY_SIZE(bad))
			strs_add(&roots, bad[i]);
		wire_roots_pack(&payload, &roots);
		f.payload = payload.p;
		f.n = payload.n;
		FAILS(wire_roots_unpack(&f, &got, &err), "ROOTS: ");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_roots),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_job_times),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_not_frames),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
