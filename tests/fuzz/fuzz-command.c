/*
 * A command as somebody types it over ssh. What was split is in order and is split the same again; a path of git's has
 * nothing that git would have quoted. Then the command is run as that of a user without rights, on a small farm whose
 * database takes no changes: it is done, or refused in one sentence, and no statement stays open behind it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/store.h"
#include "schema/user.h"
#include "shell/command.h"
#include "shell/context.h"
#include "tests/fuzz/fuzz.h"

static struct {
	char root[32];
	struct store *store;
} farm = {.root = "/dev/shm/artel-XXXXXX"};

static const char content[] =
	"INSERT INTO repository (name, created) VALUES ('demo', 0), ('other', 0);"
	"INSERT INTO repository_arch VALUES ('demo', 'x86_64'), ('other', 'x86_64');"
	"INSERT INTO task (id, repository, owner, state, try, shared, message, created, changed, submitted) VALUES"
	" (1, 'demo', 'joe', 'BUILDING', 1, 0, 'one', 1, 1, 1), (2, 'demo', 'joe', 'NEW', 0, 0, '', 1, 1, 0),"
	" (3, 'demo', 'ann', 'FAILED', 1, 0, '', 1, 1, 1), (4, 'other', 'ann', 'EPERM', 1, 1, '', 1, 1, 1),"
	" (5, 'demo', 'joe', 'BUILT', 2, 0, '', 1, 1, 1);"
	"INSERT INTO subtask (task, id, kind, user, package) VALUES (1, 64, 'delete', 'joe', 'zlib'), (2, 64, 'delete', 'joe', 'bash'),"
	" (3, 64, 'delete', 'ann', 'make'), (4, 64, 'delete', 'ann', 'make'), (5, 64, 'delete', 'joe', 'sed');"
	"INSERT INTO source_member (repository, source, evr, srpm, srpm_file, since) VALUES ('demo', 'zlib', '1-1', 'x', 'x.src.rpm', 1),"
	" ('other', 'zlib', '1-1', '', '', 1), ('demo', 'make', '1-1', '', '', 1);"
	"INSERT INTO task_dep (task, dep) VALUES (2, 1);"
	"INSERT INTO job (id, task, subtask, arch, kind, state, queued) VALUES (1, 1, 0, 'x86_64', 'test', 'queued', 1);"
	"INSERT INTO acl (repository, item, seq, member) VALUES ('demo', 'zlib', 1, 'joe'), ('demo', 'make', 1, 'ann');"
	"INSERT INTO builder (name, arches, slots, seen, online) VALUES ('a', 'x86_64', 1, 1, 1);";

static void
farm_remove(void)
{
	struct err ignored;

	store_close(farm.store);
	file_remove_tree(AT_FDCWD, farm.root, &ignored);
}

static void
must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "fuzz-command: %s\n", what);
		abort();
	}
}

/* Once. What the commands print is nobody's. */
static void
farm_make(void)
{
	struct err err = {0};
	char *why = NULL;

	must(mkdtemp(farm.root) && freopen("/dev/null", "w", stdout) && freopen("/dev/null", "r", stdin), "no folder in /dev/shm");
	must(store_create(farm.root, &err) == 0 && store_open(farm.root, &farm.store, &err) == 0 &&
	    user_add(farm.store, "joe", false, &err) == 0 && user_add(farm.store, "ann", false, &err) == 0, err.msg);
	must(sqlite3_exec(farm.store->db, content, NULL, NULL, &why) == SQLITE_OK &&
	    sqlite3_exec(farm.store->db, "PRAGMA query_only = ON", NULL, NULL, &why) == SQLITE_OK, why ? why : "no farm");
	farm.store->user = "joe";
	farm.store->origin = "ssh - fuzz";
	atexit(farm_remove);
}

static void
same_again(const struct strs *words)
{
	AUTO(strs_fini) struct strs again = {0};
	AUTO(free) char *line = strs_join(words, " ");
	struct err err = {0};

	assert(words->n <= COMMAND_WORDS);
	assert(command_split(line, &again, &err) == 0 && again.n == words->n);
	for (size_t i = 0; i < words->n; i++)
		assert(strcmp(words->p[i], again.p[i]) == 0 && words->p[i][0] && text_is_printable(words->p[i]));
}

/* True: it was git's, or would have been. */
static bool
take_git(const struct strs *words)
{
	char *path = NULL;
	struct err err = {0};
	int r = command_git(words, &path, &err);

	assert(r > 0 ? path && path[0] && !strpbrk(path, "'\\ ") : !path);
	assert(r >= 0 || (err.code == EINVAL && err.msg[0]));
	free(path);
	return r != COMMAND_NO_GIT;
}

/* They go on until somebody stops them. */
static bool
watches(const struct strs *words)
{
	return strs_has(words, "--watch") || strs_has(words, "--follow") || strs_has(words, "-f");
}

static void
run(struct context *c)
{
	struct err err = {0};
	int r = context_run(c, &err);

	assert(r >= -1 && r <= 100);
	assert(r >= 0 || (err.code && err.msg[0] && !strchr(err.msg, '\n')));
	assert(farm.store->depth == 0 && sqlite3_txn_state(farm.store->db, NULL) == SQLITE_TXN_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(strs_fini) struct strs words = {0};
	AUTO(str_fini) struct str line = {0};
	struct err err = {0};

	if (!farm.store)
		farm_make();
	str_put(&line, data, size);
	if (command_split(str_c(&line), &words, &err) < 0) {
		assert(err.code == EINVAL && text_is_printable(err.msg));
		return 0;
	}
	same_again(&words);
	if (words.n && !take_git(&words) && !watches(&words)) {
		struct context c = {.root = farm.root, .user = "joe", .from = "ssh - fuzz", .store = farm.store, .args = words};

		run(&c);
	}
	return 0;
}
