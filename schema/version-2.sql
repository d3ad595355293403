-- Version 2: what a state published is more than three files and an index, and is known by its writer.
CREATE TABLE state_file_2 (
	repository TEXT NOT NULL,
	serial     INTEGER NOT NULL,
	arch       TEXT NOT NULL,
	kind       TEXT NOT NULL,        -- primary, filelists, other, index; runs: repo/runs.h
	sha256     TEXT NOT NULL,
	PRIMARY KEY (repository, serial, arch, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO state_file_2 SELECT repository, serial, arch, kind, sha256 FROM state_file;
DROP TABLE state_file;
ALTER TABLE state_file_2 RENAME TO state_file;

ALTER TABLE repository ADD COLUMN compression TEXT NOT NULL DEFAULT 'gz';
ALTER TABLE repository ADD COLUMN sign_key TEXT NOT NULL DEFAULT '';
ALTER TABLE repository ADD COLUMN keep_states INTEGER NOT NULL DEFAULT 16;
