#include "source/test-git.h"

#include "base/vec.h"
#include "source/commit-graph.h"
#include "source/git.h"
#include "source/history.h"
#include "source/inherit.h"
#include "source/record-graph.h"
#include "source/tag.h"

enum { COMMITS = 60, PARENTS = 6, DAGS = 10, ASK_GIT = 8 };

/* Which parts of the history are in a graph, and how. */
enum state { ABSENT, WHOLE, PARTIAL, SPLIT, SPLIT_PARTIAL, DAMAGED, N_STATES };

static unsigned
next(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Commits from..to: few roots, many merges, octopuses, criss-crosses; dates without sense. */
static void
grow(const struct place *p, unsigned from, unsigned to, unsigned *state)
{
	AUTO(str_fini) struct str s = {0};

	for (unsigned i = from; i < to; i++) {
		unsigned n = i == 0 || next(state) % 15 == 0 ? 0 : next(state) % 3 ? 1 : 2 + next(state) % (PARENTS - 1);

		str_add(&s, "commit refs/heads/c%u\nmark :%u\ncommitter J <j@example.org> %u +0000\ndata <<E\n%u\nE\n", i, i + 1,
		    next(state) % 4 ? 1600000000 + i : 1500000000 + next(state) % 200000000, i);
		for (unsigned k = 0; k < n; k++) {
			unsigned near = next(state) % 5 < 4 && i > 6 ? i - 6 : 0;

			str_add(&s, "%s :%u\n", k ? "merge" : "from", near + next(state) % (i - near) + 1);
		}
		str_puts(&s, "\n");
	}
	free(run_in(p, (const char *const[]){"git", "fast-import", "--quiet", "--import-marks-if-exists=marks",
	    "--export-marks=marks", NULL}, &s));
}

static void
write_graph(const struct place *p, bool split)
{
	RUN(p, "git", "commit-graph", "write", "--reachable", split ? "--split=no-merge" : "--no-progress");
}

static void
make(const struct place *p, enum state how, unsigned seed)
{
	grow(p, 0, COMMITS / 2, &seed);
	if (how == PARTIAL || how == SPLIT || how == SPLIT_PARTIAL)
		write_graph(p, how != PARTIAL);
	grow(p, COMMITS / 2, COMMITS * 3 / 4, &seed);
	if (how == SPLIT || how == SPLIT_PARTIAL)
		write_graph(p, true);
	grow(p, COMMITS * 3 / 4, COMMITS, &seed);
	if (how == SPLIT || how == WHOLE || how == DAMAGED)
		write_graph(p, how == SPLIT);
}

static git_repository *
open_repository(const struct place *p)
{
	git_repository *repo = NULL;
	struct err err = {0};

	if (tag_repository(p->work, &repo, &err) < 0)
		fail_msg("%s", err.msg);
	return repo;
}

static char *
objects_of(const struct place *p)
{
	return xasprintf("%s/.git/objects", p->work);
}

static void
read_graph(const struct place *p, struct str *out)
{
	AUTO(free) char *path = xasprintf("%s/.git/objects/info/commit-graph", p->work);
	struct err err = {0};

	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, out, &err), 0);
}

static void
put_graph(const struct place *p, const struct str *s)
{
	struct err err = {0};
	AUTO(free) char *path = xasprintf("%s/.git/objects/info/commit-graph", p->work);

	assert_int_equal(file_replace(AT_FDCWD, path, s->p, s->n, 0644, &err), 0);
}

/* Any one bit turned is seen, wherever it is. */
static void
damage(const struct place *p, unsigned seed)
{
	AUTO(free) char *objects = objects_of(p);
	AUTO(str_fini) struct str s = {0};

	read_graph(p, &s);
	for (int i = 0; i < 30; i++) {
		AUTO(commit_graph_fini) struct commit_graph g = {0};
		struct err err = {0};

		s.p[next(&seed) % s.n] ^= (char)(1 << next(&seed) % 8);
		put_graph(p, &s);
		assert_int_equal(commit_graph_open(&g, objects, &err), COMMIT_GRAPH_BAD);
		assert_true(err.code != 0);
	}
}

static void
ask_git(const struct place *p, char ids[][GIT_HEX + 1], const bool *is, unsigned seed)
{
	for (int i = 0; i < ASK_GIT; i++) {
		unsigned old = next(&seed) % COMMITS, new = next(&seed) % COMMITS;
		bool said = try_run(p, (const char *const[]){"git", "merge-base", "--is-ancestor", ids[old], ids[new], NULL},
		    NULL, NULL);

		assert_int_equal(said, is[old * COMMITS + new]);
	}
}

/* All pairs, by libgit2, by objects, by the graph. */
static void
compare(const struct place *p, enum state how, unsigned seed)
{
	AUTO(git_repository_free) git_repository *repo = open_repository(p);
	AUTO(free) char *objects = objects_of(p);
	AUTO(commit_graph_fini) struct commit_graph g = {0};
	char ids[COMMITS][GIT_HEX + 1];
	bool is[COMMITS * COMMITS];
	git_oid old, new;
	struct err err = {0};
	int opened = commit_graph_open(&g, objects, &err);

	assert_int_equal(opened, how == ABSENT ? COMMIT_GRAPH_NONE : how == DAMAGED ? COMMIT_GRAPH_BAD : 0);
	assert_int_equal(g.n, how == ABSENT || how == DAMAGED ? 0 : how == PARTIAL ? COMMITS / 2 :
	    how == SPLIT_PARTIAL ? COMMITS * 3 / 4 : COMMITS);
	assert_int_equal(g.layers.n, opened ? 0 : how == SPLIT ? 3 : how == SPLIT_PARTIAL ? 2 : 1);
	for (int i = 0; i < COMMITS; i++) {
		AUTO(free) char *ref = xasprintf("refs/heads/c%d", i);

		assert_int_equal(git_reference_name_to_id(&new, repo, ref), 0);
		git_oid_tostr(ids[i], sizeof(ids[i]), &new);
	}
	for (unsigned i = 0; i < COMMITS * COMMITS; i++) {
		int expected, by_objects, by_graph;

		assert_true(gitlib_hex(ids[i / COMMITS], &old) && gitlib_hex(ids[i % COMMITS], &new));
		is[i] = i / COMMITS == i % COMMITS || git_graph_descendant_of(repo, &new, &old) == 1;
		expected = is[i] ? 0 : INHERIT_NOT;
		by_objects = inherit_check(repo, ids[i / COMMITS], ids[i % COMMITS], &err);
		by_graph = record_inherits(repo, ids[i / COMMITS], ids[i % COMMITS], &err);
		if (by_objects != expected || by_graph != expected)
			fail_msg("seed %u, state %d, c%u in c%u: %d by objects, %d by the graph, expected %d", seed, (int)how,
			    i / COMMITS, i % COMMITS, by_objects, by_graph, expected);
	}
	ask_git(p, ids, is, seed);
}

static void
test_random(void **state)
{
	for (unsigned seed = 1; seed <= DAGS; seed++) {
		enum state how = (enum state)(seed % N_STATES);
		AUTO(place_fini) struct place p = place_make();

		make(&p, how, seed);
		if (how == DAMAGED)
			damage(&p, seed);
		compare(&p, how, seed);
	}
}

static void
test_layer_missing(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(free) char *objects = objects_of(&p);
	AUTO(free) char *chain = xasprintf("%s/info/commit-graphs/commit-graph-chain", objects);
	AUTO(commit_graph_fini) struct commit_graph g = {0};
	AUTO(str_fini) struct str names = {0};
	AUTO(str_fini) struct str swapped = {0};
	struct err err = {0};

	make(&p, SPLIT, 5);
	assert_int_equal(file_read(AT_FDCWD, chain, 4096, &names, &err), 0);
	assert_int_equal(names.n, 3 * (GIT_HEX + 1));
	/* The upper layer without the middle one; then in another order. */
	str_put(&swapped, names.p, GIT_HEX + 1);
	str_put(&swapped, names.p + 2 * (GIT_HEX + 1), GIT_HEX + 1);
	assert_int_equal(file_replace(AT_FDCWD, chain, swapped.p, swapped.n, 0644, &err), 0);
	assert_int_equal(commit_graph_open(&g, objects, &err), COMMIT_GRAPH_BAD);
	str_put(&swapped, names.p + GIT_HEX + 1, GIT_HEX + 1);
	assert_int_equal(file_replace(AT_FDCWD, chain, swapped.p, swapped.n, 0644, &err), 0);
	assert_int_equal(commit_graph_open(&g, objects, &err), COMMIT_GRAPH_BAD);
	assert_int_equal(file_replace(AT_FDCWD, chain, "../x\n", 5, 0644, &err), 0);
	assert_int_equal(commit_graph_open(&g, objects, &err), COMMIT_GRAPH_BAD);
	assert_int_equal(file_replace(AT_FDCWD, chain, names.p, names.n, 0644, &err), 0);
	assert_int_equal(commit_graph_open(&g, objects, &err), 0);
	commit_graph_fini(&g);
	swapped.p[GIT_HEX] = '\0';
	RUN(&p, "sh", "-c", "rm -f .git/objects/info/commit-graphs/graph-$0.graph", swapped.p);
	assert_int_equal(commit_graph_open(&g, objects, &err), COMMIT_GRAPH_BAD);
	compare(&p, DAMAGED, 5);
}

/* A graph whose levels make no sense is noticed on the way, and objects are read instead. */
static void
test_senseless(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(commit_graph_fini) struct commit_graph g = {0};
	AUTO(str_fini) struct str s = {0};
	git_oid old, new;
	struct err err = {0};

	make(&p, WHOLE, 7);
	repo = open_repository(&p);
	read_graph(&p, &s);
	assert_int_equal(commit_graph_add(&g, s.p, s.n, &err), 0);
	for (uint32_t i = 0; i < g.n; i++)
		memset(s.p + (g.layers.p[0].commits - (const uint8_t *)s.p) + 36 * i + 28, 0, 4);
	for (int i = 0; i < COMMITS * COMMITS; i++) {
		AUTO(free) char *a = xasprintf("refs/heads/c%d", i / COMMITS);
		AUTO(free) char *b = xasprintf("refs/heads/c%d", i % COMMITS);

		assert_int_equal(git_reference_name_to_id(&old, repo, a), 0);
		assert_int_equal(git_reference_name_to_id(&new, repo, b), 0);
		assert_int_equal(history_reaches(repo, &g, &old, &new, &err), history_reaches(repo, NULL, &old, &new, &err));
	}
}

static char *
id_of(const struct place *p, const char *revision)
{
	return OUTPUT(p, "git", "rev-parse", revision);
}

/* Give a file a right checksum, whatever it says. */
static void
sign(const struct place *p, struct str *s)
{
	AUTO(str_fini) struct str body = {0};
	AUTO(free) char *sum = NULL;
	git_oid id;

	str_put(&body, s->p, s->n - 20);
	sum = run_in(p, (const char *const[]){"sha1sum", NULL}, &body);
	assert_int_equal(git_oid_fromstrn(&id, sum, GIT_HEX), 0);
	memcpy(s->p + s->n - 20, id.id, 20);
}

/* Who writes a graph decides: so a user's own is not asked, and the record's is. */
static void
test_forged(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(commit_graph_fini) struct commit_graph g = {0};
	AUTO(str_fini) struct str s = {0};
	AUTO(free) char *side = NULL;
	AUTO(free) char *tip = NULL;
	uint32_t side_at, tip_at;
	git_oid id;
	struct err err = {0};

	for (int i = 0; i < 3; i++)
		commit(&p);
	RUN(&p, "git", "checkout", "-q", "--orphan", "side");
	put(&p, "other", "other");
	commit(&p);
	side = id_of(&p, "side");
	tip = id_of(&p, "main");
	write_graph(&p, false);
	repo = open_repository(&p);
	assert_int_equal(record_inherits(repo, side, tip, &err), INHERIT_NOT);
	read_graph(&p, &s);
	assert_int_equal(commit_graph_add(&g, s.p, s.n, &err), 0);
	assert_true(gitlib_hex(side, &id) && commit_graph_find(&g, &id, &side_at));
	assert_true(gitlib_hex(tip, &id) && commit_graph_find(&g, &id, &tip_at));
	memcpy(s.p + (g.layers.p[0].commits - (const uint8_t *)s.p) + 36 * tip_at + 24,
	    (const char[]){0, 0, 0, (char)side_at}, 4);
	sign(&p, &s);
	put_graph(&p, &s);
	assert_int_equal(record_inherits(repo, side, tip, &err), 0);
	assert_int_equal(inherit_check(repo, side, tip, &err), INHERIT_NOT);
}

/* What git itself would be told by them. */
static void
test_rewritten(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(free) char *first = NULL;
	AUTO(free) char *side = NULL;
	AUTO(free) char *tip = NULL;
	AUTO(free) char *graft = NULL;
	struct err err = {0};

	commit(&p);
	first = id_of(&p, "main");
	put(&p, "x", "x");
	commit(&p);
	tip = id_of(&p, "main");
	RUN(&p, "git", "checkout", "-q", "--orphan", "side");
	put(&p, "other", "other");
	commit(&p);
	side = id_of(&p, "side");
	RUN(&p, "git", "replace", "--graft", tip, side);
	RUN(&p, "git", "merge-base", "--is-ancestor", side, tip);
	graft = xasprintf("%s %s\n", tip, side);
	put(&p, ".git/info/grafts", graft);
	graft[GIT_HEX] = '\n';
	graft[GIT_HEX + 1] = '\0';
	put(&p, ".git/shallow", graft);
	repo = open_repository(&p);
	assert_int_equal(inherit_check(repo, side, tip, &err), INHERIT_NOT);
	assert_int_equal(inherit_check(repo, first, tip, &err), 0);
}

/* An object that is missing or not what it should be is an error, never a no. */
static void
test_broken(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(git_repository_free) git_repository *repo = NULL;
	AUTO(free) char *first = NULL;
	AUTO(free) char *middle = NULL;
	AUTO(free) char *path = NULL;
	AUTO(free) char *text = NULL;
	AUTO(free) char *malformed = NULL;
	struct err err = {0};

	commit(&p);
	first = id_of(&p, "main");
	put(&p, "x", "x");
	commit(&p);
	middle = id_of(&p, "main");
	put(&p, "x", "y");
	commit(&p);
	path = xasprintf(".git/objects/%.2s/%s", middle, middle + 2);
	RUN(&p, "rm", "-f", path);
	text = xasprintf("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent %s\nparent %.39s\nauthor J <j> 1 +0000\n", first, first);
	malformed = put_object(&p, "commit", text, strlen(text));
	repo = open_repository(&p);
	assert_int_equal(inherit_check(repo, first, "main", &err), -1);
	assert_int_equal(inherit_check(repo, first, malformed, &err), -1);
	/* As libgit2 has it for an id that is not there at all. */
	assert_int_equal(inherit_check(repo, middle, "main", &err), INHERIT_NOT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_layer_missing),
		cmocka_unit_test(test_senseless),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_rewritten),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
