-- The label store. `event` is the truth: rows are only ever added. What stands beside it is either a snapshot of the
-- run's tables (setting, pair, record, runner_up), people (account, session), or working state that the events and
-- leases rule (assignment and the counters of pair). Times are milliseconds since 1970, UTC.

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  role TEXT NOT NULL CHECK (role IN ('reviewer', 'adjudicator', 'manager')),
  password TEXT NOT NULL,
  active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  csrf TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE record (
  side TEXT NOT NULL CHECK (side IN ('l', 'r')),
  record_id TEXT NOT NULL,
  fields TEXT NOT NULL,
  fingerprint TEXT,
  PRIMARY KEY (side, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE runner_up (
  record_id_l TEXT NOT NULL,
  record_id_r TEXT NOT NULL,
  PRIMARY KEY (record_id_l, record_id_r)
) STRICT, WITHOUT ROWID;

-- `id` is the place in the randomised order and all that a reviewer ever sees of a pair's identity.
CREATE TABLE pair (
  id INTEGER PRIMARY KEY,
  pair_id TEXT,
  record_id_l TEXT NOT NULL,
  record_id_r TEXT NOT NULL,
  stratum TEXT,
  known_verdict TEXT CHECK (known_verdict IN ('match', 'non_match')),
  differing TEXT NOT NULL,
  in_use INTEGER NOT NULL DEFAULT 1 CHECK (in_use IN (0, 1)),
  open_slots INTEGER NOT NULL CHECK (open_slots >= 0),
  answers INTEGER NOT NULL DEFAULT 0,
  verdicts INTEGER NOT NULL DEFAULT 0,
  adjudicated INTEGER NOT NULL DEFAULT 0,
  UNIQUE (record_id_l, record_id_r),
  CHECK ((known_verdict IS NULL) OR (stratum IS NULL))
) STRICT;
CREATE INDEX pair_open ON pair (id) WHERE open_slots > 0 AND in_use = 1;
CREATE INDEX pair_disputed ON pair (id) WHERE verdicts > 1 AND adjudicated = 0;

-- Double-blind: a slot of a pair belongs to one reviewer, and a reviewer has at most one slot of a pair.
CREATE TABLE assignment (
  pair INTEGER NOT NULL REFERENCES pair (id),
  slot INTEGER NOT NULL CHECK (slot BETWEEN 1 AND 5),
  reviewer INTEGER NOT NULL REFERENCES account (id),
  leased_until INTEGER NOT NULL,
  shown_at INTEGER,
  suggested TEXT,
  answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
  through TEXT NOT NULL DEFAULT 'web' CHECK (through IN ('web', 'workbook')),
  PRIMARY KEY (pair, slot),
  UNIQUE (pair, reviewer)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignment_open ON assignment (reviewer, leased_until) WHERE answered = 0;
CREATE INDEX assignment_lapsing ON assignment (leased_until) WHERE answered = 0;

CREATE TABLE adjudication (
  pair INTEGER PRIMARY KEY REFERENCES pair (id),
  adjudicator INTEGER NOT NULL REFERENCES account (id),
  leased_until INTEGER NOT NULL,
  shown_at INTEGER
) STRICT;

CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('answer', 'undo', 'outdated', 'skip', 'search')),
  stage TEXT NOT NULL CHECK (stage IN ('blind', 'adjudication')),
  pair INTEGER NOT NULL REFERENCES pair (id),
  person INTEGER NOT NULL REFERENCES account (id),
  verdict TEXT CHECK (verdict IN ('match', 'non_match', 'unsure')),
  reason TEXT NOT NULL DEFAULT '' CHECK (reason IN ('', 'twins', 'name_changed', 'date_missing', 'illegible', 'other')),
  comment TEXT NOT NULL DEFAULT '' CHECK (length(comment) <= 2000),
  suggested TEXT,
  seconds REAL CHECK (seconds >= 0),
  page_version TEXT NOT NULL,
  through TEXT NOT NULL CHECK (through IN ('web', 'workbook', 'load')),
  judged_fields TEXT,
  judged_l TEXT,
  judged_r TEXT,
  form_key TEXT NOT NULL UNIQUE,
  CHECK ((kind = 'answer') = (verdict IS NOT NULL))
) STRICT;
-- `judged_…`: of an answer, the fingerprints of the two records as they were shown and the fields these are of. An answer is
-- `outdated` when the review set is loaded and a record has changed since: it stands no longer, and the pair is given out again.
-- Over all kinds: SQLite does not see that `kind = 'answer'` implies `kind IN (…)` of a partial index, and would read the whole log.
CREATE INDEX event_of_pair ON event (pair, stage, person, id);
CREATE INDEX event_of_person ON event (person, id, at);
CREATE INDEX event_skipped ON event (person, pair) WHERE kind = 'skip';

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
  SELECT RAISE(ABORT, 'the event log is append-only');
END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event BEGIN
  SELECT RAISE(ABORT, 'the event log is append-only');
END;

-- Who may speak: the blind stage needs an assignment and an undecided pair; the adjudicator labelled the pair never.
CREATE TRIGGER blind_events_need_an_assignment BEFORE INSERT ON event
WHEN new.stage = 'blind' AND new.kind IN ('answer', 'undo') BEGIN
  SELECT RAISE(ABORT, 'not assigned')
    WHERE NOT EXISTS (SELECT 1 FROM assignment WHERE pair = new.pair AND reviewer = new.person);
  SELECT RAISE(ABORT, 'already decided') WHERE (SELECT adjudicated FROM pair WHERE id = new.pair) = 1;
END;
CREATE TRIGGER adjudicators_labelled_neither BEFORE INSERT ON event WHEN new.stage = 'adjudication' AND new.kind IN ('answer', 'undo') BEGIN
  SELECT RAISE(ABORT, 'labelled by the same person') WHERE EXISTS (
    SELECT 1 FROM event WHERE pair = new.pair AND person = new.person AND stage = 'blind' AND kind = 'answer');
  SELECT RAISE(ABORT, 'not in dispute') WHERE NOT EXISTS (
    SELECT 1 FROM pair JOIN setting ON setting.name = 'reviewers_per_pair'
    WHERE pair.id = new.pair AND verdicts > 1 AND answers >= CAST(setting.value AS INTEGER));
END;

-- The answer each person stands by: their last answer to the pair unless they undid it.
CREATE VIEW current_answer AS
  SELECT * FROM event AS last
  WHERE kind = 'answer' AND NOT EXISTS (
    SELECT 1 FROM event AS later
    WHERE later.pair = last.pair AND later.stage = last.stage AND later.person = last.person AND later.id > last.id
      AND later.kind IN ('answer', 'undo', 'outdated'));

CREATE TRIGGER events_move_the_working_state AFTER INSERT ON event WHEN new.kind IN ('answer', 'undo', 'outdated') BEGIN
  UPDATE assignment SET answered = (new.kind = 'answer')
    WHERE new.stage = 'blind' AND pair = new.pair AND reviewer = new.person;
  UPDATE pair SET
    answers = (SELECT count(*) FROM current_answer WHERE pair = new.pair AND stage = 'blind'),
    verdicts = (SELECT count(DISTINCT verdict) FROM current_answer WHERE pair = new.pair AND stage = 'blind'),
    adjudicated = (SELECT count(*) FROM current_answer WHERE pair = new.pair AND stage = 'adjudication')
    WHERE id = new.pair;
END;
CREATE TRIGGER assignments_take_a_slot AFTER INSERT ON assignment BEGIN
  UPDATE pair SET open_slots = open_slots - 1 WHERE id = new.pair;
END;
CREATE TRIGGER assignments_return_their_slot AFTER DELETE ON assignment BEGIN
  UPDATE pair SET open_slots = open_slots + 1 WHERE id = old.pair;
END;
CREATE TRIGGER answered_assignments_stay BEFORE DELETE ON assignment WHEN old.answered = 1 BEGIN
  SELECT RAISE(ABORT, 'an answered assignment is kept');
END;

-- One row a finished pair. `suggested` is the person that those who did not say `match` named as the right one, when they named
-- one only. Reviewers who disagree are decided by the adjudicator; where the review has none, by a strict majority, and without
-- one the verdict is `unsure`.
CREATE VIEW verdict AS
  WITH tally AS (
    SELECT pair, count(*) AS answers, max(at) AS at, max(id) AS last,
      count(*) FILTER (WHERE verdict = 'match') AS match_answers,
      count(*) FILTER (WHERE verdict = 'non_match') AS non_match_answers,
      count(*) FILTER (WHERE verdict = 'unsure') AS unsure_answers,
      CASE WHEN count(DISTINCT suggested) FILTER (WHERE verdict <> 'match') = 1
        THEN max(suggested) FILTER (WHERE verdict <> 'match') END AS suggested
    FROM current_answer WHERE stage = 'blind' GROUP BY pair
  )
  SELECT tally.pair, tally.answers, match_answers, non_match_answers, unsure_answers,
    tally.suggested,
    CASE
      WHEN decided.verdict IS NOT NULL THEN decided.verdict
      WHEN 2 * match_answers > tally.answers THEN 'match'
      WHEN 2 * non_match_answers > tally.answers THEN 'non_match'
      ELSE 'unsure'
    END AS verdict,
    CASE
      WHEN decided.verdict IS NOT NULL THEN 'adjudicated'
      WHEN wanted.value = '1' THEN 'single'
      ELSE 'agreement'
    END AS how,
    max(tally.at, coalesce(decided.at, 0)) AS labelled_at,
    latest.judged_fields, latest.judged_l AS fingerprint_l, latest.judged_r AS fingerprint_r
  FROM tally
  JOIN setting AS wanted ON wanted.name = 'reviewers_per_pair' AND tally.answers >= CAST(wanted.value AS INTEGER)
  JOIN setting AS adjudication ON adjudication.name = 'adjudication'
  LEFT JOIN current_answer AS decided ON decided.pair = tally.pair AND decided.stage = 'adjudication'
  JOIN event AS latest ON latest.id = max(tally.last, coalesce(decided.id, 0))
  WHERE decided.verdict IS NOT NULL OR adjudication.value = 'no'
    OR max(match_answers, non_match_answers, unsure_answers) = tally.answers;
