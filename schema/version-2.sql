-- Version 2: what a state published is more than three files and an index, and is known by its writer.
CREATE TABLE state_file_2 (
	repository TEXT NOT NULL,
	serial     INTEGER NOT NULL,
	arch       TEXT NOT NULL,
	kind       TEXT NOT NULL,        -- primary, filelists, other, repomd; index, changes: repo/state.h; runs: repo/runs.h
	sha256     TEXT NOT NULL,
	PRIMARY KEY (repository, serial, arch, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO state_file_2 SELECT repository, serial, arch, kind, sha256 FROM state_file;
DROP TABLE state_file;
ALTER TABLE state_file_2 RENAME TO state_file;

ALTER TABLE repository ADD COLUMN compression TEXT NOT NULL DEFAULT 'gz';
ALTER TABLE repository ADD COLUMN sign_key TEXT NOT NULL DEFAULT '';
ALTER TABLE repository ADD COLUMN keep_states INTEGER NOT NULL DEFAULT 16;
ALTER TABLE repository ADD COLUMN allow TEXT NOT NULL DEFAULT '';   -- repo/finding.h: what is tolerated

-- The head of the record that the tag was last seen to descend from; '' if never looked at.
ALTER TABLE subtask ADD COLUMN inherited TEXT NOT NULL DEFAULT '';

-- How a state came about: 'merge' of its tasks, or 'rollback' to the state in `base`.
ALTER TABLE merge ADD COLUMN kind TEXT NOT NULL DEFAULT 'merge';
ALTER TABLE merge ADD COLUMN published INTEGER NOT NULL DEFAULT 0;  -- Unix seconds that its files carry

-- Sets of tasks that did not pass: a set that failed fails again on the same base with the same checks.
CREATE TABLE attempt (
	repository TEXT NOT NULL,
	base       INTEGER NOT NULL,
	checker    TEXT NOT NULL,
	members    TEXT NOT NULL,        -- SHA-256 over task, try and iter of each, in order, and the allow-list
	report     BLOB NOT NULL,        -- repo/finding.h, packed
	PRIMARY KEY (repository, base, checker, members)
) STRICT, WITHOUT ROWID;
