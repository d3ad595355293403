-- Version 5: people who come by ssh, what each may do, and how much of it.

-- Keys that let somebody in. A key is one person's: it is by the key that a connection is told whose it is.
CREATE TABLE login_key (
	fingerprint TEXT PRIMARY KEY,        -- SHA256:...
	user        TEXT NOT NULL REFERENCES user,
	text        TEXT NOT NULL,           -- type and base64
	added       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_key_user ON login_key (user);

ALTER TABLE signing_key ADD COLUMN added INTEGER NOT NULL DEFAULT 0;   -- ms; 0: before this was noted
ALTER TABLE user ADD COLUMN why TEXT NOT NULL DEFAULT '';              -- disabled: who, why
ALTER TABLE user ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;          -- ms: until when the rate of runs is used up

-- Who may change a package, or a group: its members in order, the first of whom leads. schema/acl.h.
CREATE TABLE acl_5 (
	repository TEXT NOT NULL,
	item       TEXT NOT NULL,            -- a source package, or @group
	member     TEXT NOT NULL,            -- a user, @group, @everybody or @nobody
	seq        INTEGER NOT NULL,         -- after the key: integrity_check of SQLite 3.40 takes it for NULL otherwise
	PRIMARY KEY (repository, item, member)
) STRICT, WITHOUT ROWID;
INSERT INTO acl_5 SELECT repository, package, user, row_number() OVER (PARTITION BY repository, package ORDER BY user) FROM acl;
DROP TABLE acl;
ALTER TABLE acl_5 RENAME TO acl;
CREATE INDEX acl_member ON acl (member);

ALTER TABLE repository ADD COLUMN unlisted TEXT NOT NULL DEFAULT 'allow';    -- packages without a list: allow or deny
ALTER TABLE repository ADD COLUMN new_owner INTEGER NOT NULL DEFAULT 1;      -- who brings a new package leads it

-- What is allowed to one user, or to each ('') who has no line of their own. schema/quota.h.
CREATE TABLE quota (
	user  TEXT NOT NULL,
	name  TEXT NOT NULL,
	value INTEGER NOT NULL,
	PRIMARY KEY (user, name)
) STRICT, WITHOUT ROWID;

-- Those tasks of somebody that count: of those that have ended there are ever more.
CREATE INDEX task_unfinished ON task (owner, state) WHERE state <> 'DONE' AND state <> 'CANCELLED';

-- What one person did; the scheduler's events, which are most, are not in it.
CREATE INDEX event_user ON event (user) WHERE user <> 'scheduler';

-- Whose a package of this name is: another source that gives it takes it away.
CREATE INDEX package_name ON package (name);
