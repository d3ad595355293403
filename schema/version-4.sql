-- Version 4: who gets how much of the farm, what a package needs of a builder, what a builder offers.
ALTER TABLE task ADD COLUMN hold TEXT NOT NULL DEFAULT '';              -- why none of its jobs is handed out; '': not held

ALTER TABLE user ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;          -- of the share in slots
ALTER TABLE user ADD COLUMN max_running INTEGER NOT NULL DEFAULT 0;     -- jobs at once; 0: the farm's owner-limit
ALTER TABLE user ADD COLUMN mail TEXT NOT NULL DEFAULT '';              -- where the ends of their tasks are mailed to; '': nowhere

ALTER TABLE builder ADD COLUMN features TEXT NOT NULL DEFAULT '';       -- blank-separated: kvm bigmem
ALTER TABLE builder ADD COLUMN memory INTEGER NOT NULL DEFAULT 0;       -- bytes for all its jobs; 0: unknown
ALTER TABLE builder ADD COLUMN mode TEXT NOT NULL DEFAULT 'enabled' CHECK (mode IN ('enabled', 'draining', 'disabled'));
ALTER TABLE builder ADD COLUMN why TEXT NOT NULL DEFAULT '';            -- it is not enabled: who, why

-- What the jobs of one source package need beyond what history tells.
CREATE TABLE needs (
	repository TEXT NOT NULL,
	package    TEXT NOT NULL,
	features   TEXT NOT NULL,
	limits     TEXT NOT NULL,        -- wire/limits.h; over those of the repository
	PRIMARY KEY (repository, package)
) STRICT, WITHOUT ROWID;

-- schema/setting.h
CREATE TABLE setting (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How far a program that acts on events has come.
CREATE TABLE reader (
	name  TEXT PRIMARY KEY,
	event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every start and end of a job writes the next three tables: a list after IN is a table of its own that is made anew each
-- time, for CHECK and for the condition of an index, so that conditions are written out.

-- The journal is never deleted from, so that its ids need no second table to rise.
CREATE TABLE event_4 (
	id     INTEGER PRIMARY KEY,
	at     INTEGER NOT NULL,
	kind   TEXT NOT NULL CHECK (kind = 'job' OR kind = 'task' OR kind = 'merge' OR kind = 'repo' OR kind = 'builder'
	    OR kind = 'user' OR kind = 'farm'),
	task   INTEGER,
	job    INTEGER,
	user   TEXT NOT NULL DEFAULT '',
	origin TEXT NOT NULL DEFAULT '',
	state  TEXT NOT NULL DEFAULT '',
	text   TEXT NOT NULL
) STRICT;
INSERT INTO event_4 SELECT id, at, kind, task, job, user, origin, state, text FROM event;
DROP TABLE event;
ALTER TABLE event_4 RENAME TO event;
CREATE INDEX event_task ON event (task) WHERE task IS NOT NULL;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

CREATE TABLE output_4 (
	task     INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	subtask  INTEGER NOT NULL,
	arch     TEXT NOT NULL,
	kind     TEXT NOT NULL CHECK (kind = 'rpm' OR kind = 'srpm' OR kind = 'buildroot'),
	file     TEXT NOT NULL,
	sha256   TEXT NOT NULL,
	facts    TEXT NOT NULL DEFAULT '',
	identity TEXT NOT NULL DEFAULT '',
	kept     INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (task, subtask, arch, kind, file)
) STRICT, WITHOUT ROWID;
INSERT INTO output_4 SELECT task, subtask, arch, kind, file, sha256, facts, identity, kept FROM output;
DROP TABLE output;
ALTER TABLE output_4 RENAME TO output;

CREATE TABLE job_4 (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	task       INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	subtask    INTEGER NOT NULL,
	arch       TEXT NOT NULL,
	kind       TEXT NOT NULL CHECK (kind = 'srpm' OR kind = 'build' OR kind = 'test'),
	state      TEXT NOT NULL CHECK (state = 'queued' OR state = 'running' OR state = 'done' OR state = 'waiting' OR state = 'failed'
	    OR state = 'cancelled'),
	attempt    INTEGER NOT NULL DEFAULT 0,
	tries      INTEGER NOT NULL DEFAULT 0,
	builder    TEXT NOT NULL DEFAULT '',
	lease      INTEGER,
	not_before INTEGER NOT NULL DEFAULT 0,
	queued     INTEGER,
	started    INTEGER,
	finished   INTEGER,
	reason     TEXT NOT NULL DEFAULT '',
	log        TEXT NOT NULL DEFAULT '',
	result     BLOB,
	root       TEXT NOT NULL DEFAULT '',
	elapsed_ms INTEGER NOT NULL DEFAULT 0,
	cpu_ms     INTEGER NOT NULL DEFAULT 0,
	memory     INTEGER NOT NULL DEFAULT 0,
	disk       INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO job_4 SELECT id, task, subtask, arch, kind, state, attempt, tries, builder, lease, not_before, queued, started, finished,
	reason, log, result, root, elapsed_ms, cpu_ms, memory, disk FROM job;
-- Numbers of jobs that are gone are not given again.
DELETE FROM sqlite_sequence WHERE name = 'job_4';
INSERT INTO sqlite_sequence (name, seq) SELECT 'job_4', seq FROM sqlite_sequence WHERE name = 'job';
CREATE TABLE job_dep_4 (
	job   INTEGER NOT NULL REFERENCES job_4 ON DELETE CASCADE,
	needs INTEGER NOT NULL,
	PRIMARY KEY (job, needs)
) STRICT, WITHOUT ROWID;
INSERT INTO job_dep_4 SELECT job, needs FROM job_dep;
DROP TABLE job_dep;
DROP TABLE job;
ALTER TABLE job_4 RENAME TO job;
ALTER TABLE job_dep_4 RENAME TO job_dep;
CREATE INDEX job_task ON job (task);
CREATE INDEX job_dep_needs ON job_dep (needs);
-- Open jobs, all and of one task, without a look at their rows.
CREATE INDEX job_open ON job (state, task) WHERE state = 'queued' OR state = 'running' OR state = 'waiting';
CREATE INDEX task_dep_dep ON task_dep (dep);
