-- The label store's tables; its triggers and views are in rules.sql. `event` is the truth: rows are only ever added. What stands
-- beside it is either a snapshot of the run's tables (setting, pair, record, runner_up), people (account, session), or working
-- state that the events and leases rule (assignment and the counters of pair). Times are milliseconds since 1970, UTC.

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

-- `id` is the place in the randomised order and all that a reviewer ever sees of a pair's identity. Without a person
-- (`record_id_r` is empty) it is a search: the population is searched for the mention, `pair_id` is its `search_id`, `match`
-- means that the person named in `suggested` is the mention's, `non_match` that nobody is.
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
  shown_at INTEGER,
  suggested TEXT
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
