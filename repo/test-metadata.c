/*
 * Metadata that follows other metadata: its bytes are those of the same set
 * written from nothing, whatever was copied, and whatever is damaged of what
 * went before. And who reads rpm-md reads it.
 */
#include "repo/test-records.h"

#include <createrepo_c/createrepo_c.h>
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/repo_rpmmd.h>
#include <solv/solv_xfopen.h>

#include "base/spawn.h"

#define STATE "repo/sisyphus/x86_64/state/"

static struct folder farm;
static int64_t serial;

/* In memory if that can be: hundreds of states are synced here. */
static int
begin(void **state)
{
	struct err err = {0};

	farm = (struct folder){.path = "/dev/shm/artel-test.XXXXXX"};
	if (!mkdtemp(farm.path))
		farm = folder_make();
	else
		farm.fd = file_open_dir(AT_FDCWD, farm.path, &err);
	serial = 0;
	OK(file_mkdirs(farm.fd, "artefact", &err));
	return 0;
}

static int
end(void **state)
{
	folder_fini(&farm);
	return 0;
}

static void
add_many(struct set *s, int from, int n)
{
	for (int i = from; i < from + n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "p%05d", i * 7919 % 100003);
		set_add(s, farm.fd, name, 1);
	}
}

static struct published
write_set(struct set *s, struct publish how)
{
	struct published out;
	struct err err = {0};

	OK(set_publish(s, farm.fd, how, ++serial, &out, &err));
	return out;
}

/* The same set after `before`, and from nothing in a repository of another name, gives the same files. */
static struct published
write_twice(struct set *s, const struct published *before, enum publish_compression how)
{
	struct published after = write_set(s, (struct publish){.before = before, .how = how, .threads = 2});
	struct published scratch = write_set(s, (struct publish){.repository = "scratch", .how = how, .threads = 1});

	for (int k = 0; k < PUBLISH_KINDS; k++)
		assert_string_equal(after.file[k].hex, scratch.file[k].hex);
	assert_string_equal(after.runs.hex, scratch.runs.hex);
	assert_string_equal(after.repomd.hex, scratch.repomd.hex);
	assert_int_equal(scratch.cost.facts, PUBLISH_KINDS * s->n);
	assert_int_equal(scratch.cost.copied, 0);
	return after;
}

static unsigned
next(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Packages come, go, and get another version; *fresh: how many there are that were not there before. */
static void
change(struct set *s, unsigned *seed, int *counter, size_t *fresh)
{
	int n = (int)(next(seed) % 12);

	*fresh = 0;
	for (int i = 0; i < n; i++) {
		unsigned what = next(seed) % 3;

		if (what == 0 || s->n == 0) {
			add_many(s, ++*counter, 1);
			++*fresh;
		} else {
			size_t at = next(seed) % s->n;
			AUTO(free) char *name = xstrdup(s->p[at].name);

			set_remove(s, at);
			if (what == 1)
				continue;
			set_add(s, farm.fd, name, 1000 + ++*counter);
			++*fresh;
		}
	}
}

static void
random_changes(enum publish_compression how, int rounds)
{
	AUTO(set_fini) struct set s = {0};
	struct published was = {0};
	unsigned seed = 42;
	int counter = 400, copied = 0;

	add_many(&s, 0, 400);
	was = write_twice(&s, NULL, how);
	for (int i = 0; i < rounds; i++) {
		size_t fresh = 0;

		change(&s, &seed, &counter, &fresh);
		was = write_twice(&s, &was, how);
		/* Only what is new is asked for its facts: some may have left again within the round. */
		assert_true(was.cost.facts <= (int64_t)(PUBLISH_KINDS * fresh));
		assert_true(was.cost.linked <= (int64_t)fresh);
		copied += was.cost.copied > was.cost.made;
	}
	assert_true(copied > rounds / 2);
}

static void
test_follows_gz(void **state)
{
	random_changes(PUBLISH_GZ, 60);
}

static void
test_follows_zstd(void **state)
{
	random_changes(PUBLISH_ZSTD, 30);
}

/* One package in, and one out: a run of each file is made anew, or two where it parts them. */
static void
test_little_is_made(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;

	add_many(&s, 0, 1000);
	was = write_twice(&s, NULL, PUBLISH_GZ);
	assert_true(was.cost.made > 3 * 10);
	set_add(&s, farm.fd, "p50000x", 1);
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.facts, PUBLISH_KINDS);
	assert_int_equal(was.cost.linked, 1);
	/* A run that has grown beyond the cap moves those after it, up to where a name ends one. */
	assert_true(was.cost.made <= 12);
	assert_true(was.cost.copied > 10 * was.cost.made);
	/* Nothing changed: nothing is made. */
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.made, 0);
	assert_int_equal(was.cost.facts, 0);
}

/* Names of one package after another as createrepo_c reads them. */
static int
new_package(cr_Package **out, const char *id, const char *name, const char *arch, void *arg, GError **why)
{
	*out = cr_package_new();
	return CR_CB_RET_OK;
}

static int
take_name(cr_Package *p, void *arg, GError **why)
{
	str_add(arg, "%s ", p->name);
	cr_package_free(p);
	return CR_CB_RET_OK;
}

static char *
path_of(const struct published *p, enum publish_kind k, const char *extension)
{
	return xasprintf("%s/" STATE "%lld/repodata/%s-%s.xml.%s", farm.path, (long long)p->serial, p->file[k].hex,
	    publish_kind_name(k), extension);
}

static void
createrepo_reads(const struct published *p, const char *want)
{
	AUTO(free) char *primary = path_of(p, PUBLISH_PRIMARY, "gz");
	AUTO(free) char *filelists = path_of(p, PUBLISH_FILELISTS, "gz");
	AUTO(free) char *other = path_of(p, PUBLISH_OTHER, "gz");
	struct str seen[PUBLISH_KINDS] = {0};
	GError *why = NULL;

	assert_int_equal(cr_xml_parse_primary(primary, new_package, NULL, take_name, &seen[0], NULL, NULL, 1, &why), CRE_OK);
	assert_int_equal(cr_xml_parse_filelists(filelists, new_package, NULL, take_name, &seen[1], NULL, NULL, &why), CRE_OK);
	assert_int_equal(cr_xml_parse_other(other, new_package, NULL, take_name, &seen[2], NULL, NULL, &why), CRE_OK);
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		assert_string_equal(str_c(&seen[k]), want);
		str_fini(&seen[k]);
	}
}

/* The same by libsolv, which dnf and zypper use; the file each has comes from filelists. */
static void
libsolv_reads(const struct published *p, const char *extension, const char *want)
{
	AUTO(free) char *primary = path_of(p, PUBLISH_PRIMARY, extension);
	AUTO(free) char *filelists = path_of(p, PUBLISH_FILELISTS, extension);
	AUTO(str_fini) struct str seen = {0};
	Pool *pool = pool_create();
	Repo *repo = repo_create(pool, "test");
	FILE *f = solv_xfopen(primary, "r");
	Solvable *s;
	Id id;

	assert_non_null(f);
	assert_int_equal(repo_add_rpmmd(repo, f, NULL, 0), 0);
	fclose(f);
	f = solv_xfopen(filelists, "r");
	assert_non_null(f);
	assert_int_equal(repo_add_rpmmd(repo, f, "FL", REPO_EXTEND_SOLVABLES), 0);
	fclose(f);
	FOR_REPO_SOLVABLES(repo, id, s) {
		AUTO(free) char *file = xasprintf("/usr/share/%s", pool_id2str(pool, s->name));
		Dataiterator di;

		dataiterator_init(&di, pool, repo, id, SOLVABLE_FILELIST, file, SEARCH_STRING | SEARCH_FILES);
		assert_true(dataiterator_step(&di));
		dataiterator_free(&di);
		str_add(&seen, "%s ", pool_id2str(pool, s->name));
	}
	assert_string_equal(str_c(&seen), want);
	pool_free(pool);
}

/* What is read of a state whose files are mostly copied. */
static void
test_readers(void **state)
{
	AUTO(set_fini) struct set s = {0};
	AUTO(str_fini) struct str want = {0};
	struct published was;

	add_many(&s, 0, 300);
	was = write_twice(&s, NULL, PUBLISH_GZ);
	set_remove(&s, 17);
	set_add(&s, farm.fd, "p00000a", 1);
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_true(was.cost.copied > 0 && was.cost.made > 0);
	for (size_t i = 0; i < s.n; i++)
		str_add(&want, "%s ", s.p[i].name);
	createrepo_reads(&was, str_c(&want));
	libsolv_reads(&was, "gz", str_c(&want));
	was = write_twice(&s, &was, PUBLISH_ZSTD);
	libsolv_reads(&was, "zst", str_c(&want));
}

/* The header counts the packages, also when all runs are copied. */
static void
test_header_counts(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;

	add_many(&s, 0, 40);
	was = write_twice(&s, NULL, PUBLISH_GZ);
	for (int i = 0; i < 2; i++) {
		AUTO(free) char *path = path_of(&was, PUBLISH_PRIMARY, "gz");
		AUTO(free) char *count = xasprintf("packages=\"%zu\"", s.n);
		AUTO(str_fini) struct str text = {0};
		const char *zcat[] = {"zcat", path, NULL};
		struct ended ended;
		struct err err = {0};

		OK(spawn_run(&(struct spawn){.argv = zcat}, NULL, &text, 10000, &ended, &err));
		unit_has(str_c(&text), count);
		set_remove(&s, 0);
		was = write_twice(&s, &was, PUBLISH_GZ);
	}
}

/* From nothing to one package to none to many to none. */
static void
test_sizes(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was = write_twice(&s, NULL, PUBLISH_GZ);

	createrepo_reads(&was, "");
	libsolv_reads(&was, "gz", "");
	set_add(&s, farm.fd, "one", 1);
	was = write_twice(&s, &was, PUBLISH_GZ);
	createrepo_reads(&was, "one ");
	set_remove(&s, 0);
	was = write_twice(&s, &was, PUBLISH_GZ);
	add_many(&s, 0, 200);
	was = write_twice(&s, &was, PUBLISH_GZ);
	while (s.n)
		set_remove(&s, 0);
	was = write_twice(&s, &was, PUBLISH_GZ);
	createrepo_reads(&was, "");
}

/* One package of a name after another: more than fit in a run. */
static void
test_one_name(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;

	for (int i = 0; i < 200; i++)
		set_add(&s, farm.fd, "same", i);
	was = write_twice(&s, NULL, PUBLISH_GZ);
	set_remove(&s, 100);
	set_add(&s, farm.fd, "same", 1000);
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.facts, PUBLISH_KINDS);
}

/* From one compression to the other the records come out of the old files. */
static void
test_other_compression(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;

	add_many(&s, 0, 100);
	was = write_twice(&s, NULL, PUBLISH_GZ);
	was = write_twice(&s, &was, PUBLISH_ZSTD);
	assert_int_equal(was.cost.copied, 0);
	assert_int_equal(was.cost.facts, 0);
}

static void
damage(const char *sha256, int64_t at, bool cut)
{
	int fd;
	char c;

	assert_int_equal(fchmodat(farm.fd, artefact_path(sha256).text, 0644, 0), 0);
	fd = openat(farm.fd, artefact_path(sha256).text, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	if (cut) {
		assert_int_equal(ftruncate(fd, at), 0);
	} else {
		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 1;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	close(fd);
}

static int64_t
size_of(const char *sha256)
{
	struct stat st;

	assert_int_equal(fstatat(farm.fd, artefact_path(sha256).text, &st, 0), 0);
	return st.st_size;
}

/* A byte anywhere in an old file: the run that has it is made from facts, and no other. */
static void
test_damaged_file(void **state)
{
	AUTO(set_fini) struct set s = {0};

	add_many(&s, 0, 300);
	for (int i = 1; i < 20; i++)
		for (int k = 0; k < PUBLISH_KINDS; k++) {
			struct published was = write_set(&s, (struct publish){0}), now;

			damage(was.file[k].hex, size_of(was.file[k].hex) * i / 20, false);
			now = write_set(&s, (struct publish){.before = &was});
			assert_string_equal(now.file[k].hex, was.file[k].hex);
			assert_string_equal(now.runs.hex, was.runs.hex);
			/* In the header or footer it harms nothing: they are always made. */
			assert_true(now.cost.made <= 1);
			assert_true(now.cost.facts <= 2 * 64);
			/* And the artefact is whole again. */
			damage(now.file[k].hex, 0, false);
			damage(now.file[k].hex, 0, false);
			now = write_set(&s, (struct publish){.before = &now});
			assert_int_equal(now.cost.made, 0);
		}
}

/* In a run that is to be made anew too. */
static void
test_damaged_change(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;
	struct err err = {0};

	add_many(&s, 0, 30);
	was = write_set(&s, (struct publish){0});
	for (int i = 0; i < 20; i++)
		damage(was.file[0].hex, size_of(was.file[0].hex) * (i + 1) / 22, false);
	set_add(&s, farm.fd, "p50000x", 1);
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_true(was.cost.facts > PUBLISH_KINDS);
	/* Without facts there is nothing left to make it of. */
	damage(was.file[0].hex, size_of(was.file[0].hex) / 2, false);
	assert_int_equal(unlinkat(farm.fd, artefact_path(s.p[10].facts.hex).text, 0), 0);
	for (size_t i = 0; i < s.n; i++)
		unlinkat(farm.fd, artefact_path(s.p[i].facts.hex).text, 0);
	FAILS(set_publish(&s, farm.fd, (struct publish){.before = &was}, ++serial, &was, &err), "facts of p");
}

/* Whole files and tables that are gone, cut or someone else's. */
static void
test_missing(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;

	add_many(&s, 0, 50);
	was = write_set(&s, (struct publish){0});
	assert_int_equal(unlinkat(farm.fd, artefact_path(was.file[1].hex).text, 0), 0);
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.facts, 50);
	damage(was.file[2].hex, size_of(was.file[2].hex) - 1, true);
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.facts, 50);
	for (int64_t at = size_of(was.runs.hex) - 1; at > 0; at /= 2) {
		struct published now;

		damage(was.runs.hex, at, at % 2);
		now = write_set(&s, (struct publish){.before = &was, .repository = "other"});
		assert_int_equal(now.cost.facts, PUBLISH_KINDS * 50);
		assert_string_equal(now.file[0].hex, was.file[0].hex);
		/* artefact_put() has found the damaged table under that name. */
		assert_int_equal(unlinkat(farm.fd, artefact_path(was.runs.hex).text, 0), 0);
		was = write_set(&s, (struct publish){0});
	}
	was.runs = was.file[0];
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.facts, PUBLISH_KINDS * 50);
	was.runs.hex[0] = '\0';
	was = write_twice(&s, &was, PUBLISH_GZ);
	assert_int_equal(was.cost.linked, 50);
}

static void
facts_of(struct set *s, const char *sha256, const char *primary)
{
	struct facts f = {.name = xstrdup("bad"), .version = xstrdup("1"), .release = xstrdup("1"), .arch = xstrdup("noarch"),
	    .epoch = xstrdup(""), .source = xstrdup("bad"), .file = xstrdup("bad.rpm"), .sha256 = xstrdup(sha256),
	    .primary = xstrdup(primary), .filelists = xstrdup("<package></package>\n"), .other = xstrdup("<package></package>\n")};

	set_take(s, farm.fd, &f);
	facts_fini(&f);
}

/* Records that would not be one package each in the file. */
static void
test_bad_facts(void **state)
{
	static const char *const bad[] = {"", "<package>", "<package></package><package></package>", "x<package></package>",
	    "<package></package>x"};
	struct published p;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(set_fini) struct set s = {0};

		facts_of(&s, hash_bytes("x", 1).hex, bad[i]);
		FAILS(set_publish(&s, farm.fd, (struct publish){0}, ++serial, &p, &err), "primary is not one record");
	}
	{
		AUTO(set_fini) struct set s = {0};

		set_add(&s, farm.fd, "a", 1);
		set_add(&s, farm.fd, "b", 1);
		s.p[0].facts = s.p[1].facts;
		FAILS(set_publish(&s, farm.fd, (struct publish){0}, ++serial, &p, &err), "another package's");
		s.p[0].facts.hex[0] = '\0';
		FAILS(set_publish(&s, farm.fd, (struct publish){0}, ++serial, &p, &err), "never stored");
		s.p[0].sha256.hex[3] = 'x';
		FAILS(set_publish(&s, farm.fd, (struct publish){0}, ++serial, &p, &err), "not a SHA-256");
	}
}

/* open-checksum is that of the whole text, as createrepo_c computes it. */
static void
test_open_checksum(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published was;

	add_many(&s, 0, 100);
	was = write_set(&s, (struct publish){.open_checksum = true});
	set_add(&s, farm.fd, "p50000x", 1);
	was = write_set(&s, (struct publish){.open_checksum = true, .before = &was});
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		AUTO(free) char *path = path_of(&was, k, "gz");
		AUTO(free) char *repomd = xasprintf("%s/" STATE "%lld/repodata/repomd.xml", farm.path, (long long)was.serial);
		cr_RepomdRecord *want = cr_repomd_record_new(publish_kind_name(k), path), *have;
		cr_Repomd *md = cr_repomd_new();
		GError *why = NULL;

		assert_int_equal(cr_repomd_record_fill(want, CR_CHECKSUM_SHA256, &why), CRE_OK);
		assert_int_equal(cr_xml_parse_repomd(repomd, md, NULL, NULL, &why), CRE_OK);
		have = cr_repomd_get_record(md, publish_kind_name(k));
		assert_string_equal(have->checksum_open, want->checksum_open);
		assert_string_equal(have->checksum_open_type, "sha256");
		assert_string_equal(have->checksum, want->checksum);
		assert_int_equal(have->size, want->size);
		assert_int_equal(have->size_open, want->size_open);
		assert_int_equal(have->timestamp, want->timestamp);
		cr_repomd_record_free(want);
		cr_repomd_free(md);
	}
}

/* What a reader of the state before still asks for is there, for ten minutes. */
static void
test_retained(void **state)
{
	AUTO(set_fini) struct set s = {0};
	struct published old[4];

	for (int i = 0; i < 4; i++) {
		add_many(&s, i, 1);
		old[i] = write_set(&s, (struct publish){.before = i ? &old[i - 1] : NULL, .when = 1700000000 + i * 400});
	}
	for (int i = 0; i < 4; i++) {
		AUTO(free) char *path = xasprintf(STATE "%lld/repodata/%s-primary.xml.gz", (long long)old[3].serial, old[i].file[0].hex);

		/* 1200, 800, 400 and 0 seconds old. */
		assert_int_equal(file_exists(farm.fd, path), i >= 2);
	}
}

static void
test_runs(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct run_table t = {.how = PUBLISH_ZSTD}, back = {0};
	AUTO(str_fini) struct str raw = {0};
	struct run_id id;
	struct err err = {0};

	assert_true(runs_end(PUBLISH_PRIMARY, names, 3, 2) == 3);
	OK(run_id_from(hash_bytes("x", 1).hex, &id, &err));
	for (int i = 0; i < 3; i++)
		vec_push(&t.ids, id);
	for (int k = 0; k < PUBLISH_KINDS; k++) {
		vec_push(&t.kind[k], ((struct run){.first = 0, .n = 2, .offset = 30, .length = 20, .raw = 5, .crc = 7}));
		vec_push(&t.kind[k], ((struct run){.first = 2, .n = 1, .offset = 50, .length = 10, .raw = 5, .crc = 7}));
		t.kind[k].size = 60;
	}
	run_table_pack(&raw, &t);
	OK(run_table_unpack(raw.p, raw.n, &back, &err));
	assert_true(back.same && back.how == PUBLISH_ZSTD && back.ids.n == 3);
	for (int i = 0; i < 2; i++) {
		const struct run *x = &t.kind[2].p[i], *y = &back.kind[2].p[i];

		assert_true(x->first == y->first && x->n == y->n && x->offset == y->offset && x->length == y->length &&
		    x->raw == y->raw && x->crc == y->crc);
	}
	assert_ptr_equal(runs_of(&back.kind[0], 1), &back.kind[0].p[0]);
	assert_ptr_equal(runs_of(&back.kind[0], 2), &back.kind[0].p[1]);
	run_table_fini(&back);
	for (size_t cut = 0; cut < raw.n; cut++) {
		back = (struct run_table){0};
		FAILS(run_table_unpack(raw.p, cut, &back, &err), "table of runs");
		run_table_fini(&back);
	}
	/* Inconsistent ones: a run beyond the file, too few and too many packages, an empty run. */
	for (int i = 0; i < 4; i++) {
		struct run good = t.kind[1].p[1];
		AUTO(str_fini) struct str bad = {0};

		if (i == 0)
			t.kind[1].size = 59;
		else
			t.kind[1].p[1].n = i == 1 ? 0 : i == 2 ? 2 : UINT32_MAX;
		run_table_pack(&bad, &t);
		back = (struct run_table){0};
		FAILS(run_table_unpack(bad.p, bad.n, &back, &err), "table of runs");
		run_table_fini(&back);
		t.kind[1].p[1] = good;
		t.kind[1].size = 60;
	}
	run_table_fini(&t);
}

static void
test_compression(void **state)
{
	static const char text[] = "words words words";
	struct err err = {0};

	for (int how = 0; how < PUBLISH_COMPRESSIONS; how++) {
		AUTO(str_fini) struct str packed = {0};
		AUTO(str_fini) struct str out = {0};
		size_t one;

		assert_int_equal(compression_find(compression_name(how)), how);
		OK(compression_pack(how, text, sizeof(text), &packed, &err));
		one = packed.n;
		OK(compression_unpack(how, packed.p, one, sizeof(text), &out, &err));
		assert_memory_equal(out.p, text, sizeof(text));
		FAILS(compression_unpack(how, packed.p, one, sizeof(text) - 1, &out, &err), "not one");
		FAILS(compression_unpack(how, packed.p, one, sizeof(text) + 1, &out, &err), "not one");
		FAILS(compression_unpack(how, packed.p, one - 1, sizeof(text), &out, &err), "not one");
		/* Two are not one. */
		OK(compression_pack(how, text, sizeof(text), &packed, &err));
		FAILS(compression_unpack(how, packed.p, packed.n, sizeof(text), &out, &err), "not one");
		FAILS(compression_unpack(how, packed.p, packed.n, 2 * sizeof(text), &out, &err), "not one");
	}
	assert_int_equal(compression_find("bzip2"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_follows_gz, begin, end),
		cmocka_unit_test_setup_teardown(test_follows_zstd, begin, end),
		cmocka_unit_test_setup_teardown(test_little_is_made, begin, end),
		cmocka_unit_test_setup_teardown(test_readers, begin, end),
		cmocka_unit_test_setup_teardown(test_header_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_sizes, begin, end),
		cmocka_unit_test_setup_teardown(test_one_name, begin, end),
		cmocka_unit_test_setup_teardown(test_other_compression, begin, end),
		cmocka_unit_test_setup_teardown(test_damaged_file, begin, end),
		cmocka_unit_test_setup_teardown(test_damaged_change, begin, end),
		cmocka_unit_test_setup_teardown(test_missing, begin, end),
		cmocka_unit_test_setup_teardown(test_bad_facts, begin, end),
		cmocka_unit_test_setup_teardown(test_open_checksum, begin, end),
		cmocka_unit_test_setup_teardown(test_retained, begin, end),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_compression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
