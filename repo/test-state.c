/*
 * States saved and loaded again, one after the other as merges make them: an index, changes
 * beside it, a new index when they are many, and what is damaged on the way.
 */
#include "schema/test-farm.h"
#include "repo/test-packages.h"
#include "repo/test-records.h"

#include "repo/check.h"
#include "repo/state.h"
#include "repo/unmet.h"

/* A package of this line as a change brings it: its facts and its few words of RPM are artefacts. */
static void
bring(struct change *c, int dir, const char *line)
{
	struct facts f = package_make(line);
	struct sha256 sum = set_artefact(dir, line, strlen(line));
	AUTO(str_fini) struct str raw = {0};

	assert_string_equal(sum.hex, f.sha256);
	free(f.primary);
	free(f.filelists);
	free(f.other);
	f.primary = record_of("primary", f.name, atoi(f.version), sum.hex);
	f.filelists = record_of("filelists", f.name, atoi(f.version), sum.hex);
	f.other = record_of("other", f.name, atoi(f.version), sum.hex);
	facts_pack(&raw, &f);
	sum = set_artefact(dir, raw.p, raw.n);
	if (!strs_has(&c->builds, f.source))
		strs_add(&c->builds, f.source);
	change_add(c, &f, sum.hex);
}

/* All that can be seen of a repository: packages, unmets, and how well each requirement is satisfied. malloc'ed. */
static char *
seen(const struct repo *r)
{
	AUTO(strs_fini) struct strs lines = {0};
	AUTO(unmet_list_fini) struct unmet_list l = {0};

	for (uint32_t i = 0; i < repo_packages(r); i++)
		if (r->present[i]) {
			AUTO(str_fini) struct str line = {0};

			repo_nevra(r, i, &line);
			str_add(&line, " %s %s %u", repo_source(r, i), repo_file(r, i), repo_package(r, i)->elf_known);
			for (size_t k = 0; k < 32; k++)
				str_add(&line, "%02x%02x", repo_hashes(r, i)->rpm[k], repo_hashes(r, i)->facts[k]);
			strs_add(&lines, str_c(&line));
			for (uint32_t q = 0; q < repo_package(r, i)->requires.n; q++) {
				uint32_t id = repo_requires(r, repo_package(r, i))[q];
				AUTO(str_fini) struct str need = {0};

				repo_requirement_text(r, id, &need);
				assert_int_equal(repo_satisfied(r, id), repo_count(r, id));
				str_add(&need, " %u", repo_satisfied(r, id));
				strs_add(&lines, str_c(&need));
			}
		}
	unmet_find(r, &l);
	for (size_t i = 0; i < l.n; i++) {
		AUTO(str_fini) struct str key = {0};

		unmet_key(r, &l.p[i], &key);
		strs_add(&lines, str_c(&key));
	}
	strs_sort(&lines);
	return strs_join(&lines, "\n");
}

/* Load the last state, change it, and make that the next; what was saved. */
static struct state_files
merge(struct farm *f, const struct change *const *changes, size_t n)
{
	AUTO(repository_fini) struct repository r = {0};
	AUTO(state_fini) struct state st = {0};
	AUTO(state_fini) struct state again = {0};
	AUTO(free) char *was = NULL, *is = NULL;
	struct state_files files = {0};
	struct err err = {0};
	uint32_t first;

	OK(repository_get(f->s, "sisyphus", &r, &err));
	OK(state_load(f->s, "sisyphus", "x86_64", r.serial, &st, &err));
	repo_begin(&st.repo);
	first = repo_packages(&st.repo);
	for (size_t i = 0; i < n; i++) {
		plan_apply(&st.repo, changes[i], NULL, NULL);
		state_add(&st, &changes[i], 1);
	}
	OK(state_prepare(f->s, &r, "x86_64", r.serial + 1, r.serial, 1700000000, &st, &files, &err));
	OK(store_begin(f->s, &err));
	OK(state_record(f->s, "sisyphus", "x86_64", r.serial + 1, &st.repo, first, &files, &err));
	OK(repository_set_serial(f->s, "sisyphus", r.serial + 1, &err));
	OK(store_commit(f->s, &err));
	OK(state_load(f->s, "sisyphus", "x86_64", r.serial + 1, &again, &err));
	repo_keep(&st.repo);
	was = seen(&st.repo);
	is = seen(&again.repo);
	assert_string_equal(is, was);
	return files;
}

static struct state_files
merge_lines(struct farm *f, const char *const *lines, const char *deletes)
{
	AUTO(change_fini) struct change c = {.task = 1};
	const struct change *all[] = {&c};

	strs_split(&c.deletes, deletes, " ");
	for (; *lines; lines++)
		bring(&c, f->folder.fd, *lines);
	return merge(f, all, 1);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(,) NULL})

static struct farm
make(void)
{
	struct farm f = farm_make();
	struct err err = {0};

	OK(file_mkdirs(f.folder.fd, "artefact", &err));
	return f;
}

static void
test_one_after_the_other(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	struct state_files one, two, three, four;

	one = merge_lines(&f, LINES("lib 1-1 lib; d keep drop; f /usr/lib/lib", "prog 1-1 prog; u keep drop; r lib = 1; r /usr/share/late",
	    "hole 1-1 hole; r (nothing or none)"), "");
	assert_string_equal(one.changes, "");
	assert_int_equal(strlen(one.index), 64);
	two = merge_lines(&f, LINES("late 1-1 late; f /usr/share/late; r /usr/lib/lib", "lib 2-1 lib; d keep; f /usr/lib/lib"), "");
	assert_string_equal(two.index, one.index);
	assert_int_equal(strlen(two.changes), 64);
	three = merge_lines(&f, LINES("none 1-1 none", "late 2-1 late; r prog"), "prog");
	assert_string_equal(three.index, one.index);
	assert_string_not_equal(three.changes, two.changes);
	/* What came beside the index goes again, and what was gone comes back. */
	four = merge_lines(&f, LINES("prog 1-1 prog; u keep drop; r lib = 1; r /usr/share/late"), "late none");
	assert_string_equal(four.index, one.index);
}

/* Everything goes, and something comes. */
static void
test_empty(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	AUTO(state_fini) struct state st = {0};
	struct err err = {0};

	merge_lines(&f, LINES("a 1-1 a; r b", "b 1-1 b"), "");
	merge_lines(&f, LINES(NULL), "a b");
	merge_lines(&f, LINES("a 2-1 a; r b"), "");
	assert_int_equal(state_load(f.s, "sisyphus", "i586", 1, &st, &err), -1);
	unit_has(err.msg, "has no index");
}

/* Two tasks of one merge: the later replaces what the earlier brings. */
static void
test_replaced_at_once(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	AUTO(change_fini) struct change a = {.task = 1}, b = {.task = 2};
	const struct change *all[] = {&a, &b};

	merge_lines(&f, LINES("lib 1-1 lib", "other 1-1 other; r lib"), "");
	bring(&a, f.folder.fd, "lib 2-1 lib; u none");
	bring(&b, f.folder.fd, "lib 3-1 lib; d none");
	merge(&f, all, 2);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM package WHERE evr = '3-1'"), 1);
	assert_int_equal(farm_count(f.s, "SELECT count(*) FROM package WHERE evr = '2-1'"), 0);
}

/* When the changes are many the next state stands on an index of its own. */
static void
test_compaction(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	struct state_files before = merge_lines(&f, LINES("base 1-1 base; f /usr/bin/base"), ""), now = {0};

	for (int round = 1; round <= 3; round++) {
		AUTO(change_fini) struct change c = {.task = round};
		const struct change *all[] = {&c};

		for (int i = 0; i < STATE_MAX_CHANGES / 2 + 1; i++) {
			AUTO(free) char *line = xasprintf("p%d %d-1 p%d; r /usr/bin/base; r p%d >= %d; d s%d", i, round, i, i + 1, round, i);

			bring(&c, f.folder.fd, line);
		}
		now = merge(&f, all, 1);
		assert_int_equal(strcmp(now.index, before.index) != 0, round > 1);
		assert_int_equal(*now.changes == 0, round > 1);
		before = now;
	}
	now = merge_lines(&f, LINES("one 1-1 one; r p1"), "");
	assert_string_equal(now.index, before.index);
	assert_string_not_equal(now.changes, "");
}

static int
file_of(struct farm *f, const void *data, size_t n)
{
	int fd = openat(f->folder.fd, "damaged", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct err err = {0};

	assert_true(fd >= 0);
	OK(file_write_fd(fd, data, n, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int
open_with(struct farm *f, const struct state_files *files, const void *data, size_t n, struct err *err)
{
	AUTO(close) int index = artefact_open(f->folder.fd, files->index, err);
	AUTO(close) int changes = file_of(f, data, n);
	AUTO(state_fini) struct state st = {0};

	assert_true(index >= 0);
	return state_open(&st, index, changes, err);
}

static void
test_damaged(void **state)
{
	AUTO(farm_fini) struct farm f = make();
	AUTO(str_fini) struct str raw = {0};
	struct state_files files;
	struct err err = {0};
	size_t refused = 0;

	merge_lines(&f, LINES("lib 1-1 lib; d keep drop", "prog 1-1 prog; u keep; r lib = 1"), "");
	files = merge_lines(&f, LINES("new 1-1 new; r (lib or prog); f /x; f /y=1; c old < 2; u drop"), "prog");
	OK(artefact_read(f.folder.fd, files.changes, 1 << 20, &raw, &err));
	OK(open_with(&f, &files, raw.p, raw.n, &err));
	for (size_t n = 0; n < raw.n; n++)
		assert_int_equal(open_with(&f, &files, raw.p, n, &err), -1);
	for (size_t i = 0; i < raw.n; i++)
		for (unsigned bit = 1; bit < 256; bit *= 16) {
			raw.p[i] = (char)(raw.p[i] ^ (int)bit);
			refused += open_with(&f, &files, raw.p, raw.n, &err) < 0;
			raw.p[i] = (char)(raw.p[i] ^ (int)bit);
		}
	assert_true(refused > 20);
	str_putc(&raw, 'x');
	FAILS(open_with(&f, &files, raw.p, raw.n, &err), "changes of a state");
	raw.p[0] ^= 2;
	FAILS(open_with(&f, &files, raw.p, raw.n, &err), "another version");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_replaced_at_once),
		cmocka_unit_test(test_compaction),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
