/*
 * The farm's database, ROOT/farm.db: SQLite in WAL mode with synchronous=FULL.
 * Every change of state is one short IMMEDIATE transaction that also appends
 * to the event table; a commit with new events rings the doorbell.
 */
#ifndef ARTEL_SCHEMA_STORE_H
#define ARTEL_SCHEMA_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/auto.h"

struct err;
struct event;

#define STATEMENT(name, sql) STMT_##name,
enum statement {
#include "schema/statements.h"
	STMT_COUNT
};
#undef STATEMENT

struct store {
	sqlite3 *db;
	char *root;		/* the farm's folder, as given */
	int dir;		/* the same, open */
	int depth;		/* of store_begin() */
	int wal_pages;		/* of store_tune(): in the log when it was put back last */
	bool ring;		/* an event was appended in this transaction */
	const char *user;	/* who acts: for events; borrowed */
	const char *origin;	/* and from where; borrowed */
	/* Told of each event that this store appends, before its transaction ends; NULL: nobody. */
	void (*on_event)(void *arg, const struct event *e);
	void *on_event_arg;
	sqlite3_stmt *stmt[STMT_COUNT];
};

/* The newest schema this program knows. */
enum { STORE_VERSION = 5 };

/* Create a farm in root (made if absent): -1 with EEXIST if there is one. */
int store_create(const char *root, struct err *err);
/*
 * Open the farm at root, migrating an older database. A newer one than the program
 * knows is refused; a folder that is no farm gets an error that says what to do.
 */
int store_open(const char *root, struct store **out, struct err *err);
/* The same for those who come from outside, in whose time nothing is migrated: an older database is refused too. */
int store_open_as_is(const char *root, struct store **out, struct err *err);
/* For a process that writes all the time: more pages in memory, also what savepoints need, and the log put back less often. */
int store_tune(struct store *s, struct err *err);
/* For the same, before anything is opened: nobody asks how much memory SQLite has, so it need not count. */
void store_set_up(void);
void store_close(struct store *s);
AUTO_DEFINE(struct store *, store_close);

/*
 * Transactions nest; only the outermost commits. Each store_begin() that succeeded is ended by one commit or rollback,
 * and a rollback undoes what came since its own begin.
 */
int store_begin(struct store *s, struct err *err);
int store_commit(struct store *s, struct err *err);
/* Undo the innermost; harmless outside a transaction. Always -1, for `return store_rollback(s)`. */
int store_rollback(struct store *s);

/*
 * What is read from here to store_read_end() is of one moment. Nobody waits for a reader, but the log of the database
 * cannot begin anew while one is at work: no output in between. Not inside a transaction.
 */
int store_read(struct store *s, struct err *err);
void store_read_end(struct store *s);
/* A number that is another one when another connection has changed the database since. */
int store_changed(struct store *s, int64_t *out, struct err *err);

/*
 * Statements with arguments by a type string: 'i' int64_t, 's' const char * (NULL allowed),
 * 'b' const void * and size_t. store_run() is for those without rows.
 */
int store_run(struct store *s, enum statement id, struct err *err, const char *types, ...);
/* How many rows the last store_run() changed. */
int store_changes(const struct store *s);

/*
 * A query: start it, then take rows until store_row() gives 0. A query left before its end
 * must be given to store_done(). One statement cannot be nested in itself.
 */
sqlite3_stmt *store_query(struct store *s, enum statement id, struct err *err, const char *types, ...);
/* 1: a row is there; 0: no more (the query is done); -1 (q may be NULL: then err is set already). */
int store_row(struct store *s, sqlite3_stmt *q, struct err *err);
void store_done(sqlite3_stmt *q);
int64_t store_int(sqlite3_stmt *q, int column);
/* Never NULL; valid until the next row. */
const char *store_text(sqlite3_stmt *q, int column);

#endif
