#include "source/test-git.h"

#include "source/inherit.h"
#include "source/record.h"

static void
read_tag(const struct place *p, const char *name, struct tag *t)
{
	AUTO(git_repository_free) git_repository *repo = NULL;
	struct err err = {0};

	if (tag_repository(p->work, &repo, &err) < 0 || tag_read(repo, name, t, &err) != 0)
		fail_msg("%s", err.msg);
}

/* Commit, and tag it NAME. */
static void
release(const struct place *p, const char *name)
{
	put(p, name, name);
	commit(p);
	RUN(p, "git", "tag", "-a", "-m", "release", name);
}

static git_repository *
open_record(const struct place *p)
{
	git_repository *record = NULL;
	struct err err = {0};

	if (record_open(p->dir, "foo", true, &record, &err) != 0)
		fail_msg("%s", err.msg);
	return record;
}

/* What a git command says of the record. */
#define RECORD(p, ...) OUTPUT(p, "git", "--git-dir=../git/f/foo.git", __VA_ARGS__)

static void
test_inherit(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(free) char *first = NULL;
	AUTO(free) char *side = NULL;
	struct err err = {0};

	release(&p, "1");
	first = OUTPUT(&p, "git", "rev-parse", "HEAD");
	RUN(&p, "git", "checkout", "-q", "-b", "side");
	release(&p, "side-1");
	side = OUTPUT(&p, "git", "rev-parse", "HEAD");
	RUN(&p, "git", "checkout", "-q", "main");
	release(&p, "2");
	assert_int_equal(tag_repository(p.work, &repo, &err), 0);
	assert_int_equal(inherit_check(repo, first, "main", &err), 0);
	assert_int_equal(inherit_check(repo, first, first, &err), 0);
	assert_int_equal(inherit_check(repo, "refs/tags/1", "refs/tags/2", &err), 0);
	assert_int_equal(inherit_check(repo, "main", first, &err), INHERIT_NOT);
	assert_int_equal(inherit_check(repo, side, "main", &err), INHERIT_NOT);
	assert_int_equal(inherit_check(repo, "0000000000000000000000000000000000000001", "main", &err), INHERIT_NOT);
	assert_int_equal(inherit_check(repo, first, "0000000000000000000000000000000000000001", &err), -1);
	/* A branch called like a commit is not that commit. */
	RUN(&p, "git", "update-ref", "refs/heads/0000000000000000000000000000000000000002", first);
	assert_int_equal(inherit_check(repo, "0000000000000000000000000000000000000002", "main", &err), INHERIT_NOT);
	RUN(&p, "git", "merge", "-q", "-m", "x", "side");
	assert_int_equal(inherit_check(repo, side, "main", &err), 0);
}

static void
test_open(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	git_repository *record = NULL;
	struct err err = {0};

	assert_int_equal(record_open(p.dir, "foo", false, &record, &err), RECORD_ABSENT);
	assert_int_equal(record_open(p.dir, "../foo", true, &record, &err), -1);
	assert_int_equal(record_open(p.dir, "", true, &record, &err), -1);
	git_repository_free(open_record(&p));
	assert_int_equal(record_open(p.dir, "foo", false, &record, &err), 0);
	git_repository_free(record);
}

static void
test_take(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = NULL;
	AUTO(tag_fini) struct tag one = {0};
	AUTO(tag_fini) struct tag two = {0};
	AUTO(free) char *refs = NULL;
	AUTO(free) char *expected = NULL;
	AUTO(free) char *private = NULL;
	AUTO(free) char *left = NULL;
	struct err err = {0};

	release(&p, "1");
	RUN(&p, "git", "checkout", "-q", "--orphan", "private");
	release(&p, "secret");
	private = OUTPUT(&p, "git", "rev-parse", "HEAD");
	RUN(&p, "git", "checkout", "-q", "main");
	read_tag(&p, "1", &one);
	record = open_record(&p);
	assert_int_equal(record_take(record, p.work, &one, 7, 0100, &err), 0);
	assert_int_equal(record_take(record, p.work, &one, 7, 0100, &err), 0);
	release(&p, "2");
	read_tag(&p, "2", &two);
	if (record_take(record, p.work, &two, 7, 0200, &err) < 0 || record_take(record, p.work, &two, 77, 0100, &err) < 0)
		fail_msg("%s", err.msg);
	refs = RECORD(&p, "for-each-ref", "--format=%(refname) %(objectname)");
	expected = xasprintf("refs/task/7/100 %s\nrefs/task/7/200 %s\nrefs/task/77/100 %s", one.id, two.id, two.id);
	assert_string_equal(refs, expected);
	free(RECORD(&p, "fsck", "--strict", "--full", "--no-dangling"));
	/* Other branches stayed where they were. */
	assert_false(try_run(&p, (const char *const[]){"git", "--git-dir=../git/f/foo.git", "cat-file", "-e", private, NULL},
	    NULL, NULL));
	assert_int_equal(record_release(record, 7, &err), 0);
	assert_int_equal(record_release(record, 7, &err), 0);
	left = RECORD(&p, "for-each-ref", "--format=%(refname)");
	assert_string_equal(left, "refs/task/77/100");
}

/* What is already there is not packed again. */
static void
test_take_little(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	AUTO(tag_fini) struct tag one = {0};
	AUTO(tag_fini) struct tag two = {0};
	AUTO(free) char *sizes = NULL;
	struct err err = {0};

	for (int i = 0; i < 20; i++) {
		AUTO(free) char *name = xasprintf("file%d", i);

		put(&p, name, name);
		commit(&p);
	}
	release(&p, "1");
	read_tag(&p, "1", &one);
	assert_int_equal(record_take(record, p.work, &one, 1, 0100, &err), 0);
	release(&p, "2");
	read_tag(&p, "2", &two);
	assert_int_equal(record_take(record, p.work, &two, 2, 0100, &err), 0);
	/* Of the first 20+1 commits, trees and files each, and the tag; of the second one of each. */
	sizes = RECORD(&p, "count-objects", "-v");
	assert_non_null(strstr(sizes, "in-pack: 68\npacks: 2\n"));
	free(RECORD(&p, "fsck", "--strict", "--full", "--no-dangling"));
}

static void
test_take_bad(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	AUTO(tag_fini) struct tag t = {0};
	AUTO(free) char *blob = NULL;
	AUTO(free) char *path = NULL;
	AUTO(free) char *other = NULL;
	AUTO(free) char *other_path = NULL;
	AUTO(free) char *refs = NULL;
	struct err err = {0};

	release(&p, "1");
	read_tag(&p, "1", &t);
	assert_int_equal(record_take(record, "/nonexistent", &t, 1, 0100, &err), -1);
	assert_non_null(strstr(err.msg, "no git repository"));
	/* A user's repository that lacks a file, and one whose file is not what its name says. */
	blob = OUTPUT(&p, "git", "rev-parse", "HEAD:1");
	path = xasprintf(".git/objects/%.2s/%s", blob, blob + 2);
	RUN(&p, "rm", "-f", path);
	assert_int_equal(record_take(record, p.work, &t, 1, 0100, &err), -1);
	other = put_object(&p, "blob", "other", 5);
	other_path = xasprintf(".git/objects/%.2s/%s", other, other + 2);
	RUN(&p, "cp", other_path, path);
	assert_int_equal(record_take(record, p.work, &t, 1, 0100, &err), -1);
	assert_non_null(strstr(err.msg, "hash mismatch"));
	refs = RECORD(&p, "for-each-ref");
	assert_string_equal(refs, "");
}

static void
test_publish(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	AUTO(tag_fini) struct tag t = {0};
	AUTO(tag_fini) struct tag again = {0};
	char head[GIT_HEX + 1];
	struct err err = {0};

	release(&p, "1");
	read_tag(&p, "1", &t);
	assert_int_equal(record_head(record, "sisyphus", head, &err), RECORD_ABSENT);
	assert_int_equal(record_publish(record, "sisyphus", "1", t.id, t.commit, &err), -1);
	assert_int_equal(record_take(record, p.work, &t, 1, 0100, &err), 0);
	assert_int_equal(record_check_tag(record, &t, &err), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(record_publish(record, "sisyphus", "1", t.id, t.commit, &err), 0);
	assert_int_equal(record_head(record, "sisyphus", head, &err), 0);
	assert_string_equal(head, t.commit);
	assert_int_equal(record_check_tag(record, &t, &err), 0);
	assert_int_equal(record_head(record, "../tags/1", head, &err), -1);
	RUN(&p, "git", "tag", "-f", "-a", "-m", "other", "1");
	read_tag(&p, "1", &again);
	assert_int_equal(record_check_tag(record, &again, &err), RECORD_CONFLICT);
	assert_non_null(strstr(err.msg, "choose a new name"));
	assert_int_equal(record_publish(record, "sisyphus", "1", "x", t.commit, &err), -1);
	assert_int_equal(record_publish(record, "sisyphus", "a..b", t.id, t.commit, &err), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inherit),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_little),
		cmocka_unit_test(test_take_bad),
		cmocka_unit_test(test_publish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
