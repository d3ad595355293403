/*
 * peer-commit DIR: what a disk and a database give one at a time, each for PEER_MS (1000): fdatasync of one block that was
 * appended, and SQLite's transactions in WAL mode with synchronous=FULL, each of which takes one job of a table and adds
 * a line to a journal. Lines `name value unit`, tab-separated.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bench/data.h"
#include "bench/sample.h"

enum { JOBS = 100000, BLOCK = 4096 };

static void
say(const char *name, size_t n, double begin)
{
	printf("%s\t%.0f\t/s\n", name, (double)n * 1e3 / (sample_now_ms() - begin));
}

static void
bench_sync(const char *path, double ms)
{
	static const char block[BLOCK];
	AUTO(close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	double begin = sample_now_ms();
	size_t n = 0;
	struct err err;

	must(fd < 0 ? err_sys(&err, "create %s", path) : 0, &err);
	for (; sample_now_ms() < begin + ms; n++)
		must(write(fd, block, sizeof(block)) != sizeof(block) || fdatasync(fd) < 0 ? err_sys(&err, "write %s", path) : 0, &err);
	say("fdatasync", n, begin);
}

static void
sql(sqlite3 *db, const char *text)
{
	struct err err;

	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : err_set(&err, 0, "%s: %s", text, sqlite3_errmsg(db)), &err);
}

static sqlite3_stmt *
prepared(sqlite3 *db, const char *text)
{
	sqlite3_stmt *q = NULL;
	struct err err;

	must(sqlite3_prepare_v2(db, text, -1, &q, NULL) == SQLITE_OK ? 0 : err_set(&err, 0, "%s: %s", text, sqlite3_errmsg(db)), &err);
	return q;
}

static void
step(sqlite3 *db, sqlite3_stmt *q)
{
	struct err err;

	must(sqlite3_step(q) == SQLITE_DONE ? 0 : err_set(&err, 0, "%s", sqlite3_errmsg(db)), &err);
	sqlite3_reset(q);
}

static void
bench_sqlite(const char *path, double ms)
{
	enum { BEGIN, TAKE, NOTE, COMMIT, ALL };
	static const char *const texts[ALL] = {"BEGIN IMMEDIATE",
	    "UPDATE job SET state = 'running', builder = 'one' WHERE id = (SELECT id FROM job WHERE state = 'queued' ORDER BY id LIMIT 1)",
	    "INSERT INTO event (at, text) VALUES (0, 'a job is running on a builder')", "COMMIT"};
	sqlite3_stmt *q[ALL];
	sqlite3 *db = NULL;
	double begin;
	size_t n = 0;
	struct err err;

	must(sqlite3_open(path, &db) == SQLITE_OK ? 0 : err_set(&err, 0, "%s: %s", path, sqlite3_errmsg(db)), &err);
	sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "CREATE TABLE job (id INTEGER PRIMARY KEY, state TEXT, builder TEXT); CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER, text TEXT);"
	    "CREATE INDEX job_open ON job (state) WHERE state IN ('queued', 'running'); BEGIN");
	q[0] = prepared(db, "INSERT INTO job (state) VALUES ('queued')");
	for (int i = 0; i < JOBS; i++)
		step(db, q[0]);
	sqlite3_finalize(q[0]);
	sql(db, "COMMIT");
	for (int i = 0; i < ALL; i++)
		q[i] = prepared(db, texts[i]);
	for (begin = sample_now_ms(); n < JOBS && sample_now_ms() < begin + ms; n++)
		for (int i = 0; i < ALL; i++)
			step(db, q[i]);
	say("sqlite-one-at-a-time", n, begin);
	for (int i = 0; i < ALL; i++)
		sqlite3_finalize(q[i]);
	sqlite3_close(db);
}

int
main(int argc, char **argv)
{
	double ms = (double)sample_number("PEER_MS", 1000);
	AUTO(free) char *file = NULL;
	AUTO(free) char *db = NULL;

	if (argc != 2) {
		fprintf(stderr, "usage: peer-commit DIR\n");
		return 2;
	}
	file = xasprintf("%s/peer-commit.sync", argv[1]);
	db = xasprintf("%s/peer-commit.db", argv[1]);
	bench_sync(file, ms);
	unlink(file);
	unlink(db);
	bench_sqlite(db, ms);
	unlink(db);
	return 0;
}
