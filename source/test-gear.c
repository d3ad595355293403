#include "source/test-export.h"

#include "base/hash.h"

static void
test_no_rules(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};
	struct stat st;

	put(&p, "foo.spec", SPEC);
	put(&p, "fix.patch", "patch\n");
	put(&p, ".hidden", "");
	put(&p, "run", "#!\n");
	put(&p, "dir/file", "not beside\n");
	RUN(&p, "chmod", "+x", "run");
	RUN(&p, "ln", "-s", "/etc/passwd", "link");
	export_good(&p, &e);
	assert_files(&e, ".hidden fix.patch run foo.spec");
	assert_string_equal(e.gear.spec_file, "foo.spec");
	assert_string_equal(e.gear.spec.version, "1.2");
	assert_content(&e, "fix.patch", "patch\n");
	assert_content(&e, "foo.spec", SPEC);
	assert_int_equal(e.gear.notes.n, 1);
	assert_string_equal(e.gear.notes.p[0], "link is a symbolic link and was not copied");
	assert_int_equal(fstatat(e.dir, "run", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtime, WHEN);
	assert_int_equal(fstatat(e.dir, "foo.spec", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_mtime, WHEN);
}

static void
make_tree(const struct place *p)
{
	put(p, "foo.spec", SPEC);
	put(p, "a/b/c/file", "deep\n");
	put(p, "a/run", "x\n");
	put(p, "a/z.txt", "z\n");
	RUN(p, "chmod", "+x", "a/run");
	RUN(p, "ln", "-s", "../../etc/passwd", "a/link");
}

#define TREE_AT(base) "755 " base "/;755 " base "/b/;755 " base "/b/c/;644 " base "/b/c/file=deep\n;777 " base \
	"/link->../../etc/passwd;755 " base "/run=x\n;644 " base "/z.txt=z\n;"

static void
test_tar(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};

	make_tree(&p);
	put(&p, ".gear/rules", "tar: a\ntar.gz: a\ntar.bz2: a\ntar.xz: a\ntar.zst: a\ntar.lzma: a\n"
	    "tar: a name=@name@-@dir@-@release@ base=x/@version@ suffix=.tgz.@name@\n"
	    "tar: a name=bare base=\n"
	    "tar: ./a/b name=@dir@\n"
	    "tar?: none\n"
	    "tar?: foo.spec\n"
	    "tar: . exclude=a/** exclude=.gear\n");
	export_good(&p, &e);
	assert_files(&e, "a-1.2.tar a-1.2.tar.gz a-1.2.tar.bz2 a-1.2.tar.xz a-1.2.tar.zst a-1.2.tar.lzma "
	    "foo-a-alt3.tgz.foo bare.tar b.tar foo-1.2.tar foo.spec");
	for (size_t i = 0; i < 6; i++)
		assert_members(&e, e.gear.files.p[i], TREE_AT("a-1.2"));
	assert_members(&e, "foo-a-alt3.tgz.foo", TREE_AT("x/1.2"));
	assert_members(&e, "bare.tar", "755 b/;755 b/c/;644 b/c/file=deep\n;777 link->../../etc/passwd;"
	    "755 run=x\n;644 z.txt=z\n;");
	assert_members(&e, "b.tar", "755 b/;755 b/c/;644 b/c/file=deep\n;");
	assert_members(&e, "foo-1.2.tar", "755 foo-1.2/;644 foo-1.2/foo.spec=" SPEC ";");
	assert_int_equal(e.gear.notes.n, 0);
}

static void
test_zip(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};
	AUTO(free) char *out = NULL;
	AUTO(free) char *path = NULL;

	make_tree(&p);
	put(&p, "a/\xc3\xa4.txt", "umlaut\n");
	put(&p, ".gear/rules", "zip: a name=n\nzip: a name=ascii exclude=\xc3*\n");
	export_good(&p, &e);
	assert_files(&e, "n.zip ascii.zip foo.spec");
	assert_members(&e, "ascii.zip", TREE_AT("ascii"));
	path = xasprintf("/proc/%d/fd/%d/n.zip", (int)getpid(), e.dir);
	out = OUTPUT(&p, "python3", "-c", "import sys, zipfile\n"
	    "z = zipfile.ZipFile(sys.argv[1])\n"
	    "print(z.testzip(), {i.date_time for i in z.infolist()}, z.namelist()[-1] == 'n/\\xe4.txt')\n", path);
	assert_string_equal(out, "None {(2023, 11, 14, 22, 13, 20)} True");
}

static void
test_copy(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};

	put(&p, "foo.spec", SPEC);
	put(&p, "a.patch", "a\n");
	put(&p, "b.patch", "b\n");
	put(&p, "c.patch.orig", "c\n");
	put(&p, "sub/d.patch", "d\n");
	put(&p, "sub/e.patch", "e\n");
	put(&p, "sub/deep/f.patch", "f\n");
	put(&p, "we ird*", "w\n");
	put(&p, ".gear/rules",
	    "exclude: b.* sub/e*\n"
	    "copy: *.patch sub/*.patch\n"
	    "copy: a.patch\n"
	    "copy?: none* nowhere/*\n"
	    "gzip: a.patch\nbzip2: a.patch\nxz: a.patch\nzstd: a.patch\nlzma: a.patch\n"
	    "compress: type=gzip name=@name@-@version@.z -1 -- sub/d.patch\n"
	    "compress: type=copy name=renamed -- 'we ird\\*'\n"
	    "compress?: type=copy name=no -- gone\n"
	    "what: ever\n"
	    "copy: foo.spec\n");
	export_good(&p, &e);
	assert_files(&e, "a.patch d.patch a.patch.gz a.patch.bz2 a.patch.xz a.patch.zst a.patch.lzma foo-1.2.z "
	    "renamed foo.spec");
	assert_content(&e, "d.patch", "d\n");
	assert_content(&e, "renamed", "w\n");
	for (size_t i = 2; i < 7; i++)
		assert_members(&e, e.gear.files.p[i], "644 data=a\n;");
	assert_members(&e, "foo-1.2.z", "644 data=d\n;");
	assert_int_equal(e.gear.notes.n, 1);
	assert_string_equal(e.gear.notes.p[0], "line 13: \"what\" is not a known directive and was ignored");
}

static void
test_copy_refused(void **state)
{
	AUTO(place_fini) struct place p = place_make();

	put(&p, "foo.spec", SPEC);
	put(&p, "x/file", "1\n");
	put(&p, "y/file", "2\n");
	put(&p, "y/FILE2", "2\n");
	put(&p, "z/file2", "2\n");
	put(&p, "two words", "2\n");
	RUN(&p, "ln", "-s", "/etc/passwd", "link");
	RUN(&p, "ln", "-s", "x", "dirlink");
	rules_bad(&p, "copy: none\n", "line 1 of the rules: no file matches none");
	rules_bad(&p, "copy: nowhere/*\n", "there is no such file or folder");
	rules_bad(&p, "exclude: *\ncopy: x/file\n", "no file matches");
	rules_bad(&p, "copy: x/file y/file\n", "the file file is written twice, by a copy of x/file and by a copy of y/file");
	rules_bad(&p, "copy: y/* z/*\n", "written twice");
	rules_bad(&p, "copy: link\n", "is a symbolic link");
	rules_bad(&p, "copy: dirlink/file\n", "a symbolic link where a folder is wanted");
	rules_bad(&p, "copy: foo.spec/x\n", "a file where a folder is wanted");
	rules_bad(&p, "copy: two*\n", "not a name for a source file");
	rules_bad(&p, "compress: type=copy name=a/b -- x/file\n", "not a name for a source file");
	rules_bad(&p, "compress: type=copy name=-x -- x/file\n", "not a name for a source file");
	rules_bad(&p, "compress: type=copy name=foo.spec -- x/file\n", "written twice");
	rules_bad(&p, "compress: type=copy name=@dir@ -- x/file\n", "@dir@ has no value here");
	rules_bad(&p, "tar: x name=n\ntar: y name=n\n", "the file n.tar is written twice, by line 1 and by line 2");
}

static void
test_spec(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};
	AUTO(exported_fini) struct exported substituted = {0};

	put(&p, "README", "x\n");
	commit(&p);
	export_bad(&p, "no *.spec");
	put(&p, "one.spec", SPEC);
	put(&p, "two.spec", SPEC);
	commit(&p);
	export_bad(&p, "two specs, one.spec and two.spec");
	rules_bad(&p, "spec: three.spec\n", "three.spec: there is no such file");
	rules_bad(&p, "spec: .gear\n", "a folder where a file is wanted");
	RUN(&p, "ln", "-s", "one.spec", "link.spec");
	rules_bad(&p, "spec: link.spec\n", "a symbolic link where a file is wanted");
	put_bytes(&p, "nul.spec", SPEC "\0", sizeof(SPEC));
	rules_bad(&p, "spec: nul.spec\n", "contains a NUL");
	rules_bad(&p, "spec: README\n", "README: the spec has no Name tag");
	put(&p, "packaging/sub.spec", "Name: bar\nVersion: @ver@\nRelease: @rel@@none@\n");
	rules_bad(&p, "spec: packaging/sub.spec\n", "Version:");
	rules_bad(&p, "spec: packaging/sub.spec\nspecsubst: ver\n", "no line `X-gear-specsubst: ver=");
	put(&p, ".gear/rules", "spec: packaging/sub.spec\nspecsubst: ver rel none\ntar: packaging spec=one.spec\n");
	commit(&p);
	export_with(&p, "x\n\nX-gear-specsubst: ver=@rel@\nX-gear-specsubst: ver2=8\nX-girar-specsubst: rel=2\n"
	    "X-gear-specsubst: none=\n", &e);
	assert_int_equal(e.result, -1);
	assert_non_null(strstr(e.err.msg, "\"@rel@\" is not a valid value"));
	export_with(&p, "x\n\nX-gear-specsubst: ver=7.1\nX-gear-specsubst: ver2=8\nX-girar-specsubst: rel=2\n"
	    "X-gear-specsubst: none=\n", &substituted);
	if (substituted.result < 0)
		fail_msg("%s", substituted.err.msg);
	assert_files(&substituted, "packaging-1.2.tar sub.spec");
	assert_content(&substituted, "sub.spec", "Name: bar\nVersion: 7.1\nRelease: 2\n");
	assert_string_equal(substituted.gear.spec.version, "7.1");
}

/* Store the annotated tag NAME the way gear-store-tags does. */
static void
store_tag(const struct place *p, const char *name)
{
	AUTO(free) char *id = OUTPUT(p, "git", "rev-parse", name);
	AUTO(free) char *object = OUTPUT(p, "git", "cat-file", "tag", name);
	AUTO(free) char *with_newline = xasprintf("%s\n", object);
	AUTO(free) char *path = xasprintf(".gear/tags/%s", id);
	AUTO(free) char *line = xasprintf("%s %s\n", id, name);

	put(p, path, with_newline);
	put(p, ".gear/tags/list", line);
}

static void
test_bases(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};
	AUTO(free) char *first = NULL;
	AUTO(free) char *rules = NULL;
	AUTO(free) char *diff = NULL;
	AUTO(free) char *with_newline = NULL;
	AUTO(free) char *compressed = NULL;

	put(&p, "foo.spec", SPEC);
	put(&p, "src/main.c", "upstream\n");
	commit(&p);
	first = OUTPUT(&p, "git", "rev-parse", "HEAD");
	RUN(&p, "git", "tag", "-a", "-m", "1.2", "v1.2");
	store_tag(&p, "v1.2");
	put(&p, "src/main.c", "changed\n");
	rules = xasprintf("tar: v@version@:src name=@dir@-tag\ntar: %s:src name=commit\ntar: .:src name=here\n"
	    "diff: v@version@:src src\ndiff: v1.2:. . name=@name@.diff exclude=.gear/**\n"
	    "diff.xz: v1.2:src src name=@old_dir@-@new_dir@.p\ndiff?: v1.2:none src name=no\n", first);
	put(&p, ".gear/rules", rules);
	export_good(&p, &e);
	assert_files(&e, "src-tag.tar commit.tar here.tar src-1.2-alt3.patch foo.diff src-src.p.xz foo.spec");
	assert_members(&e, "src-tag.tar", "755 src-tag/;644 src-tag/main.c=upstream\n;");
	assert_members(&e, "commit.tar", "755 commit/;644 commit/main.c=upstream\n;");
	assert_members(&e, "here.tar", "755 here/;644 here/main.c=changed\n;");
	diff = OUTPUT(&p, "git", "diff-tree", "-p", "--full-index", "v1.2:src", "HEAD:src");
	with_newline = xasprintf("%s\n", diff);
	assert_content(&e, "src-1.2-alt3.patch", with_newline);
	compressed = xasprintf("644 data=%s;", with_newline);
	assert_members(&e, "src-src.p.xz", compressed);
}

static void
test_bases_refused(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(free) char *other = NULL;
	AUTO(free) char *inner = NULL;
	AUTO(free) char *rules = NULL;

	put(&p, "foo.spec", SPEC);
	commit(&p);
	RUN(&p, "git", "checkout", "-q", "-b", "other");
	put(&p, "x", "x\n");
	commit(&p);
	other = OUTPUT(&p, "git", "rev-parse", "HEAD");
	RUN(&p, "git", "tag", "-a", "-m", "x", "side");
	RUN(&p, "git", "checkout", "-q", "main");
	rules_bad(&p, "tar: v1:.\n", "tag v1 is not in .gear/tags/list");
	rules = xasprintf("tar: %s:.\n", other);
	rules_bad(&p, rules, "is not an ancestor");
	rules_bad(&p, "tar: 0000000000000000000000000000000000000001:.\n", "commit 0000000000000000000000000000000000000001");
	store_tag(&p, "side");
	rules_bad(&p, "tar: side:.\n", "side is not an ancestor");
	RUN(&p, "git", "merge", "-q", "-s", "ours", "-m", "x", "other");
	rules_bad(&p, "tar: side:none\n", "none: there is no such file or folder");
	rules_bad(&p, "tar: side:x\n", "a file where a folder is wanted");
	/* A chain of tags, of which only the outer is stored. */
	RUN(&p, "git", "tag", "-a", "-m", "x", "inner", "HEAD");
	RUN(&p, "git", "tag", "-a", "-m", "x", "outer", "inner");
	store_tag(&p, "outer");
	rules_bad(&p, "tar: outer:.\n", "is not stored in .gear/tags");
	inner = OUTPUT(&p, "git", "rev-parse", "inner^{tag}");
	put(&p, ".gear/tags/list", "what is this\n");
	rules_bad(&p, "tar: outer:.\n", ".gear/tags/list: \"what is this\" is not");
	store_tag(&p, "outer");
	rules = (free(rules), xasprintf(".gear/tags/%s", inner));
	put(&p, rules, "object 0\n");
	rules_bad(&p, "tar: outer:.\n", "the stored tag has another id");
	RUN(&p, "git", "rm", "-q", "-r", "-f", ".gear/tags");
	rules_bad(&p, "tags: elsewhere\ntar: side:.\n", "tag side is not in elsewhere/list");
}

/* Make the tree src as it was and as it is, in every way that a patch can change a file. */
static void
make_sides(const struct place *p)
{
	AUTO(str_fini) struct str binary = {0};

	for (int i = 0; i < 1000; i++)
		str_putc(&binary, (char)(i * 7));
	put(p, "foo.spec", SPEC);
	put(p, "old/changed", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	put(p, "old/deep/er/removed", "x\n");
	put(p, "old/no-newline", "a\nb");
	put(p, "old/mode", "m\n");
	put(p, "old/renamed-from", "long enough to be seen as a rename\nyes\n");
	put_bytes(p, "old/binary", binary.p, binary.n);
	RUN(p, "ln", "-s", "changed", "old/link");
	put(p, "old/file-to-link", "f\n");
	RUN(p, "cp", "-a", "old", "new");
	RUN(p, "ln", "-sf", "changed", "new/file-to-link");
	put(p, "new/changed", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n");
	RUN(p, "rm", "-r", "new/deep");
	put(p, "new/no-newline", "a\nc");
	RUN(p, "chmod", "+x", "new/mode");
	RUN(p, "mv", "new/renamed-from", "new/renamed to");
	put(p, "new/added", "n\n");
	put(p, "new/sub/added here", "n\n");
	put(p, "new/sub/empty one", "");
	put(p, "new/\xc3\xa4 b", "n\n");
	put(p, "new/dropped", "not wanted\n");
	binary.p[5]++;
	put_bytes(p, "new/binary", binary.p, binary.n);
	RUN(p, "ln", "-sf", "mode", "new/link");
}

/* Patches bring the old tree to the new one, by git and by patch. */
static void
test_diff(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};
	AUTO(free) char *patch = NULL;
	AUTO(free) char *patch_arg = NULL;
	AUTO(free) char *left = NULL;

	make_sides(&p);
	put(&p, ".gear/rules", "diff: old new name=all exclude=dropped\ndiff: old old name=none\n"
	    "diff: old new exclude=* exclude=*/** name=less\n");
	export_good(&p, &e);
	assert_files(&e, "all none less foo.spec");
	assert_content(&e, "none", "");
	assert_content(&e, "less", "");
	assert_int_equal(e.gear.notes.n, 2);
	patch = xasprintf("/proc/%d/fd/%d/all", (int)getpid(), e.dir);
	patch_arg = xasprintf("--input=%s", patch);
	RUN(&p, "rm", "new/dropped");
	RUN(&p, "cp", "-a", "old", "by-git");
	RUN(&p, "git", "apply", "--directory=by-git", patch);
	RUN(&p, "diff", "-r", "--no-dereference", "by-git", "new");
	RUN(&p, "cp", "-a", "old", "by-patch");
	RUN(&p, "patch", "-p1", "-s", "-d", "by-patch", patch_arg);
	left = OUTPUT(&p, "find", "by-patch", "-name", "*.orig", "-o", "-name", "*.rej");
	assert_string_equal(left, "");
	RUN(&p, "diff", "-r", "--no-dereference", "by-patch", "new");
	RUN(&p, "test", "-x", "by-patch/mode");
}

static struct sha256
hash_all(const struct exported *e)
{
	hash_state h;

	hash_init(&h);
	for (size_t i = 0; i < e->gear.files.n; i++) {
		AUTO(str_fini) struct str bytes = {0};
		struct stat st;

		content(e, e->gear.files.p[i], &bytes);
		assert_int_equal(fstatat(e->dir, e->gear.files.p[i], &st, 0), 0);
		hash_add(&h, e->gear.files.p[i], strlen(e->gear.files.p[i]));
		hash_add(&h, bytes.p, bytes.n);
		hash_add(&h, &st.st_mtime, sizeof(st.st_mtime));
		hash_add(&h, &st.st_mode, sizeof(st.st_mode));
	}
	return hash_end(&h);
}

/* Neither the time nor the time zone, the umask, the form of the repository or its attributes change a byte. */
static void
test_deterministic(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported one = {0};
	AUTO(exported_fini) struct exported two = {0};
	struct sha256 before, after;
	mode_t mask;

	make_tree(&p);
	make_sides(&p);
	put(&p, ".gear/rules", "tar: a\ntar.gz: a\ntar.bz2: a\ntar.xz: a\ntar.zst: a\nzip: a\ndiff.gz: old new\n"
	    "diff: old new\ngzip: old/changed\nzstd: old/changed\n");
	export_good(&p, &one);
	before = hash_all(&one);
	RUN(&p, "git", "gc", "-q", "--prune=now");
	put(&p, ".git/info/attributes", "* -text -diff\n*.txt export-ignore\n");
	put(&p, ".gitattributes", "* binary\n");
	RUN(&p, "git", "config", "diff.noprefix", "true");
	RUN(&p, "git", "config", "diff.context", "9");
	sleep(1);
	setenv("TZ", "America/Los_Angeles", 1);
	tzset();
	mask = umask(077);
	export_with(&p, "release", &two);
	umask(mask);
	unsetenv("TZ");
	tzset();
	if (two.result < 0)
		fail_msg("%s", two.err.msg);
	after = hash_all(&two);
	assert_string_equal(before.hex, after.hex);
	assert_int_equal(two.gear.files.n, 11);
}

static void
test_attributes_noted(void **state)
{
	AUTO(place_fini) struct place p = place_make();
	AUTO(exported_fini) struct exported e = {0};

	put(&p, "foo.spec", SPEC);
	put(&p, "d/.gitattributes", "x export-ignore\n");
	put(&p, "d/x", "x\n");
	put(&p, ".gear-rules", "tar: d\n");
	put(&p, ".gear/rules", "copy: not read\n");
	export_good(&p, &e);
	assert_members(&e, "d-1.2.tar", "755 d-1.2/;644 d-1.2/.gitattributes=x export-ignore\n;644 d-1.2/x=x\n;");
	assert_string_equal(e.gear.notes.p[0],
	    "line 1: export-ignore of .gitattributes has no effect here; use exclude= or %prep");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_tar),
		cmocka_unit_test(test_zip),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_refused),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_bases),
		cmocka_unit_test(test_bases_refused),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_attributes_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
