#include "source/test-git.h"

#include <errno.h>

#include "source/commit-graph.h"
#include "source/git.h"
#include "source/inherit.h"
#include "source/record.h"
#include "source/record-graph.h"

/* n more commits on main, and a tag on the last. */
static void
grow(const struct place *p, unsigned n, const char *tag)
{
	AUTO(str_fini) struct str s = {0};

	for (unsigned i = 0; i < n; i++)
		str_add(&s, "commit refs/heads/main\ncommitter J <j@example.org> %u +0000\ndata <<E\n%s %u\nE\n%s\n",
		    1600000000 + i, tag, i, i == 0 && strcmp(tag, "1") != 0 ? "from refs/heads/main^0\n" : "");
	free(run_in(p, (const char *const[]){"git", "fast-import", "--quiet", NULL}, &s));
	RUN(p, "git", "tag", "-a", "-m", "release", tag, "main");
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

/* As the merger does it. */
static int
publish(const struct place *p, git_repository *record, const char *name, struct err *err)
{
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(tag_fini) struct tag t = {0};

	if (tag_repository(p->work, &repo, err) < 0 || tag_read(repo, name, &t, err) != 0 ||
	    record_take(record, p->work, &t, 1, 0100, err) < 0 ||
	    record_publish(record, "sisyphus", name, t.id, t.commit, err) < 0)
		fail_msg("%s", err->msg);
	return record_graph_update(record, t.commit, err);
}

static char *
objects_of(const struct place *p)
{
	return xasprintf("%s/git/f/foo.git/objects", p->dir);
}

static void
assert_graph(const struct place *p, int opened, uint32_t commits, size_t layers)
{
	AUTO(commit_graph_fini) struct commit_graph g = {0};
	AUTO(free) char *objects = objects_of(p);
	struct err err = {0};

	assert_int_equal(commit_graph_open(&g, objects, &err), opened);
	assert_int_equal(g.n, commits);
	assert_int_equal(g.layers.n, layers);
	if (opened == 0)
		RUN(p, "git", "--git-dir=../git/f/foo.git", "commit-graph", "verify");
}

static void
touch(const struct place *p, const char *name)
{
	AUTO(free) char *path = xasprintf("%s/git/f/foo.git/objects/info/%s", p->dir, name);
	struct err err = {0};

	assert_int_equal(file_replace(AT_FDCWD, path, "x", 1, 0644, &err), 0);
}

static bool
there(const struct place *p, const char *name)
{
	AUTO(free) char *path = xasprintf("%s/git/f/foo.git/objects/info/%s", p->dir, name);

	return file_exists(AT_FDCWD, path);
}

/* Nothing for a short history; a layer each time that enough has come. */
static void
test_layers(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	struct err err = {0};

	grow(&p, RECORD_GRAPH_LAG - 1, "1");
	assert_int_equal(publish(&p, record, "1", &err), 0);
	assert_graph(&p, COMMIT_GRAPH_NONE, 0, 0);
	grow(&p, RECORD_GRAPH_LAG * 2 + 1, "2");
	assert_int_equal(publish(&p, record, "2", &err), 0);
	assert_graph(&p, 0, RECORD_GRAPH_LAG * 3, 1);
	grow(&p, 5, "3");
	assert_int_equal(publish(&p, record, "3", &err), 0);
	assert_graph(&p, 0, RECORD_GRAPH_LAG * 3, 1);
	assert_int_equal(record_inherits(record, "refs/tags/1", "refs/tags/3", &err), 0);
	assert_int_equal(record_inherits(record, "refs/tags/3", "refs/tags/1", &err), INHERIT_NOT);
	grow(&p, RECORD_GRAPH_LAG - 5, "4");
	assert_int_equal(publish(&p, record, "4", &err), 0);
	assert_graph(&p, 0, RECORD_GRAPH_LAG * 4, 2);
	assert_int_equal(record_inherits(record, "refs/tags/1", "refs/tags/4", &err), 0);
	assert_int_equal(record_inherits(record, "refs/tags/4", "refs/tags/3", &err), INHERIT_NOT);
}

/* Locks and files of a git that was killed do not stop the next. */
static void
test_leftovers(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	struct err err = {0};

	grow(&p, RECORD_GRAPH_LAG, "1");
	assert_int_equal(publish(&p, record, "1", &err), 0);
	assert_graph(&p, 0, RECORD_GRAPH_LAG, 1);
	touch(&p, "commit-graph.lock");
	touch(&p, "commit-graphs/commit-graph-chain.lock");
	touch(&p, "commit-graphs/tmp_graph_abc123");
	grow(&p, RECORD_GRAPH_LAG, "2");
	if (publish(&p, record, "2", &err) < 0)
		fail_msg("%s", err.msg);
	assert_graph(&p, 0, RECORD_GRAPH_LAG * 2, 1);
	assert_false(there(&p, "commit-graphs/tmp_graph_abc123"));
	/* Another process is at it. */
	{
		AUTO(free) char *lock = xasprintf("%s/git/f/foo.git/artel-graph.lock", p.dir);
		AUTO(close) int fd = -1;

		assert_int_equal(file_lock(AT_FDCWD, lock, &fd, &err), 0);
		grow(&p, RECORD_GRAPH_LAG, "3");
		assert_int_equal(publish(&p, record, "3", &err), 0);
		assert_graph(&p, 0, RECORD_GRAPH_LAG * 2, 1);
	}
	assert_int_equal(publish(&p, record, "3", &err), 0);
	assert_graph(&p, 0, RECORD_GRAPH_LAG * 3, 1);
}

/* What a damaged graph says does not get into the next one. */
static void
test_damaged(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	struct err err = {0};

	grow(&p, RECORD_GRAPH_LAG, "1");
	assert_int_equal(publish(&p, record, "1", &err), 0);
	RUN(&p, "sh", "-c", "cd ../git/f/foo.git/objects/info/commit-graphs && chmod u+w *.graph && "
	    "printf '\\1' | dd of=\"$(echo *.graph)\" bs=1 seek=30000 conv=notrunc status=none");
	assert_graph(&p, COMMIT_GRAPH_BAD, 0, 0);
	assert_int_equal(record_inherits(record, "refs/tags/1^", "refs/tags/1", &err), 0);
	assert_int_equal(publish(&p, record, "1", &err), 0);
	assert_graph(&p, 0, RECORD_GRAPH_LAG, 1);
}

/* No graph can be written: said, and all else works. */
static void
test_cannot(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *record = open_record(&p);
	AUTO(free) char *path = xstrdup(getenv("PATH"));
	char head[GIT_HEX + 1];
	struct err err = {0};

	grow(&p, RECORD_GRAPH_LAG, "1");
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(publish(&p, record, "1", &err), -1);
	setenv("PATH", path, 1);
	assert_int_equal(err.code, ENOENT);
	touch(&p, "commit-graphs");
	assert_int_equal(publish(&p, record, "1", &err), -1);
	assert_int_equal(record_head(record, "sisyphus", head, &err), 0);
	assert_int_equal(record_inherits(record, "refs/tags/1~5", "refs/tags/1", &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
