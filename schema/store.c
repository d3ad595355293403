#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/doorbell.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/file.h"
#include "schema/store.h"

AUTO_DEFINE(sqlite3 *, sqlite3_close);

/* Append-only: migration n brings a database from version n to n + 1. */
static const char *const migrations[STORE_VERSION] = {
#include "schema/version-1.sql.inc"
,
#include "schema/version-2.sql.inc"
,
#include "schema/version-3.sql.inc"
,
#include "schema/version-4.sql.inc"
,
#include "schema/version-5.sql.inc"
};

#define STATEMENT(name, sql) [STMT_##name] = sql,
static const char *const statements[STMT_COUNT] = {
#include "schema/statements.h"
};
#undef STATEMENT

enum { BUSY_MS = 30000 };

static int
fail(sqlite3 *db, const char *what, struct err *err)
{
	int code = sqlite3_errcode(db), system = code == SQLITE_IOERR ? sqlite3_system_errno(db) : 0;

	return err_set(err, code == SQLITE_FULL ? ENOSPC : code == SQLITE_BUSY ? EBUSY : EIO, "database: %s: %s%s%s",
	    what, sqlite3_errmsg(db), system ? ": " : "", system ? strerror(system) : "");
}

static int
run_sql(sqlite3 *db, const char *sql, struct err *err)
{
	if (fault("sql"))
		return err_set(err, EIO, "database: injected fault");
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, "exec", err);
}

static int
version(sqlite3 *db, int *out, struct err *err)
{
	sqlite3_stmt *q = NULL;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW) {
		sqlite3_finalize(q);
		return fail(db, "read its version", err);
	}
	*out = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return 0;
}

static int
migrate_locked(sqlite3 *db, struct err *err)
{
	char set[64];
	int have = 0;

	if (version(db, &have, err) < 0)
		return -1;
	for (; have < STORE_VERSION; have++) {
		snprintf(set, sizeof(set), "PRAGMA user_version = %d", have + 1);
		if (run_sql(db, migrations[have], err) < 0 || run_sql(db, set, err) < 0)
			return err_ctx(err, "migrate to version %d", have + 1);
	}
	return run_sql(db, "COMMIT", err);
}

/* Before anything else is asked of the database: even its journal mode is kept in the file. */
static int
refuse_others(sqlite3 *db, int least, int *have, struct err *err)
{
	if (version(db, have, err) < 0)
		return -1;
	if (*have < least)
		return err_set(err, EPROTO, "its version %d is older than this program's (%d): whoever runs the farm has to bring it up "
		    "to date: any command that reads it on the farm's host does, as `artel task ls`", *have, least);
	if (*have > STORE_VERSION)
		return err_set(err, EPROTO, "its version %d is newer than this program knows (%d): "
		    "upgrade artel; nothing was changed", *have, (int)STORE_VERSION);
	return 0;
}

static int
migrate(sqlite3 *db, int have, struct err *err)
{
	if (have == STORE_VERSION)
		return 0;
	if (run_sql(db, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (migrate_locked(db, err) < 0) {
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return 0;
}

/*
 * Another writer has the database. The scheduler takes it again and again while it is busy: asked, it leaves a gap, which
 * SQLite's own growing naps would miss. The scheduler itself asks in vain, which harms nobody.
 */
static int
on_busy(void *root, int times)
{
	enum { NAP_US = 1000 };

	if (times >= BUSY_MS * 1000 / NAP_US)
		return 0;
	if (times % 8 == 0)
		doorbell_ask(root);
	usleep(NAP_US);
	return 1;
}

/* least: the oldest version that is taken. */
static int
open_db(const char *path, int flags, int least, sqlite3 **out, struct err *err)
{
	AUTO(sqlite3_close) sqlite3 *db = NULL;
	int have = 0;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | flags, NULL) != SQLITE_OK)
		return fail(db, path, err);
	sqlite3_busy_timeout(db, BUSY_MS);
	if (refuse_others(db, least, &have, err) < 0 ||
	    run_sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;", err) < 0 ||
	    migrate(db, have, err) < 0)
		return err_ctx(err, "%s", path);
	*out = STEAL(db);
	return 0;
}

int
store_create(const char *root, struct err *err)
{
	static const char *const folders[] = {"artefact", "git", "people", "repo", "run", "run/log"};
	AUTO(free) char *path = xasprintf("%s/farm.db", root);
	AUTO(sqlite3_close) sqlite3 *db = NULL;
	AUTO(close) int dir = -1;

	if (file_mkdirs(AT_FDCWD, root, err) < 0 || (dir = file_open_dir(AT_FDCWD, root, err)) < 0)
		return -1;
	if (file_exists(dir, "farm.db"))
		return err_set(err, EEXIST, "%s: there is a farm already", root);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (file_mkdirs(dir, folders[i], err) < 0)
			return err_ctx(err, "%s", root);
	return open_db(path, SQLITE_OPEN_CREATE, 0, &db, err);
}

static int
open_at(const char *root, int least, struct store **out, struct err *err)
{
	AUTO(store_close) struct store *s = xcalloc(1, sizeof(*s));
	AUTO(free) char *path = xasprintf("%s/farm.db", root);

	s->root = xstrdup(root);
	s->dir = -1;
	s->user = s->origin = "";
	if (access(path, F_OK) < 0)
		return err_set(err, errno, "%s: no farm here (%s); `artel init --root %s` makes one, "
		    "--root or ARTEL_ROOT name another", root, strerror(errno), root);
	s->dir = file_open_dir(AT_FDCWD, root, err);
	if (s->dir < 0 || open_db(path, 0, least, &s->db, err) < 0)
		return -1;
	sqlite3_busy_handler(s->db, on_busy, s->root);
	*out = STEAL(s);
	return 0;
}

int
store_open(const char *root, struct store **out, struct err *err)
{
	return open_at(root, 0, out, err);
}

int
store_open_as_is(const char *root, struct store **out, struct err *err)
{
	return open_at(root, STORE_VERSION, out, err);
}

void
store_set_up(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/*
 * Each WAL_PAGES that were written since the last time. SQLite's own rule puts the log back at every commit once it is
 * that long, with two more fsync, and with many readers, of whom one is always there, it stays that long.
 */
static int
on_wal(void *store, sqlite3 *db, const char *name, int pages)
{
	enum { WAL_PAGES = 8192 };
	struct store *s = store;

	if (pages < s->wal_pages)
		s->wal_pages = 0;
	if (pages - s->wal_pages < WAL_PAGES)
		return SQLITE_OK;
	s->wal_pages = pages;
	/* Whoever reads only delays it. */
	sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}

int
store_tune(struct store *s, struct err *err)
{
	sqlite3_wal_hook(s->db, on_wal, s);
	return run_sql(s->db, "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;", err);
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	if (s->dir >= 0)
		close(s->dir);
	free(s->root);
	free(s);
}

int
store_begin(struct store *s, struct err *err)
{
	if (store_run(s, s->depth ? STMT_SAVEPOINT : STMT_BEGIN, err, "") < 0)
		return -1;
	s->depth++;
	return 0;
}

int
store_commit(struct store *s, struct err *err)
{
	if (store_run(s, s->depth > 1 ? STMT_RELEASE : STMT_COMMIT, err, "") < 0)
		return store_rollback(s);
	if (--s->depth > 0)
		return 0;
	fault("committed");
	if (s->ring)
		doorbell_ring(s->root);
	s->ring = false;
	return 0;
}

/* A fault of the disk may have undone everything already. */
int
store_rollback(struct store *s)
{
	bool gone = sqlite3_get_autocommit(s->db);

	if (s->depth > 1 && !gone)
		sqlite3_exec(s->db, "ROLLBACK TO inner; RELEASE inner", NULL, NULL, NULL);
	else if (!gone)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->depth -= s->depth > 0;
	if (s->depth == 0)
		s->ring = false;
	return -1;
}

int
store_read(struct store *s, struct err *err)
{
	return store_run(s, STMT_READ, err, "");
}

void
store_read_end(struct store *s)
{
	sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
}

int
store_changed(struct store *s, int64_t *out, struct err *err)
{
	sqlite3_stmt *q = store_query(s, STMT_DATA_VERSION, err, "");
	int r = store_row(s, q, err);

	*out = r > 0 ? store_int(q, 0) : 0;
	store_done(q);
	return r < 0 ? -1 : 0;
}

/* keep: SQLITE_STATIC for arguments that are there until the statement is reset, else SQLITE_TRANSIENT. */
static void
bind_all(sqlite3_stmt *q, sqlite3_destructor_type keep, const char *types, va_list ap)
{
	for (int i = 1; types[i - 1]; i++) {
		const void *data;

		switch (types[i - 1]) {
		case 'i':
			sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
			break;
		case 's':
			sqlite3_bind_text(q, i, va_arg(ap, const char *), -1, keep);
			break;
		default:
			data = va_arg(ap, const void *);
			sqlite3_bind_blob64(q, i, data, va_arg(ap, size_t), keep);
		}
	}
}

static sqlite3_stmt *
prepared(struct store *s, enum statement id, struct err *err)
{
	if (!s->stmt[id] && sqlite3_prepare_v3(s->db, statements[id], -1, SQLITE_PREPARE_PERSISTENT,
	    &s->stmt[id], NULL) != SQLITE_OK) {
		fail(s->db, statements[id], err);
		return NULL;
	}
	sqlite3_reset(s->stmt[id]);
	sqlite3_clear_bindings(s->stmt[id]);
	return s->stmt[id];
}

int
store_run(struct store *s, enum statement id, struct err *err, const char *types, ...)
{
	sqlite3_stmt *q = prepared(s, id, err);
	va_list ap;
	int code;

	if (!q)
		return -1;
	/* What would come now would be stored by itself. */
	if (s->depth > 0 && sqlite3_get_autocommit(s->db))
		return err_set(err, EIO, "database: the transaction was undone");
	if (fault("sql"))
		return err_set(err, EIO, "database: injected fault");
	va_start(ap, types);
	bind_all(q, SQLITE_STATIC, types, ap);
	va_end(ap);
	code = sqlite3_step(q);
	if (code != SQLITE_DONE && code != SQLITE_ROW) {
		fail(s->db, statements[id], err);
		sqlite3_reset(q);
		return -1;
	}
	sqlite3_reset(q);
	return 0;
}

int
store_changes(const struct store *s)
{
	return sqlite3_changes(s->db);
}

sqlite3_stmt *
store_query(struct store *s, enum statement id, struct err *err, const char *types, ...)
{
	sqlite3_stmt *q = prepared(s, id, err);
	va_list ap;

	if (!q)
		return NULL;
	va_start(ap, types);
	bind_all(q, SQLITE_TRANSIENT, types, ap);
	va_end(ap);
	return q;
}

int
store_row(struct store *s, sqlite3_stmt *q, struct err *err)
{
	int code = q ? sqlite3_step(q) : SQLITE_MISUSE;

	if (code == SQLITE_ROW)
		return 1;
	if (q && code != SQLITE_DONE)
		fail(s->db, sqlite3_sql(q), err);
	if (q)
		sqlite3_reset(q);
	return code == SQLITE_DONE ? 0 : -1;
}

void
store_done(sqlite3_stmt *q)
{
	if (q)
		sqlite3_reset(q);
}

int64_t
store_int(sqlite3_stmt *q, int column)
{
	return sqlite3_column_int64(q, column);
}

const char *
store_text(sqlite3_stmt *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q, column);

	return text ? (const char *)text : "";
}
