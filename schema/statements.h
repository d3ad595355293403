/*
 * Every prepared statement: STATEMENT(NAME, sql). Included twice, by store.h for
 * the enum and by store.c for the texts; no guard.
 */
#define TASK_COLUMNS "id, repository, owner, state, try, iter, shared, fail_early, test_only, class, message, " \
	"reason, created, changed, submitted, started, base, build_ms, test_ms, merge_ms, keep_root, hold"
#define JOB_COLUMNS "id, task, subtask, arch, kind, state, attempt, tries, builder, lease, not_before, queued, " \
	"started, finished, reason, log, result, root, elapsed_ms, cpu_ms, memory, disk"
/* As the index job_open has it: it is not used for a condition that is said in another way. One state by itself will do. */
#define JOB_IS_OPEN(state) "(" state " = 'queued' OR " state " = 'running' OR " state " = 'waiting')"
/* Likewise of the index task_unfinished. */
#define TASK_IS_UNFINISHED(state) state " <> 'DONE' AND " state " <> 'CANCELLED'"
/* Of a task that did not begin: for each subtask its SRPM, and on each architecture its build and a share in the test. */
#define JOBS_EXPECTED(task) "(SELECT count(*) FROM subtask WHERE task = " task ".id)" \
	" * (1 + 2 * (SELECT count(*) FROM repository_arch WHERE repository = " task ".repository))"
#define BUILDER_COLUMNS "name, arches, features, slots, memory, seen, online, mode, why"
#define EVENT_COLUMNS "id, at, kind, task, job, user, origin, state, text"
#define MERGE_COLUMNS "id, repository, base, serial, state, started, finished, kind, published, checker"
/* What the queue knows of a job: what its package needs, how long and how much its last jobs took. */
#define LIVE_COLUMNS "j.id, j.task, j.arch, j.kind, j.state, j.attempt, j.tries, j.builder, j.not_before, j.queued, j.started," \
	" t.owner, t.repository, t.class, t.submitted, t.hold, n.features, n.limits," \
	" (SELECT avg(u.elapsed_ms) FROM usage u WHERE u.package = s.package AND u.arch = j.arch AND u.kind = j.kind)," \
	" (SELECT max(u.memory) FROM usage u WHERE u.package = s.package AND u.arch = j.arch AND u.kind = j.kind)"
#define LIVE_JOIN " CROSS JOIN task t ON t.id = j.task AND t.state = 'BUILDING'" \
	" LEFT JOIN subtask s ON s.task = j.task AND s.id = j.subtask" \
	" LEFT JOIN needs n ON n.repository = t.repository AND n.package = s.package"
#define LIVE_OPEN " WHERE " JOB_IS_OPEN("j.state") " AND j.state <> 'waiting'"
#define TASK_WHERE " FROM task WHERE instr(?1, ' ' || state || ' ') AND (?2 IS NULL OR repository = ?2)" \
	" AND (?3 IS NULL OR owner = ?3) ORDER BY id "

STATEMENT(BEGIN, "BEGIN IMMEDIATE")
STATEMENT(READ, "BEGIN DEFERRED")
STATEMENT(DATA_VERSION, "PRAGMA data_version")
STATEMENT(COMMIT, "COMMIT")
STATEMENT(SAVEPOINT, "SAVEPOINT inner")
STATEMENT(RELEASE, "RELEASE inner")

STATEMENT(EVENT_ACL, "SELECT 1 FROM event WHERE id > ? AND (kind = 'user' OR (kind = 'task' AND state = '')) LIMIT 1")
STATEMENT(EVENT_ADD, "INSERT INTO event (at, kind, task, job, user, origin, state, text)"
	" VALUES (?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?)")
STATEMENT(EVENT_SINCE, "SELECT " EVENT_COLUMNS " FROM event WHERE id > ? ORDER BY id")
STATEMENT(EVENT_OF_TASK, "SELECT " EVENT_COLUMNS " FROM event WHERE id > ? AND task = ? ORDER BY id LIMIT ?")
STATEMENT(EVENT_OF_USER, "SELECT " EVENT_COLUMNS " FROM event INDEXED BY event_user WHERE id > ? AND user = ? AND user <> 'scheduler'"
	" ORDER BY id LIMIT ?")
STATEMENT(EVENT_NEXT, "SELECT " EVENT_COLUMNS " FROM event WHERE id > ? ORDER BY id LIMIT ?")
STATEMENT(EVENT_LAST, "SELECT max(id) FROM event")

STATEMENT(TASK_GET, "SELECT " TASK_COLUMNS " FROM task WHERE id = ?")
STATEMENT(TASK_ADD, "INSERT INTO task (repository, owner, state, created, changed) VALUES (?, ?, 'NEW', ?, ?)")
STATEMENT(TASK_SAVE, "UPDATE task SET shared = ?, fail_early = ?, test_only = ?, class = ?, message = ?, submitted = ?,"
	" started = ?, base = ?, build_ms = nullif(?, -1), test_ms = nullif(?, -1), merge_ms = nullif(?, -1), keep_root = ? WHERE id = ?")
STATEMENT(TASK_HOLD, "UPDATE task SET hold = ? WHERE id = ?")
STATEMENT(TASK_BEGAN, "SELECT coalesce(max(id) FILTER (WHERE state = 'BUILDING'), 0) >"
	" coalesce(max(id) FILTER (WHERE state = 'AWAITING'), 0) FROM event WHERE task = ? AND kind = 'task'")
STATEMENT(TASK_REMOVE, "DELETE FROM task WHERE id = ?")
STATEMENT(TASK_MOVE, "UPDATE task SET state = ?, try = ?, iter = ?, reason = ?, changed = ? WHERE id = ? AND state = ?")
STATEMENT(TASK_NEWEST, "SELECT " TASK_COLUMNS TASK_WHERE "DESC LIMIT ?4")
STATEMENT(TASK_OLDEST, "SELECT " TASK_COLUMNS TASK_WHERE "LIMIT ?4")
STATEMENT(SUBTASK_SRPMS, "SELECT DISTINCT s.srpm FROM task t JOIN subtask s ON s.task = t.id WHERE t.owner = ? AND t.state <> 'DONE'"
	" AND s.kind = 'srpm' AND s.srpm <> ''")
STATEMENT(SUBTASK_FIND, "SELECT id, kind, epoch_s, user, dir, tag_name, tag_id, tag_author, commit_id, package, srpm_file,"
	" srpm, tree, copy_from, inherit_ok, inherited FROM subtask WHERE task = ? ORDER BY id")
STATEMENT(SUBTASK_SAVE, "INSERT OR REPLACE INTO subtask (task, id, kind, epoch_s, user, dir, tag_name, tag_id, tag_author,"
	" commit_id, package, srpm_file, srpm, tree, copy_from, inherit_ok, inherited)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(SUBTASK_BUILT, "UPDATE subtask SET package = ?, srpm = ?, srpm_file = ? WHERE task = ? AND id = ?")
STATEMENT(SUBTASK_PACKAGE, "SELECT package FROM subtask WHERE task = ? AND id = ?")
STATEMENT(SUBTASK_REMOVE, "DELETE FROM subtask WHERE task = ? AND id = ?")
STATEMENT(DEP_FIND, "SELECT dep FROM task_dep WHERE task = ? ORDER BY dep")
STATEMENT(DEP_ADD, "INSERT OR IGNORE INTO task_dep (task, dep) VALUES (?, ?)")
STATEMENT(DEP_DEL, "DELETE FROM task_dep WHERE task = ? AND dep = ?")
STATEMENT(DEP_WAITING, "SELECT t.id FROM task_dep d CROSS JOIN task t ON t.id = d.task WHERE d.dep = ? AND t.state = 'POSTPONED'"
	" ORDER BY t.id")
STATEMENT(ON_FIND, "SELECT dep, dep_try, dep_iter FROM task_on WHERE task = ? ORDER BY dep")
STATEMENT(ON_CLEAR, "DELETE FROM task_on WHERE task = ?")
STATEMENT(ON_ADD, "INSERT INTO task_on (task, dep, dep_try, dep_iter) VALUES (?, ?, ?, ?)")
STATEMENT(UNMET_CLEAR, "DELETE FROM task_unmet WHERE task = ?")
STATEMENT(UNMET_ADD, "INSERT OR IGNORE INTO task_unmet (task, source) VALUES (?, ?)")
STATEMENT(UNMET_FIND, "SELECT source FROM task_unmet WHERE task = ? ORDER BY source")

STATEMENT(JOB_GET, "SELECT " JOB_COLUMNS " FROM job WHERE id = ?")
STATEMENT(JOB_OF_TASK, "SELECT " JOB_COLUMNS " FROM job WHERE task = ? ORDER BY id")
STATEMENT(JOB_OPEN, "SELECT " JOB_COLUMNS " FROM job WHERE " JOB_IS_OPEN("state") " ORDER BY id")
STATEMENT(JOB_READY, "SELECT " JOB_COLUMNS " FROM job WHERE task = ? AND state = 'waiting' AND NOT EXISTS"
	" (SELECT 1 FROM job_dep d JOIN job n ON n.id = d.needs WHERE d.job = job.id AND n.state <> 'done') ORDER BY id")
STATEMENT(JOB_ADD, "INSERT INTO job (task, subtask, arch, kind, state, queued) VALUES (?, ?, ?, ?, ?, ?)")
STATEMENT(JOB_SAVE, "UPDATE job SET state = ?, attempt = ?, tries = ?, builder = ?, lease = ?, not_before = ?, queued = ?,"
	" started = ?, finished = ?, reason = ?, log = ?, result = ?, root = ?, elapsed_ms = ?, cpu_ms = ?, memory = ?, disk = ? WHERE id = ?")
STATEMENT(JOB_START, "UPDATE job SET state = 'running', attempt = ?, builder = ?, lease = ?, started = ? WHERE id = ?")
STATEMENT(JOB_BRIEF, "SELECT j.task, j.subtask, j.arch, j.kind, t.repository, t.base, t.keep_root, s.package, s.kind, s.srpm, s.srpm_file,"
	" s.tree, s.epoch_s, n.limits, max(u.elapsed_ms), max(u.cpu_ms), max(u.memory), max(u.disk),"
	" EXISTS (SELECT 1 FROM task_on o WHERE o.task = j.task) OR EXISTS (SELECT 1 FROM subtask d WHERE d.task = j.task AND d.kind = 'delete')"
	" OR EXISTS (SELECT 1 FROM output o WHERE o.task = j.task AND o.kind = 'rpm')"
	" FROM job j CROSS JOIN task t ON t.id = j.task AND t.state = 'BUILDING' AND t.hold = '' LEFT JOIN subtask s ON s.task = j.task AND s.id = j.subtask"
	" LEFT JOIN needs n ON n.repository = t.repository AND n.package = s.package"
	" LEFT JOIN usage u ON u.package = s.package AND u.arch = j.arch AND u.kind = j.kind WHERE j.id = ? AND j.state = 'queued' GROUP BY j.id")
STATEMENT(JOB_IDS, "SELECT id FROM job WHERE task = ?")
STATEMENT(JOB_TESTED, "SELECT arch FROM job WHERE task = ? AND kind = 'test' AND started IS NOT NULL AND started > 0")
STATEMENT(JOB_PEERS, "SELECT 1 FROM job p INDEXED BY job_open, job j WHERE " JOB_IS_OPEN("p.state")
	" AND p.state <> 'waiting' AND p.task = ?1 AND j.id = ?2 AND p.kind = j.kind AND p.arch = j.arch AND p.id <> j.id LIMIT 1")
STATEMENT(JOB_FREED, "SELECT " JOB_COLUMNS " FROM job WHERE state = 'waiting' AND id IN (SELECT job FROM job_dep WHERE needs = ?)"
	" AND NOT EXISTS (SELECT 1 FROM job_dep d JOIN job n ON n.id = d.needs WHERE d.job = job.id AND n.state <> 'done') ORDER BY id")
STATEMENT(JOB_CLOSE, "UPDATE job SET state = 'cancelled', finished = ? WHERE task = ? AND " JOB_IS_OPEN("state"))
STATEMENT(TASK_STALLED, "SELECT id FROM task WHERE state = 'BUILDING' AND NOT EXISTS (SELECT 1 FROM job INDEXED BY job_open"
	" WHERE " JOB_IS_OPEN("job.state") " AND job.task = task.id)")
STATEMENT(TASK_LEFTOVER, "SELECT DISTINCT j.task FROM job j JOIN task t ON t.id = j.task"
	" WHERE " JOB_IS_OPEN("j.state") " AND t.state <> 'BUILDING'")
STATEMENT(TASK_IDS, "SELECT id FROM task WHERE state IN ('AWAITING', 'POSTPONED') ORDER BY id")
STATEMENT(JOB_USUAL, "SELECT kind, avg(elapsed_ms) FROM (SELECT kind, elapsed_ms FROM job WHERE state = 'done' AND elapsed_ms > 0"
	" ORDER BY id DESC LIMIT 1000) GROUP BY kind")
STATEMENT(LIVE_ALL, "SELECT " LIVE_COLUMNS " FROM job j INDEXED BY job_open" LIVE_JOIN LIVE_OPEN)
STATEMENT(LIVE_OF_TASK, "SELECT " LIVE_COLUMNS " FROM job j INDEXED BY job_open" LIVE_JOIN LIVE_OPEN " AND j.task = ?")
STATEMENT(LIVE_GET, "SELECT " LIVE_COLUMNS " FROM job j" LIVE_JOIN " WHERE j.id = ? AND j.state IN ('queued', 'running')")
STATEMENT(JOB_NEEDS, "INSERT OR IGNORE INTO job_dep (job, needs) VALUES (?, ?)")
STATEMENT(JOB_FORGET, "DELETE FROM job WHERE task = ?")
STATEMENT(OUTPUT_ADD, "INSERT OR REPLACE INTO output (task, subtask, arch, kind, file, sha256, facts, identity,"
	" kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(OUTPUT_FIND, "SELECT subtask, arch, kind, file, sha256, facts, identity, kept FROM output WHERE task = ?"
	" ORDER BY subtask, arch, kind, file")
STATEMENT(OUTPUT_FORGET, "DELETE FROM output WHERE task = ?")
STATEMENT(USAGE_ADD, "INSERT OR REPLACE INTO usage (package, arch, kind, job, at, elapsed_ms, cpu_ms, memory, disk)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(USAGE_TRIM, "DELETE FROM usage WHERE package = ?1 AND arch = ?2 AND kind = ?3 AND job <="
	" (SELECT job FROM usage WHERE package = ?1 AND arch = ?2 AND kind = ?3 ORDER BY job DESC LIMIT 1 OFFSET ?4)")
STATEMENT(BUILDER_SEEN, "INSERT INTO builder (name, arches, features, slots, memory, seen, online)"
	" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?7 OR EXISTS (SELECT 1 FROM builder WHERE name = ?1) ON CONFLICT (name) DO UPDATE SET arches = excluded.arches, features = excluded.features, slots = excluded.slots,"
	" memory = excluded.memory, seen = excluded.seen, online = excluded.online")
STATEMENT(BUILDER_OFFLINE, "UPDATE builder SET online = 0")
STATEMENT(BUILDER_MODE, "UPDATE builder SET mode = ?, why = ? WHERE name = ?")
STATEMENT(BUILDER_REMOVE, "DELETE FROM builder WHERE name = ?")
STATEMENT(BUILDER_GET, "SELECT " BUILDER_COLUMNS " FROM builder WHERE name = ?")
STATEMENT(BUILDER_FIND, "SELECT " BUILDER_COLUMNS ", coalesce(n, 0) FROM builder LEFT JOIN (SELECT builder AS at, count(*) AS n"
	" FROM job INDEXED BY job_open WHERE state = 'running' GROUP BY builder) ON at = name ORDER BY name")

STATEMENT(SETTING_GET, "SELECT CAST(value AS INTEGER) FROM setting WHERE name = ?")
STATEMENT(SETTING_SET, "INSERT OR REPLACE INTO setting (name, value) VALUES (?, CAST(? AS TEXT))")
STATEMENT(NEEDS_FIND, "SELECT package, features, limits FROM needs WHERE repository = ? ORDER BY package")
STATEMENT(NEEDS_GET, "SELECT package, features, limits FROM needs WHERE repository = ? AND package = ?")
STATEMENT(NEEDS_SET, "INSERT OR REPLACE INTO needs (repository, package, features, limits) VALUES (?, ?, ?, ?)")
STATEMENT(NEEDS_DEL, "DELETE FROM needs WHERE repository = ? AND package = ?")
STATEMENT(NEEDS_TASKS, "SELECT DISTINCT t.id FROM task t JOIN subtask s ON s.task = t.id"
	" WHERE t.state = 'BUILDING' AND t.repository = ? AND s.package = ?")
STATEMENT(READER_GET, "SELECT event FROM reader WHERE name = ?")
STATEMENT(READER_SET, "INSERT OR REPLACE INTO reader (name, event) VALUES (?, ?)")

STATEMENT(USER_GET, "SELECT admin, disabled, weight, max_running FROM user WHERE name = ?")
STATEMENT(USER_ADD, "INSERT INTO user (name, created, admin) VALUES (?, ?, ?)")
STATEMENT(USER_SHARE, "UPDATE user SET weight = ?, max_running = ? WHERE name = ?")
STATEMENT(USER_MAIL, "UPDATE user SET mail = ? WHERE name = ?")
STATEMENT(USER_MAIL_GET, "SELECT mail FROM user WHERE name = ? AND NOT disabled")
STATEMENT(USER_FIND, "SELECT name, admin, disabled, (SELECT count(*) FROM signing_key k WHERE k.user = user.name),"
	" weight, max_running FROM user ORDER BY name")
STATEMENT(USER_SPENT, "SELECT spent FROM user WHERE name = ?")
STATEMENT(USER_SPEND, "UPDATE user SET spent = ? WHERE name = ?")
STATEMENT(QUOTA_GET, "SELECT coalesce((SELECT value FROM quota WHERE user = ?1 AND name = ?2),"
	" (SELECT value FROM quota WHERE user = '' AND name = ?2), ?3), coalesce((SELECT admin FROM user WHERE name = ?1), 0)")
STATEMENT(QUOTA_LINE, "SELECT value FROM quota WHERE user = ? AND name = ?")
STATEMENT(QUOTA_SET, "INSERT OR REPLACE INTO quota (user, name, value) VALUES (?, ?, ?)")
STATEMENT(QUOTA_DEL, "DELETE FROM quota WHERE user = ? AND name = ?")
STATEMENT(QUOTA_TASKS, "SELECT count(*) FROM task INDEXED BY task_unfinished WHERE owner = ? AND " TASK_IS_UNFINISHED("state"))
/* One look into job_open for each task that has jobs, none at the jobs of others; what has not begun counts as it is expected. */
STATEMENT(QUOTA_JOBS, "SELECT coalesce(sum(iif(t.state = 'BUILDING',"
	" (SELECT count(*) FROM job INDEXED BY job_open WHERE state = 'queued' AND task = t.id)"
	" + (SELECT count(*) FROM job INDEXED BY job_open WHERE state = 'running' AND task = t.id)"
	" + (SELECT count(*) FROM job INDEXED BY job_open WHERE state = 'waiting' AND task = t.id), " JOBS_EXPECTED("t") ")), 0)"
	" FROM task t INDEXED BY task_unfinished WHERE t.owner = ? AND " TASK_IS_UNFINISHED("t.state")
	" AND t.state IN ('BUILDING', 'AWAITING', 'POSTPONED')")
STATEMENT(TASK_NEEDS_DIR, "SELECT t.id, t.owner FROM task t INDEXED BY task_unfinished WHERE " TASK_IS_UNFINISHED("t.state")
	" AND EXISTS (SELECT 1 FROM subtask s WHERE s.task = t.id AND s.dir = ?) ORDER BY t.id LIMIT 1")
STATEMENT(QUOTA_EXPECT, "SELECT " JOBS_EXPECTED("t") ", t.owner FROM task t WHERE t.id = ?")
STATEMENT(USER_LIST, "SELECT name, admin, disabled, (SELECT count(*) FROM signing_key k WHERE k.user = user.name),"
	" (SELECT count(*) FROM login_key l WHERE l.user = user.name), weight, max_running, why, mail, created FROM user"
	" WHERE ?1 IS NULL OR name = ?1 ORDER BY name")
STATEMENT(USER_WHY, "SELECT why FROM user WHERE name = ?")
STATEMENT(USER_DISABLE, "UPDATE user SET disabled = ?, why = ? WHERE name = ?")
STATEMENT(USER_ADMIN, "UPDATE user SET admin = ? WHERE name = ?")
STATEMENT(USER_ADMINS, "SELECT count(*) FROM user WHERE admin AND NOT disabled AND name <> ?")
STATEMENT(USER_TRACE, "SELECT CASE WHEN EXISTS (SELECT 1 FROM task WHERE owner = ?1) THEN 'tasks'"
	" WHEN EXISTS (SELECT 1 FROM subtask WHERE user = ?1) THEN 'subtasks in tasks'"
	" WHEN EXISTS (SELECT 1 FROM approval WHERE user = ?1) THEN 'approvals' ELSE '' END")
STATEMENT(USER_DEL, "DELETE FROM user WHERE name = ?")
STATEMENT(USER_DEL_KEYS, "DELETE FROM signing_key WHERE user = ?")
STATEMENT(USER_DEL_LOGINS, "DELETE FROM login_key WHERE user = ?")
STATEMENT(USER_DEL_QUOTAS, "DELETE FROM quota WHERE user = ?")
STATEMENT(KEY_OTHER, "SELECT user FROM signing_key WHERE fingerprint = ? AND user <> ? LIMIT 1")
STATEMENT(KEY_HAS, "SELECT 1 FROM signing_key WHERE user = ? AND fingerprint = ?")
STATEMENT(LOGIN_HAS, "SELECT 1 FROM login_key WHERE user = ? AND fingerprint = ?")
STATEMENT(KEY_DEL, "DELETE FROM signing_key WHERE user = ? AND fingerprint = ?")
STATEMENT(LOGIN_DEL, "DELETE FROM login_key WHERE user = ? AND fingerprint = ?")
STATEMENT(LOGIN_COUNT, "SELECT count(*) FROM login_key WHERE user = ?")
STATEMENT(LOGIN_ALL, "SELECT l.user, l.fingerprint, l.text FROM login_key l JOIN user u ON u.name = l.user WHERE NOT u.disabled"
	" ORDER BY l.user, l.added, l.fingerprint")
STATEMENT(KEY_LIST, "SELECT user, 'sign', kind, fingerprint, added FROM signing_key WHERE ?1 IS NULL OR user = ?1"
	" UNION ALL SELECT user, 'login', 'ssh', fingerprint, added FROM login_key WHERE ?1 IS NULL OR user = ?1 ORDER BY 1, 2 DESC, 5, 4")
STATEMENT(KEY_ADD, "INSERT OR REPLACE INTO signing_key (user, fingerprint, kind, text, added) VALUES (?, ?, ?, ?, ?)")
STATEMENT(KEY_ALL, "SELECT k.user, k.kind, k.fingerprint, k.text FROM signing_key k JOIN user u ON u.name = k.user"
	" WHERE NOT u.disabled ORDER BY k.user, k.fingerprint")
STATEMENT(LOGIN_ADD, "INSERT INTO login_key (fingerprint, user, text, added) VALUES (?, ?, ?, ?)")
STATEMENT(LOGIN_GET, "SELECT user, text FROM login_key WHERE fingerprint = ?")
STATEMENT(ACL_FIND, "SELECT member FROM acl WHERE repository = ? AND item = ? ORDER BY seq")
STATEMENT(ACL_HAS, "SELECT 1 FROM acl WHERE repository = ? AND item = ? AND member = ?")
STATEMENT(ACL_NAMING, "SELECT item FROM acl INDEXED BY acl_member WHERE repository = ? AND member = ? ORDER BY item")
STATEMENT(ACL_OF_USER, "SELECT repository, item FROM acl WHERE member = ? ORDER BY repository, item")
STATEMENT(ACL_ALL, "SELECT item, member FROM acl WHERE repository = ? ORDER BY item NOT GLOB '@*', item, seq")
STATEMENT(ACL_CLEAR, "DELETE FROM acl WHERE repository = ? AND item = ?")
STATEMENT(ACL_PUT, "INSERT INTO acl (repository, item, seq, member) VALUES (?, ?, ?, ?)")
STATEMENT(ACL_BRING, "INSERT INTO acl (repository, item, seq, member) SELECT ?1, ?2, 1, ?3"
	" WHERE NOT EXISTS (SELECT 1 FROM acl WHERE repository = ?1 AND item = ?2)")
STATEMENT(APPROVAL_ADD, "INSERT INTO approval (task, subtask, user, verdict, text, at) VALUES (?, ?, ?, ?, ?, ?)")
STATEMENT(APPROVAL_DEL, "DELETE FROM approval WHERE task = ? AND subtask = ? AND user = ?")
STATEMENT(APPROVAL_REVOKE, "DELETE FROM approval WHERE task = ? AND subtask = ? AND user = ? AND verdict = ?")
STATEMENT(APPROVAL_LAPSE, "DELETE FROM approval WHERE task = ? AND subtask = ? AND verdict = 'approve'")
STATEMENT(APPROVAL_FORGET, "DELETE FROM approval WHERE task = ? AND subtask = ?")
STATEMENT(APPROVAL_ALL, "SELECT user, verdict FROM approval WHERE task = ? AND subtask = ? ORDER BY user")

STATEMENT(REPO_GET, "SELECT serial, base_group, accept_unsigned, compression, sign_key, keep_states, allow, limits, network, sanity,"
	" unlisted, new_owner FROM repository WHERE name = ?")
STATEMENT(REPO_UNLISTED, "SELECT unlisted FROM repository WHERE name = ?")
STATEMENT(REPO_NAMES, "SELECT name FROM repository ORDER BY name")
STATEMENT(REPO_ARCHES, "SELECT arch FROM repository_arch WHERE repository = ? ORDER BY arch")
STATEMENT(REPO_ADD, "INSERT INTO repository (name, created, base_group, accept_unsigned) VALUES (?, ?, ?, ?)")
STATEMENT(REPO_ARCH_ADD, "INSERT INTO repository_arch (repository, arch) VALUES (?, ?)")
STATEMENT(REPO_SAVE, "UPDATE repository SET base_group = ?, accept_unsigned = ?, compression = ?, sign_key = ?, keep_states = ?,"
	" allow = ?, limits = ?, network = ?, sanity = ?, unlisted = ?, new_owner = ? WHERE name = ?")
STATEMENT(REPO_SERIAL, "UPDATE repository SET serial = ? WHERE name = ?")
STATEMENT(PACKAGE_PUT, "INSERT OR IGNORE INTO package (sha256, file, name, evr, arch, source, facts, identity)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(PACKAGE_IDENTIFY, "UPDATE package SET identity = ? WHERE sha256 = ? AND identity = ''")
STATEMENT(MEMBER_FIND, "SELECT p.sha256, p.file, p.name, p.evr, p.arch, p.source, p.facts FROM member m"
	" JOIN package p ON p.sha256 = m.sha256 WHERE m.repository = ?1 AND m.arch = ?2 AND m.until IS NULL"
	" AND (?3 IS NULL OR m.source = ?3) ORDER BY p.name, p.sha256")
STATEMENT(MEMBER_SOURCES, "SELECT DISTINCT m.source FROM package p CROSS JOIN member m ON m.sha256 = p.sha256"
	" WHERE p.name = ?3 AND m.repository = ?1 AND m.arch = ?2 AND m.until IS NULL")
STATEMENT(MEMBER_ADD, "INSERT INTO member (repository, arch, sha256, source, since) VALUES (?, ?, ?, ?, ?)")
STATEMENT(MEMBER_LIKE, "SELECT p.sha256, p.file, p.facts FROM member m INDEXED BY member_current JOIN package p ON p.sha256 = m.sha256"
	" WHERE m.repository = ? AND m.source = ? AND m.arch = ? AND m.until IS NULL AND p.identity = ?")
STATEMENT(MEMBER_REOPEN, "UPDATE member SET until = NULL WHERE repository = ? AND arch = ? AND sha256 = ? AND until = ?")
STATEMENT(MEMBER_CLOSE, "UPDATE member INDEXED BY member_current SET until = ? WHERE repository = ? AND arch = ? AND source = ?"
	" AND until IS NULL")
STATEMENT(SOURCE_GET, "SELECT evr, srpm, srpm_file, task FROM source_member WHERE repository = ? AND source = ? AND until IS NULL")
STATEMENT(SOURCE_ADD, "INSERT INTO source_member (repository, source, evr, srpm, srpm_file, task, since)"
	" VALUES (?, ?, ?, ?, ?, nullif(?, 0), ?)")
STATEMENT(SOURCE_FIND, "SELECT source, evr, srpm, srpm_file, task FROM source_member WHERE repository = ? AND until IS NULL ORDER BY source")
STATEMENT(SOURCE_SET_SRPM, "UPDATE source_member SET evr = ?, srpm = ?, srpm_file = ? WHERE repository = ? AND source = ?"
	" AND until IS NULL AND task IS NULL AND coalesce(srpm, '') = ''")
STATEMENT(SOURCE_CLOSE, "UPDATE source_member SET until = ? WHERE repository = ? AND source = ? AND until IS NULL")
STATEMENT(MEMBER_BACK_CLOSE, "UPDATE member SET until = ?3 WHERE repository = ?1 AND until IS NULL AND since > ?2")
STATEMENT(MEMBER_BACK_OPEN, "INSERT INTO member (repository, arch, sha256, source, since) SELECT repository, arch, sha256, source, ?3"
	" FROM member WHERE repository = ?1 AND since <= ?2 AND until > ?2")
STATEMENT(SOURCE_BACK_CLOSE, "UPDATE source_member SET until = ?3 WHERE repository = ?1 AND until IS NULL AND since > ?2")
STATEMENT(SOURCE_BACK_OPEN, "INSERT INTO source_member (repository, source, evr, srpm, srpm_file, task, since)"
	" SELECT repository, source, evr, srpm, srpm_file, task, ?3 FROM source_member"
	" WHERE repository = ?1 AND since <= ?2 AND until > ?2")
STATEMENT(STATE_SERIALS, "SELECT DISTINCT serial FROM state_file WHERE repository = ? ORDER BY serial DESC")
STATEMENT(STATE_NEEDED, "SELECT DISTINCT base FROM task WHERE repository = ? AND base IS NOT NULL"
	" AND state NOT IN ('DONE', 'CANCELLED')")
STATEMENT(STATE_FORGET, "DELETE FROM state_file WHERE repository = ? AND serial = ?")
STATEMENT(MEMBER_ENDED, "SELECT m.arch, m.sha256, m.since, m.until, p.file FROM member m JOIN package p ON p.sha256 = m.sha256"
	" WHERE m.repository = ? AND m.until IS NOT NULL ORDER BY m.sha256")
STATEMENT(MEMBER_FORGET, "DELETE FROM member WHERE repository = ? AND arch = ? AND sha256 = ? AND since = ?")
STATEMENT(MEMBER_COUNT, "SELECT count(*) FROM member WHERE repository = ? AND sha256 = ?")
STATEMENT(OUTPUT_EXPIRE, "DELETE FROM output WHERE task IN (SELECT t.task FROM merge_task t JOIN merge m ON m.id = t.merge"
	" WHERE m.repository = ? AND m.state = 'DONE' AND m.serial < ?)")
STATEMENT(PACKAGE_EXPIRE, "DELETE FROM package WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.sha256 = package.sha256)"
	" AND NOT EXISTS (SELECT 1 FROM output o WHERE o.sha256 = package.sha256)")
STATEMENT(ARTEFACT_REFERENCES, "SELECT sha256 FROM state_file UNION SELECT sha256 FROM package UNION SELECT facts FROM package"
	" UNION SELECT sha256 FROM output UNION SELECT facts FROM output UNION SELECT srpm FROM subtask UNION SELECT tree FROM subtask"
	" UNION SELECT srpm FROM source_member WHERE srpm IS NOT NULL UNION SELECT log FROM job")
STATEMENT(STATE_FILE_PUT, "INSERT OR REPLACE INTO state_file (repository, serial, arch, kind, sha256) VALUES (?, ?, ?, ?, ?)")
STATEMENT(STATE_FILE_DROP, "DELETE FROM state_file WHERE repository = ? AND serial = ? AND arch = ? AND kind = ?")
STATEMENT(STATE_FILE_GET, "SELECT sha256 FROM state_file WHERE repository = ? AND serial = ? AND arch = ? AND kind = ?")

STATEMENT(MERGE_ADD, "INSERT INTO merge (repository, base, serial, state, checker, started, kind, published)"
	" VALUES (?, ?, ?, 'PREPARED', ?, ?, ?, ?)")
STATEMENT(MERGE_TASK_ADD, "INSERT INTO merge_task (merge, seq, task) VALUES (?, ?, ?)")
STATEMENT(MERGE_SET, "UPDATE merge SET state = ?, finished = CASE WHEN ? IN ('DONE', 'ABANDONED') THEN ? END WHERE id = ?")
STATEMENT(MERGE_UNFINISHED, "SELECT " MERGE_COLUMNS " FROM merge WHERE repository = ? AND state IN ('PREPARED', 'CURRENT') ORDER BY id")
STATEMENT(MERGE_FIND, "SELECT " MERGE_COLUMNS " FROM merge WHERE ?1 IS NULL OR repository = ?1 ORDER BY id DESC LIMIT ?2")
STATEMENT(MERGE_OF_SERIAL, "SELECT " MERGE_COLUMNS " FROM merge WHERE repository = ? AND serial = ? AND state IN ('CURRENT', 'DONE')"
	" ORDER BY id DESC LIMIT 1")
STATEMENT(ATTEMPT_FIND, "SELECT report FROM attempt WHERE repository = ? AND base = ? AND checker = ? AND members = ?")
STATEMENT(ATTEMPT_ADD, "INSERT OR REPLACE INTO attempt (repository, base, checker, members, report) VALUES (?, ?, ?, ?, ?)")
STATEMENT(ATTEMPT_FORGET, "DELETE FROM attempt WHERE repository = ? AND base < ?")
STATEMENT(MERGE_TASKS, "SELECT task FROM merge_task WHERE merge = ? ORDER BY seq")

STATEMENT(GLANCE_STATES, "SELECT state, count(*) FROM task INDEXED BY task_state WHERE state IN ('NEW', 'AWAITING', 'POSTPONED', 'BUILDING',"
	" 'FAILED', 'BUILT', 'MERGING', 'TESTED', 'EPERM', 'CANCELLED') AND (?1 IS NULL OR repository = ?1) AND (?2 IS NULL OR owner = ?2)"
	" GROUP BY state")
STATEMENT(GLANCE_STATES_ALL, "SELECT state, count(*) FROM task INDEXED BY task_state WHERE state IN ('NEW', 'AWAITING', 'POSTPONED',"
	" 'BUILDING', 'FAILED', 'BUILT', 'MERGING', 'TESTED', 'EPERM', 'CANCELLED') GROUP BY state")
STATEMENT(GLANCE_QUEUES, "SELECT t.class, j.arch, sum(j.state = 'queued' AND t.hold = ''), sum(j.state = 'queued' AND t.hold <> ''),"
	" sum(j.state = 'waiting'), sum(j.state = 'running'), min(iif(j.state = 'queued' AND t.hold = '', j.queued, NULL))"
	" FROM job j INDEXED BY job_open JOIN task t ON t.id = j.task WHERE " JOB_IS_OPEN("j.state")
	" AND (?1 IS NULL OR t.repository = ?1) AND (?2 IS NULL OR t.owner = ?2) GROUP BY t.class, j.arch ORDER BY t.class, j.arch")
STATEMENT(GLANCE_RUNNING, "SELECT j.id, j.task, j.subtask, j.arch, j.kind, j.builder, j.started, j.attempt, t.owner, t.repository, t.class,"
	" coalesce(s.package, ''), (SELECT avg(u.elapsed_ms) FROM usage u WHERE u.package = s.package AND u.arch = j.arch AND u.kind = j.kind)"
	" FROM job j INDEXED BY job_open JOIN task t ON t.id = j.task LEFT JOIN subtask s ON s.task = j.task AND s.id = j.subtask"
	" WHERE j.state = 'running' AND (?1 IS NULL OR t.repository = ?1) AND (?2 IS NULL OR t.owner = ?2)")
STATEMENT(TASK_OF_STATE, "SELECT " TASK_COLUMNS " FROM task INDEXED BY task_state WHERE state = ?3 AND (?1 IS NULL OR repository = ?1)"
	" AND (?2 IS NULL OR owner = ?2) ORDER BY id DESC LIMIT ?4")
STATEMENT(GLANCE_PROGRESS, "SELECT kind, sum(state = 'done'), count(*) FROM job WHERE task = ? GROUP BY kind ORDER BY min(id)")
STATEMENT(GLANCE_DONE, "SELECT count(*), count(iif(m.started >= ?4, 1, NULL)) FROM merge m JOIN merge_task x ON x.merge = m.id WHERE m.id >"
	" coalesce((SELECT id FROM merge WHERE started < ?3 ORDER BY id DESC LIMIT 1), 0) AND m.kind = 'merge' AND m.state IN ('CURRENT', 'DONE')"
	" AND (?1 IS NULL OR m.repository = ?1) AND (?2 IS NULL OR (SELECT owner FROM task WHERE id = x.task) = ?2)")
STATEMENT(WAIT_NEEDS, "SELECT d.needs FROM job_dep d JOIN job n ON n.id = d.needs WHERE d.job = ? AND n.state <> 'done' ORDER BY d.needs")
STATEMENT(WAIT_HELD, "SELECT user, at FROM event WHERE task = ? AND state = 'held' ORDER BY id DESC LIMIT 1")
STATEMENT(WAIT_BATCH, "SELECT count(*), sum((t.class, coalesce(t.submitted, 0), t.id) <= (o.class, coalesce(o.submitted, 0), o.id)) FROM task o"
	" JOIN task t INDEXED BY task_state ON t.state = 'BUILT' AND t.repository = o.repository WHERE o.id = ?")
