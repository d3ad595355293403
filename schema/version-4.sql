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

-- The journal is never deleted from, so that its ids need no second table to rise.
CREATE TABLE event_4 (
	id     INTEGER PRIMARY KEY,
	at     INTEGER NOT NULL,
	kind   TEXT NOT NULL CHECK (kind IN ('task', 'job', 'merge', 'repo', 'builder', 'user', 'farm')),
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

-- Counts of open jobs, all and of one task, without a look at their rows.
DROP INDEX job_open;
CREATE INDEX job_open ON job (state, task) WHERE state IN ('waiting', 'queued', 'running');
CREATE INDEX job_dep_needs ON job_dep (needs);
