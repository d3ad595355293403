/* Trees that git itself would not make: each is one clear error, and costs neither memory nor time. */
#include "source/test-export.h"

#include <zlib.h>

static void
add_entry(const struct place *p, struct str *tree, const char *mode, const char *name, const char *hex)
{
	git_oid id;

	assert_int_equal(git_oid_fromstr(&id, hex), 0);
	str_add(tree, "%s %s", mode, name);
	str_putc(tree, '\0');
	str_put(tree, id.id, sizeof(id.id));
}

static char *
put_tree(const struct place *p, const char *mode, const char *name, const char *hex)
{
	AUTO(str_fini) struct str tree = {0};

	add_entry(p, &tree, mode, name, hex);
	return put_object(p, "tree", tree.p, tree.n);
}

/* Commit a tree that has the spec, the rules and a folder "d" of the given id. */
static void
commit_tree(const struct place *p, const char *rules, const char *folder)
{
	AUTO(str_fini) struct str tree = {0};
	AUTO(free) char *spec = put_object(p, "blob", SPEC, strlen(SPEC));
	AUTO(free) char *rules_blob = put_object(p, "blob", rules, strlen(rules));
	AUTO(free) char *root = NULL;
	AUTO(free) char *id = NULL;

	add_entry(p, &tree, "100644", ".gear-rules", rules_blob);
	add_entry(p, &tree, "40000", "d", folder);
	add_entry(p, &tree, "100644", "foo.spec", spec);
	root = put_object(p, "tree", tree.p, tree.n);
	id = OUTPUT(p, "git", "commit-tree", "-m", "x", root);
	RUN(p, "git", "update-ref", "HEAD", id);
}

static void
folder_bad(const struct place *p, const char *folder, const char *part)
{
	static const char *const rules[] = {"tar: d\n", "zip: d\n", "diff: d d\n", "copy: d/*\n"};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		commit_tree(p, rules[i], folder);
		export_bad(p, part);
	}
}

static void
test_hostile_names(void **state)
{
	static const char *const names[] = {"..", ".", ".git", ".GIT", "a/b", "../../x", "/etc/passwd", ""};
	AUTO(place_fini) struct place p = place_make();
	AUTO(free) char *blob = put_object(&p, "blob", "x\n", 2);
	AUTO(free) char *control = put_tree(&p, "100644", "a\nb\033[1m", blob);
	AUTO(free) char *none = put_tree(&p, "100644", "x", "0000000000000000000000000000000000000001");
	AUTO(free) char *twice = NULL;
	AUTO(free) char *both = NULL;
	AUTO(str_fini) struct str tree = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO(free) char *folder = put_tree(&p, "100644", names[i], blob);

		folder_bad(&p, folder, names[i][0] ? "forbidden name" : "");
	}
	folder_bad(&p, control, "\"a?b?[1m\" has control characters");
	commit_tree(&p, "tar: d\n", none);
	export_bad(&p, "object 0000000");
	add_entry(&p, &tree, "100644", "x", blob);
	add_entry(&p, &tree, "120000", "x", blob);
	twice = put_object(&p, "tree", tree.p, tree.n);
	folder_bad(&p, twice, "\"x\" is there twice");
	str_clear(&tree);
	add_entry(&p, &tree, "120000", "x", blob);
	add_entry(&p, &tree, "100644", "x.y", blob);
	add_entry(&p, &tree, "40000", "x", twice);
	both = put_object(&p, "tree", tree.p, tree.n);
	folder_bad(&p, both, "\"x\" is there twice");
}

static void
test_hostile_entries(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};
	AUTO(free) char *blob = put_object(&p, "blob", "a\nb", 3);
	AUTO(free) char *link = put_tree(&p, "120000", "link", blob);
	AUTO(free) char *module = put_tree(&p, "160000", "module", "0000000000000000000000000000000000000001");
	AUTO(free) char *as_tree = put_tree(&p, "40000", "x", blob);
	AUTO(str_fini) struct str tree = {0};
	AUTO(free) char *cases = NULL;

	commit_tree(&p, "tar: d\n", link);
	export_bad(&p, "a symbolic link with control characters");
	commit_tree(&p, "tar: d\n", module);
	export_bad(&p, "module is a submodule");
	commit_tree(&p, "diff: d .\n", module);
	export_bad(&p, "module is a submodule");
	commit_tree(&p, "tar: d/module\n", module);
	export_bad(&p, "a submodule where a folder is wanted");
	commit_tree(&p, "tar: d/module/x\n", module);
	export_bad(&p, "a submodule on the way");
	commit_tree(&p, "tar: d\n", as_tree);
	export_bad(&p, "folder");
	add_entry(&p, &tree, "100644", "README", blob);
	add_entry(&p, &tree, "100644", "readme", blob);
	cases = put_object(&p, "tree", tree.p, tree.n);
	commit_tree(&p, "copy: d/*\n", cases);
	export_bad(&p, "is written twice");
	commit_tree(&p, "tar: d exclude=module\n", cases);
	export_with(&p, "x", &e);
	assert_int_equal(e.result, 0);
	assert_members(&e, "d-1.2.tar", "755 d-1.2/;644 d-1.2/README=a\nb;644 d-1.2/readme=a\nb;");
	assert_string_equal(e.gear.notes.p[0], "\"readme\" differs from another name only in case");
}

/* A loose object that claims to be as big as it likes. */
static void
put_huge(const struct place *p, const char *hex, const char *header)
{
	AUTO(free) char *path = xasprintf(".git/objects/%.2s/%s", hex, hex + 2);
	unsigned char packed[256];
	uLongf n = sizeof(packed);

	assert_int_equal(compress(packed, &n, (const unsigned char *)header, strlen(header) + 1), Z_OK);
	put_bytes(p, path, packed, n);
}

static void
test_many_bases(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(str_fini) struct str rules = {0};

	put(&p, "foo.spec", SPEC);
	for (int i = 0; i < 101; i++) {
		AUTO(free) char *id = NULL;

		RUN(&p, "git", "add", "-A");
		RUN(&p, "git", "commit", "-q", "--allow-empty", "-m", "x");
		id = OUTPUT(&p, "git", "rev-parse", "HEAD");
		str_add(&rules, "tar: %s:. name=%d\n", id, i);
	}
	rules_bad(&p, str_c(&rules), "more than 100 commits and tags");
}

static void
test_hostile_sizes(void **state)
{
	static const char huge[] = "1111111111111111111111111111111111111111";
	AUTO(place_fini) struct place p = place_make();
	AUTO(free) char *big_file = NULL;
	AUTO(free) char *folder = put_object(&p, "tree", "", 0);
	AUTO(free) char *wide = xcalloc(251, 1);
	AUTO(free) char *long_path = put_object(&p, "blob", "", 0);

	put_huge(&p, huge, "blob 20000000000");
	big_file = put_tree(&p, "100644", "big", huge);
	commit_tree(&p, "tar: d\n", big_file);
	export_bad(&p, "big: 20000000000 bytes, more than the 1073741824 allowed");
	commit_tree(&p, "copy: d/big\n", big_file);
	export_bad(&p, "more than the 1073741824 allowed");
	commit_tree(&p, "diff: d .\n", big_file);
	export_bad(&p, "too big to be compared");
	commit_tree(&p, "spec: d/big\n", big_file);
	export_bad(&p, "more than the 4194304 allowed");
	for (int i = 0; i < 101; i++) {
		char *outer = put_tree(&p, "40000", "d", folder);

		free(folder);
		folder = outer;
	}
	commit_tree(&p, "tar: d\n", folder);
	export_bad(&p, "more than 100 folders in one another");
	memset(wide, 'w', 250);
	for (int i = 0; i < 20; i++) {
		char *outer = put_tree(&p, i == 0 ? "100644" : "40000", wide, long_path);

		free(long_path);
		long_path = outer;
	}
	commit_tree(&p, "tar: d\n", long_path);
	export_bad(&p, "a path of more than 4096 bytes");
}

/* Few objects, but folders without end: each holds the next one ten times. */
static void
test_tree_bomb(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(free) char *folder = put_object(&p, "blob", "", 0);

	for (int level = 0; level < 10; level++) {
		AUTO(str_fini) struct str tree = {0};

		for (int i = 0; i < 10; i++) {
			char name[] = {(char)('a' + i), '\0'};

			add_entry(&p, &tree, level ? "40000" : "100644", name, folder);
		}
		free(folder);
		folder = put_object(&p, "tree", tree.p, tree.n);
	}
	commit_tree(&p, "tar: d exclude=**\n", folder);
	export_bad(&p, "read more than 4194304 names");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_hostile_entries),
		cmocka_unit_test(test_hostile_sizes),
		cmocka_unit_test(test_tree_bomb),
		cmocka_unit_test(test_many_bases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
