-- Version 3: what a job may use and what it used; outputs that the repository has already.
ALTER TABLE repository ADD COLUMN limits TEXT NOT NULL DEFAULT '';      -- wire/limits.h; '': the scheduler's
ALTER TABLE repository ADD COLUMN network INTEGER NOT NULL DEFAULT 0;   -- builds may reach the network
ALTER TABLE repository ADD COLUMN sanity TEXT NOT NULL DEFAULT '';      -- package/sanity.h: levels that differ

ALTER TABLE task ADD COLUMN keep_root INTEGER NOT NULL DEFAULT 0;       -- a failed job's root stays on its builder

-- SHA-256 of what a user gets of a package, whenever and wherever it was built (package/identity.h); '': unknown.
ALTER TABLE package ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE output ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE output ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;          -- sha256 is that of the repository's own package

ALTER TABLE job ADD COLUMN root TEXT NOT NULL DEFAULT '';               -- the base root it was built in
ALTER TABLE job ADD COLUMN elapsed_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN cpu_ms INTEGER NOT NULL DEFAULT 0;           -- 0: not measured
ALTER TABLE job ADD COLUMN memory INTEGER NOT NULL DEFAULT 0;           -- bytes at the peak; 0: not measured
ALTER TABLE job ADD COLUMN disk INTEGER NOT NULL DEFAULT 0;             -- bytes at the peak

-- What the last jobs of a source that succeeded have used.
CREATE TABLE usage (
	package    TEXT NOT NULL,
	arch       TEXT NOT NULL,
	kind       TEXT NOT NULL,
	job        INTEGER NOT NULL,
	at         INTEGER NOT NULL,
	elapsed_ms INTEGER NOT NULL,
	cpu_ms     INTEGER NOT NULL,
	memory     INTEGER NOT NULL,
	disk       INTEGER NOT NULL,
	PRIMARY KEY (package, arch, kind, job)
) STRICT, WITHOUT ROWID;
