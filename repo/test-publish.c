/* Published states: of real, tiny RPMs, read back by what users have. */
#include "package/test-rpm.h"

#include <createrepo_c/createrepo_c.h>

#include "base/fault.h"
#include "repo/test-records.h"

#define STATE "repo/sisyphus/x86_64/state/"

enum { WHEN = 1700000000 };

static const char spec[] =
    "Name: tiny\nVersion: 1\nRelease: 1\nSummary: Tiny & small\nLicense: Public Domain\n"
    "%description\nWords.\n"
    "%package data\nSummary: data\nBuildArch: noarch\nRequires: tiny = 1-1, (a if b)\n%description data\nWords.\n"
    "%install\nmkdir -p %buildroot/usr/share/tiny %buildroot/usr/bin\n"
    "echo hello > %buildroot/usr/share/tiny/hello\ntouch %buildroot/usr/bin/tiny\n"
    "%files\n/usr/bin/tiny\n%files data\n/usr/share/tiny/hello\n";

/* A farm's folder with two packages as artefacts, made once for all tests. */
static struct folder farm;

static int
build(void **state)
{
	struct err err = {0};

	farm = folder_make();
	rpm_build(&farm, spec);
	OK(file_mkdirs(farm.fd, "artefact", &err));
	return 0;
}

static int
unbuild(void **state)
{
	folder_fini(&farm);
	return 0;
}

static void
add(struct set *s, const char *file)
{
	AUTO(free) char *path = xasprintf("%s/rpms/%s", farm.path, file);
	AUTO(facts_fini) struct facts f = {0};
	struct sha256 rpm;
	struct err err = {0};

	OK(facts_from_rpm(path, file, &f, &err));
	OK(artefact_put_file(farm.fd, path, false, &rpm, &err));
	assert_string_equal(rpm.hex, f.sha256);
	set_take(s, farm.fd, &f);
}

static struct set
make_set(void)
{
	struct set s = {0};

	add(&s, "tiny-data-1-1.noarch.rpm");
	add(&s, "tiny-1-1.x86_64.rpm");
	return s;
}

static struct published
publish_as(int64_t serial, struct publish how)
{
	AUTO(set_fini) struct set s = make_set();
	struct published out;
	struct err err = {0};

	OK(set_publish(&s, farm.fd, how, serial, &out, &err));
	return out;
}

static struct published
publish(int64_t serial)
{
	return publish_as(serial, (struct publish){0});
}

static void
list_folder(const char *path, struct strs *out)
{
	AUTO(free) char *full = xasprintf("%s/%s", farm.path, path);
	DIR *d = opendir(full);
	struct dirent *e;

	if (!d)
		fail_msg("no %s", path);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			strs_add(out, e->d_name);
	closedir(d);
	strs_sort(out);
}

static void
same_file(const char *a, const char *b, const char *name)
{
	AUTO(free) char *path_a = xasprintf("%s/%s", a, name);
	AUTO(free) char *path_b = xasprintf("%s/%s", b, name);
	AUTO(str_fini) struct str x = {0};
	AUTO(str_fini) struct str y = {0};
	struct stat st_a, st_b;
	struct err err = {0};

	OK(file_read(farm.fd, path_a, 1 << 24, &x, &err));
	OK(file_read(farm.fd, path_b, 1 << 24, &y, &err));
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.p, y.p, x.n);
	assert_int_equal(fstatat(farm.fd, path_a, &st_a, 0), 0);
	assert_int_equal(fstatat(farm.fd, path_b, &st_b, 0), 0);
	if (strcmp(name, "repomd.xml") != 0)
		assert_int_equal(st_a.st_mtime, WHEN);
}

/* The same packages give the same bytes, however many threads make them. */
static void
test_reproducible(void **state)
{
	struct published a = publish_as(1, (struct publish){.threads = 1}), b = publish_as(2, (struct publish){.threads = 4});
	AUTO(strs_fini) struct strs first = {0};
	AUTO(strs_fini) struct strs second = {0};

	list_folder(STATE "1/repodata", &first);
	list_folder(STATE "2/repodata", &second);
	assert_int_equal(first.n, PUBLISH_KINDS + 1);
	assert_int_equal(second.n, first.n);
	for (size_t i = 0; i < first.n; i++) {
		assert_string_equal(first.p[i], second.p[i]);
		same_file(STATE "1/repodata", STATE "2/repodata", first.p[i]);
	}
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		AUTO(free) char *name = xasprintf("%s-%s.xml.gz", a.file[k].hex, publish_kind_name(k));

		assert_string_equal(a.file[k].hex, b.file[k].hex);
		assert_true(artefact_has(farm.fd, a.file[k].hex));
		assert_true(strs_has(&first, name));
	}
}

static void
test_pool(void **state)
{
	AUTO(set_fini) struct set s = make_set();

	publish(3);
	for (int i = 0; i < 2; i++) {
		const char *sha256 = s.p[i].sha256.hex;
		AUTO(free) char *where = facts_location(s.p[i].file, sha256);
		AUTO(free) char *path = xasprintf(STATE "3/Packages/%s", where);
		struct stat link, artefact;

		assert_int_equal(fstatat(farm.fd, path, &link, 0), 0);
		assert_int_equal(fstatat(farm.fd, artefact_path(sha256).text, &artefact, 0), 0);
		assert_int_equal(link.st_ino, artefact.st_ino);
		assert_int_equal(link.st_mode & 0777, 0444);
	}
}

static int
new_package(cr_Package **out, const char *id, const char *name, const char *arch, void *arg, GError **why)
{
	*out = cr_package_new();
	return CR_CB_RET_OK;
}

static int
take_package(cr_Package *p, void *arg, GError **why)
{
	str_add(arg, "%s-%s-%s.%s %s; ", p->name, p->version, p->release, p->arch, p->summary);
	cr_package_free(p);
	return CR_CB_RET_OK;
}

/* What createrepo_c's parser finds; its checks of repomd.xml too. */
static void
test_createrepo(void **state)
{
	AUTO(free) char *repomd = xasprintf("%s/%s", farm.path, STATE "4/repodata/repomd.xml");
	struct published p = publish(4);
	AUTO(free) char *primary = xasprintf("%s/" STATE "4/repodata/%s-primary.xml.gz", farm.path, p.file[0].hex);
	AUTO(str_fini) struct str seen = {0};
	cr_Repomd *md = cr_repomd_new();
	cr_RepomdRecord *record;
	GError *why = NULL;

	assert_int_equal(cr_xml_parse_repomd(repomd, md, NULL, NULL, &why), CRE_OK);
	record = cr_repomd_get_record(md, "primary");
	assert_non_null(record);
	assert_string_equal(record->checksum, p.file[0].hex);
	unit_has(record->location_href, "repodata/");
	assert_int_equal(record->timestamp, WHEN);
	assert_non_null(cr_repomd_get_record(md, "filelists"));
	assert_non_null(cr_repomd_get_record(md, "other"));
	cr_repomd_free(md);
	assert_int_equal(cr_xml_parse_primary(primary, new_package, NULL, take_package, &seen, NULL, NULL, 1, &why), CRE_OK);
	assert_string_equal(str_c(&seen), "tiny-1-1.x86_64 Tiny & small; tiny-data-1-1.noarch data; ");
}

/* What users' dnf finds, and can fetch. */
static void
test_dnf(void **state)
{
	AUTO(folder_fini) struct folder cache = folder_make();
	AUTO(free) char *from = xasprintf("--repofrompath=test,file://%s/" STATE "5", farm.path);
	AUTO(free) char *cachedir = xasprintf("--setopt=cachedir=%s", cache.path);
	AUTO(free) char *persist = xasprintf("--setopt=persistdir=%s", cache.path);
	AUTO(free) char *log = xasprintf("--setopt=logdir=%s", cache.path);
	const char *query[] = {"dnf", "-q", from, "--repo=test", cachedir, persist, log, "--noplugins", "--forcearch=x86_64",
	    "--installroot", cache.path, "repoquery", "--qf", "%{name} %{evr} %{arch}", "--whatprovides", NULL, NULL};
	const char *download[] = {"dnf", "-q", from, "--repo=test", cachedir, persist, log, "--noplugins",
	    "--forcearch=x86_64", "--installroot", cache.path, "repoquery", "--location", NULL};
	AUTO(str_fini) struct str by_name = {0};
	AUTO(str_fini) struct str by_file = {0};
	AUTO(str_fini) struct str where = {0};

	publish(5);
	query[ARRAY_SIZE(query) - 2] = "tiny-data";
	rpm_run(cache.path, query, &by_name);
	unit_has(str_c(&by_name), "tiny-data 1-1 noarch\n");
	query[ARRAY_SIZE(query) - 2] = "/usr/share/tiny/hello";
	rpm_run(cache.path, query, &by_file);
	unit_has(str_c(&by_file), "tiny-data 1-1 noarch\n");
	rpm_run(cache.path, download, &where);
	unit_has(str_c(&where), STATE "5/Packages/t/");
}

/* A key of gpg's, made in HOME; it has no password. */
static void
make_key(const struct folder *home)
{
	const char *argv[] = {"gpg", "--homedir", home->path, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
	    "--quick-gen-key", "Test <test@example.org>", "ed25519", "sign", "never", NULL};

	rpm_run(home->path, argv, NULL);
}

static void
stop_agent(const struct folder *home)
{
	const char *argv[] = {"gpgconf", "--homedir", home->path, "--kill", "all", NULL};

	rpm_run(home->path, argv, NULL);
}

/* Whether dnf takes the repository in `where` when it wants repomd.xml signed by the key that lies beside it. */
static bool
dnf_trusts(const char *where)
{
	AUTO(folder_fini) struct folder cache = folder_make();
	AUTO(free) char *repo = xasprintf("[test]\nname=test\nbaseurl=file://%s/%s\nrepo_gpgcheck=1\ngpgcheck=0\n"
	    "gpgkey=file://%s/" STATE "30/repodata/repomd.xml.key\n", farm.path, where, farm.path);
	AUTO(free) char *repos = xasprintf("--setopt=reposdir=%s", cache.path);
	AUTO(free) char *cachedir = xasprintf("--setopt=cachedir=%s/c", cache.path);
	AUTO(free) char *persist = xasprintf("--setopt=persistdir=%s/p", cache.path);
	AUTO(free) char *log = xasprintf("--setopt=logdir=%s", cache.path);
	const char *argv[] = {"dnf", "-y", "-q", repos, cachedir, persist, log, "--noplugins", "--forcearch=x86_64",
	    "--installroot", cache.path, "repoquery", "tiny", NULL};
	AUTO(str_fini) struct str said = {0};
	struct ended ended;
	struct err err = {0};

	folder_put(&cache, "test.repo", repo);
	OK(spawn_run(&(struct spawn){.argv = argv}, NULL, &said, 100000, &ended, &err));
	if (ended.code)
		unit_has(str_c(&said), "GPG");
	return ended.how == ENDED_EXIT && ended.code == 0 && strstr(str_c(&said), "tiny-0:1-1.x86_64");
}

/* Signed by a real key, checked by gpg and by dnf; a byte that changes is seen. */
static void
test_sign(void **state)
{
	AUTO(folder_fini) struct folder home = folder_make();
	const struct publish how = {.sign_key = "test@example.org", .sign_home = home.path};
	AUTO(set_fini) struct set s = make_set();
	AUTO(free) char *text = NULL;
	struct published p;
	struct err err = {0};
	char *stamp;

	assert_int_equal(fchmod(home.fd, 0700), 0);
	make_key(&home);
	publish_as(30, how);
	publish_as(31, how);
	publish(32);
	assert_true(file_exists(farm.fd, STATE "30/repodata/repomd.xml.asc"));
	assert_false(file_exists(farm.fd, STATE "32/repodata/repomd.xml.asc"));
	assert_true(dnf_trusts(STATE "30"));
	assert_false(dnf_trusts(STATE "32"));
	text = folder_get(&farm, STATE "31/repodata/repomd.xml");
	stamp = strstr(text, "<revision>1") + strlen("<revision>");
	*stamp = '2';
	folder_put(&farm, STATE "31/repodata/repomd.xml", text);
	assert_false(dnf_trusts(STATE "31"));
	FAILS(set_publish(&s, farm.fd, (struct publish){.sign_key = "nobody", .sign_home = home.path}, 33, &p, &err),
	    "sign repomd.xml with the key nobody: gpg");
	assert_false(file_exists(farm.fd, STATE "33"));
	stop_agent(&home);
}

static void
latest_is(const char *want)
{
	char target[64] = "";

	assert_true(readlinkat(farm.fd, "repo/sisyphus/x86_64/latest", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, want);
}

static void
test_switch(void **state)
{
	struct err err = {0};

	publish(6);
	publish(7);
	OK(publish_switch(farm.fd, "sisyphus", "x86_64", 6, &err));
	latest_is("state/6");
	OK(publish_switch(farm.fd, "sisyphus", "x86_64", 7, &err));
	OK(publish_switch(farm.fd, "sisyphus", "x86_64", 7, &err));
	latest_is("state/7");
	assert_true(file_exists(farm.fd, "repo/sisyphus/x86_64/latest/repodata/repomd.xml"));
	FAILS(publish_switch(farm.fd, "absent", "x86_64", 7, &err), "repo/absent/x86_64/latest");
	/* A state that was never current goes; the others, and the pool, stay. */
	publish(8);
	OK(publish_abandon(farm.fd, "sisyphus", "x86_64", 8, &err));
	OK(publish_abandon(farm.fd, "sisyphus", "x86_64", 8, &err));
	assert_false(file_exists(farm.fd, STATE "8"));
	assert_true(file_exists(farm.fd, STATE "7/repodata/repomd.xml"));
	latest_is("state/7");
}

/* What an interrupted attempt left is replaced, half written or whole. */
static void
test_leftover(void **state)
{
	AUTO(strs_fini) struct strs files = {0};
	struct err err = {0};

	OK(file_mkdirs(farm.fd, STATE "9.new/repodata", &err));
	folder_put(&farm, STATE "9.new/repodata/primary", "half");
	folder_put(&farm, STATE "9.new/junk", "");
	OK(file_mkdirs(farm.fd, STATE "9/repodata", &err));
	folder_put(&farm, STATE "9/repodata/repomd.xml", "old");
	publish(9);
	publish(10);
	assert_false(file_exists(farm.fd, STATE "9.new"));
	assert_false(file_exists(farm.fd, STATE "9/junk"));
	list_folder(STATE "9/repodata", &files);
	assert_int_equal(files.n, PUBLISH_KINDS + 1);
	same_file(STATE "9/repodata", STATE "10/repodata", "repomd.xml");
	OK(file_mkdirs(farm.fd, STATE "11.new/repodata", &err));
	OK(publish_abandon(farm.fd, "sisyphus", "x86_64", 11, &err));
	assert_false(file_exists(farm.fd, STATE "11.new"));
}

static void
test_missing_facts(void **state)
{
	AUTO(set_fini) struct set s = make_set();
	struct published p;
	struct err err = {0};

	memset(s.p[0].facts.hex, '0', SHA256_HEX);
	FAILS(set_publish(&s, farm.fd, (struct publish){0}, 14, &p, &err), "facts of tiny-data-1-1.noarch.rpm");
	unit_has(err.msg, "publish sisyphus x86_64 state 14");
	assert_false(file_exists(farm.fd, STATE "14"));
}

#if FAULTS
/* Until it runs through, whatever fails leaves no state behind under its serial. */
static void
test_faults(void **state)
{
	static const char *const points[] = {"write", "fsync", "syncfs"};

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		long n = 0;

		for (;;) {
			AUTO(set_fini) struct set s = make_set();
			int fds = unit_open_fds();
			struct published p;
			struct err err = {0};
			int rc;

			fault_arm(points[i], ++n);
			rc = set_publish(&s, farm.fd, (struct publish){0}, 20, &p, &err);
			assert_int_equal(unit_open_fds(), fds);
			if (!fault_fired()) {
				OK(rc);
				break;
			}
			assert_int_equal(rc, -1);
			assert_int_not_equal(err.code, 0);
			assert_false(file_exists(farm.fd, STATE "20"));
		}
		assert_true(n > 1);
		fault_arm("", 0);
		same_file(STATE "20/repodata", STATE "1/repodata", "repomd.xml");
		assert_int_equal(publish_abandon(farm.fd, "sisyphus", "x86_64", 20, &(struct err){0}), 0);
	}
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reproducible),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_createrepo),
		cmocka_unit_test(test_dnf),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_switch),
		cmocka_unit_test(test_leftover),
		cmocka_unit_test(test_missing_facts),
#if FAULTS
		cmocka_unit_test(test_faults),
#endif
	};

	return cmocka_run_group_tests(tests, build, unbuild);
}
