-- Version 1. Times are milliseconds since the epoch; SHA-256 are 64 hex digits.

-- A repository and its current state. A state is immutable, numbered, and recomputable:
-- the previous serial plus the ordered tasks of one merge.
CREATE TABLE repository (
	name            TEXT PRIMARY KEY,
	serial          INTEGER NOT NULL DEFAULT 0,
	created         INTEGER NOT NULL,
	base_group      TEXT NOT NULL DEFAULT '',        -- what is always in a build root, blank-separated
	accept_unsigned INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE repository_arch (
	repository TEXT NOT NULL REFERENCES repository,
	arch       TEXT NOT NULL,
	PRIMARY KEY (repository, arch)
) STRICT, WITHOUT ROWID;

-- What a state published: its rpm-md files and its saved index, as artefacts.
CREATE TABLE state_file (
	repository TEXT NOT NULL,
	serial     INTEGER NOT NULL,
	arch       TEXT NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('primary', 'filelists', 'other', 'index')),
	sha256     TEXT NOT NULL,
	PRIMARY KEY (repository, serial, arch, kind)
) STRICT, WITHOUT ROWID;

-- Every binary package ever known, by content.
CREATE TABLE package (
	sha256  TEXT PRIMARY KEY,
	file    TEXT NOT NULL,
	name    TEXT NOT NULL,
	evr     TEXT NOT NULL,           -- epoch:version-release, epoch left out when 0
	arch    TEXT NOT NULL,
	source  TEXT NOT NULL,           -- name of the source package
	facts   TEXT NOT NULL            -- artefact: package/facts.h
) STRICT, WITHOUT ROWID;

-- Which package is in which states: since <= serial < until (NULL: still).
CREATE TABLE member (
	repository TEXT NOT NULL,
	arch       TEXT NOT NULL,        -- the repository's, not the package's
	sha256     TEXT NOT NULL REFERENCES package,
	source     TEXT NOT NULL,
	since      INTEGER NOT NULL,
	until      INTEGER,
	PRIMARY KEY (repository, arch, sha256, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_current ON member (repository, source) WHERE until IS NULL;

CREATE TABLE source_member (
	repository TEXT NOT NULL,
	source     TEXT NOT NULL,
	evr        TEXT NOT NULL,
	srpm       TEXT,                 -- artefact; NULL when imported without its source
	srpm_file  TEXT,
	task       INTEGER,              -- NULL: imported
	since      INTEGER NOT NULL,
	until      INTEGER,
	PRIMARY KEY (repository, source, since)
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
	name     TEXT PRIMARY KEY,
	created  INTEGER NOT NULL,
	admin    INTEGER NOT NULL DEFAULT 0,
	disabled INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_key (
	user        TEXT NOT NULL REFERENCES user,
	fingerprint TEXT NOT NULL,
	kind        TEXT NOT NULL CHECK (kind IN ('gpg', 'ssh')),
	text        TEXT NOT NULL,
	PRIMARY KEY (user, fingerprint)
) STRICT, WITHOUT ROWID;

-- Who may change a package. A package without a line may be changed by every user.
CREATE TABLE acl (
	repository TEXT NOT NULL,
	package    TEXT NOT NULL,
	user       TEXT NOT NULL,
	PRIMARY KEY (repository, package, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	repository TEXT NOT NULL REFERENCES repository,
	owner      TEXT NOT NULL,
	state      TEXT NOT NULL,
	try        INTEGER NOT NULL DEFAULT 0,   -- the user's runs
	iter       INTEGER NOT NULL DEFAULT 1,   -- the farm's own repeats of one try
	shared     INTEGER NOT NULL DEFAULT 0,
	fail_early INTEGER NOT NULL DEFAULT 1,
	test_only  INTEGER NOT NULL DEFAULT 0,
	class      INTEGER NOT NULL DEFAULT 1,   -- 0 urgent, 1 normal, 2 background
	message    TEXT NOT NULL DEFAULT '',
	reason     TEXT NOT NULL DEFAULT '',     -- why it is in this state, for people
	created    INTEGER NOT NULL,
	changed    INTEGER NOT NULL,
	submitted  INTEGER,                      -- last run
	started    INTEGER,                      -- this iteration's BUILDING
	base       INTEGER,                      -- serial it was built and tested on
	build_ms   INTEGER,
	test_ms    INTEGER,
	merge_ms   INTEGER
) STRICT;
CREATE INDEX task_state ON task (state);
CREATE INDEX task_owner ON task (owner, id);

CREATE TABLE subtask (
	task       INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	id         INTEGER NOT NULL,             -- shown in octal
	kind       TEXT NOT NULL CHECK (kind IN ('repo', 'srpm', 'copy', 'rebuild', 'delete')),
	user       TEXT NOT NULL,
	dir        TEXT NOT NULL DEFAULT '',     -- repo: /people/USER/packages/NAME.git
	tag_name   TEXT NOT NULL DEFAULT '',
	tag_id     TEXT NOT NULL DEFAULT '',
	tag_author TEXT NOT NULL DEFAULT '',
	commit_id  TEXT NOT NULL DEFAULT '',
	epoch_s    INTEGER NOT NULL DEFAULT 0,   -- SOURCE_DATE_EPOCH: the tag's date
	package    TEXT NOT NULL DEFAULT '',     -- source package: delete, copy, rebuild; else once it is known
	srpm_file  TEXT NOT NULL DEFAULT '',
	srpm       TEXT NOT NULL DEFAULT '',     -- artefact
	tree       TEXT NOT NULL DEFAULT '',     -- artefact: spec and sources made from the tag
	copy_from  TEXT NOT NULL DEFAULT '',
	inherit_ok TEXT NOT NULL DEFAULT '',     -- the one head that need not be an ancestor
	PRIMARY KEY (task, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_dep (
	task INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	dep  INTEGER NOT NULL,
	PRIMARY KEY (task, dep)
) STRICT, WITHOUT ROWID;

-- Unmerged results that this task's iteration was built on.
CREATE TABLE task_on (
	task     INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	dep      INTEGER NOT NULL,
	dep_try  INTEGER NOT NULL,
	dep_iter INTEGER NOT NULL,
	PRIMARY KEY (task, dep)
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
	task    INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	subtask INTEGER NOT NULL,
	user    TEXT NOT NULL,
	verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'disapprove')),
	text    TEXT NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (task, subtask, user, verdict)
) STRICT, WITHOUT ROWID;

-- One subtask on one architecture: its SRPM ('' as arch), its build; or one architecture's
-- test of the whole task (subtask 0).
CREATE TABLE job (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	task       INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	subtask    INTEGER NOT NULL,
	arch       TEXT NOT NULL,
	kind       TEXT NOT NULL CHECK (kind IN ('srpm', 'build', 'test')),
	state      TEXT NOT NULL CHECK (state IN ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled')),
	attempt    INTEGER NOT NULL DEFAULT 0,   -- fences late results
	tries      INTEGER NOT NULL DEFAULT 0,   -- infrastructure failures so far
	builder    TEXT NOT NULL DEFAULT '',
	lease      INTEGER,                      -- running: until when
	not_before INTEGER NOT NULL DEFAULT 0,   -- queued: back-off
	queued     INTEGER,
	started    INTEGER,
	finished   INTEGER,
	reason     TEXT NOT NULL DEFAULT '',
	log        TEXT NOT NULL DEFAULT '',     -- artefact, zstd
	result     BLOB                          -- srpm: wire/job.h, struct spec_names
) STRICT;
CREATE INDEX job_task ON job (task);
CREATE INDEX job_open ON job (state) WHERE state IN ('waiting', 'queued', 'running');

CREATE TABLE job_dep (
	job   INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
	needs INTEGER NOT NULL,
	PRIMARY KEY (job, needs)
) STRICT, WITHOUT ROWID;

-- What the jobs of a task's current iteration made.
CREATE TABLE output (
	task    INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	subtask INTEGER NOT NULL,
	arch    TEXT NOT NULL,
	kind    TEXT NOT NULL CHECK (kind IN ('srpm', 'rpm', 'buildroot')),
	file    TEXT NOT NULL,
	sha256  TEXT NOT NULL,
	facts   TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (task, subtask, arch, kind, file)
) STRICT, WITHOUT ROWID;

-- Requirements that a task's last test found unmet: for rebuild-unmets and del-unmets.
CREATE TABLE task_unmet (
	task    INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
	source  TEXT NOT NULL,
	PRIMARY KEY (task, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE merge (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	repository TEXT NOT NULL,
	base       INTEGER NOT NULL,
	serial     INTEGER NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('PREPARED', 'CURRENT', 'DONE', 'ABANDONED')),
	checker    TEXT NOT NULL,                -- version of the checks
	started    INTEGER NOT NULL,
	finished   INTEGER
) STRICT;

CREATE TABLE merge_task (
	merge INTEGER NOT NULL REFERENCES merge,
	seq   INTEGER NOT NULL,
	task  INTEGER NOT NULL,
	PRIMARY KEY (merge, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE builder (
	name     TEXT PRIMARY KEY,
	arches   TEXT NOT NULL,
	slots    INTEGER NOT NULL,
	seen     INTEGER NOT NULL,
	online   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The journal: every change of state, who made it and from where. Append-only.
CREATE TABLE event (
	id     INTEGER PRIMARY KEY AUTOINCREMENT,
	at     INTEGER NOT NULL,
	kind   TEXT NOT NULL CHECK (kind IN ('task', 'job', 'merge', 'repo', 'builder', 'user')),
	task   INTEGER,
	job    INTEGER,
	user   TEXT NOT NULL DEFAULT '',
	origin TEXT NOT NULL DEFAULT '',
	state  TEXT NOT NULL DEFAULT '',
	text   TEXT NOT NULL
) STRICT;
CREATE INDEX event_task ON event (task) WHERE task IS NOT NULL;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
