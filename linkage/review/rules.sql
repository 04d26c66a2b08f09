-- The label store's triggers and views: what may be done, and what follows from the events. Made anew when an older store is
-- brought up to date.

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
CREATE TRIGGER who_was_found_is_named BEFORE INSERT ON event WHEN new.kind = 'answer' AND new.verdict = 'match' BEGIN
  SELECT RAISE(ABORT, 'nobody is picked')
    WHERE new.suggested IS NULL AND EXISTS (SELECT 1 FROM pair WHERE id = new.pair AND record_id_r = '');
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
    verdicts = (
      SELECT count(DISTINCT CASE WHEN verdict = 'match' AND record_id_r = '' THEN 'match ' || suggested ELSE verdict END)
      FROM current_answer WHERE pair = new.pair AND stage = 'blind'),
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

-- One row a finished pair. Reviewers who disagree (in a search also: who name different persons) are decided by the adjudicator;
-- where the review has none, by a strict majority, and without one the verdict is `unsure`. `found` is the person of a search.
-- `suggested` is the person that those who did not say `match` named as the right one, when they named one only.
CREATE VIEW verdict AS
  WITH given AS (
    SELECT answer.*, CASE WHEN record_id_r = '' AND verdict = 'match' THEN suggested END AS found
    FROM current_answer AS answer JOIN pair ON pair.id = answer.pair WHERE stage = 'blind'
  ), alike AS (
    SELECT pair, verdict, found, count(*) AS answers, max(id) AS last FROM given GROUP BY pair, verdict, found
  ), tally AS (
    SELECT pair, count(*) AS answers, max(at) AS at, max(id) AS last,
      count(*) FILTER (WHERE verdict = 'match') AS match_answers,
      count(*) FILTER (WHERE verdict = 'non_match') AS non_match_answers,
      count(*) FILTER (WHERE verdict = 'unsure') AS unsure_answers,
      CASE WHEN count(DISTINCT suggested) FILTER (WHERE verdict <> 'match') = 1
        THEN max(suggested) FILTER (WHERE verdict <> 'match') END AS suggested
    FROM given GROUP BY pair
  )
  SELECT tally.pair, tally.answers, match_answers, non_match_answers, unsure_answers, tally.suggested,
    coalesce(decided.verdict, most.verdict, 'unsure') AS verdict,
    CASE WHEN decided.verdict IS NULL THEN most.found WHEN decided.verdict = 'match' THEN decided.suggested END AS found,
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
  LEFT JOIN alike AS most ON most.pair = tally.pair AND 2 * most.answers > tally.answers
  JOIN event AS latest ON latest.id = coalesce(decided.id, most.last, tally.last)
  WHERE decided.verdict IS NOT NULL OR adjudication.value = 'no' OR most.answers = tally.answers;
