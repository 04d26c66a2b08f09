"""Every outcome planted once; exactly one outcome a record; the law's routing; the file of codes."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from reconcilekit import ENTRY, PERSON, findings, make_run, reconcile

from linkage.errors import ProjectFileError
from linkage.reconcile import outcomes, read_codes
from linkage.reconcile.codes import CIVIL_STATUS_ACTS, FINDINGS, OUTCOMES_FILE, routings
from linkage.reconcile.summaries import BREAKDOWNS, summarise_outcomes
from linkage.runs.sql import connect

BORN_DIGITAL = {**ENTRY, "registration_date": "05/03/2018", "book_number": "01/2018"}
NUMBER = "036085001234"


def someone(number: int, **changes: str | None) -> dict[str, str | None]:
    """A person unlike all others."""
    given = (
        "Anh",
        "Bình",
        "Cường",
        "Dũng",
        "Giang",
        "Hà",
        "Khánh",
        "Linh",
        "Minh",
        "Nam",
        "Oanh",
        "Phúc",
        "Quang",
        "Sơn",
        "Tâm",
        "Uyên",
        "Vinh",
        "Xuân",
        "Yến",
        "Thảo",
        "Hương",
        "Kiên",
        "Lộc",
        "Mai",
    )
    own = {
        "full_name": f"Nguyễn Văn {given[number % 24]}",
        "birth_date": f"{1 + number % 28:02d}/{1 + number % 12:02d}/{1950 + number}",
        "mother_name": f"Trần Thị {given[(number + 7) % 24]}",
        "father_name": f"Nguyễn Văn {given[(number + 11) % 24]}",
    }
    return {**PERSON, **own, **changes}


def planted() -> tuple[list, list, list, list, dict]:
    """One mention (or person) an outcome: mentions, persons, links, candidates, expected findings."""
    mentions, persons, links, candidates, expected = [], [], [], [], {}

    def entry(key: str, finding: str, book: dict = ENTRY, **values: str | None) -> None:
        mentions.append({**book, **values, "record_id": f"m-{key}"})
        expected["mention", f"m-{key}"] = finding

    def person(key: str, **values: str | None) -> str:
        persons.append({"personal_number": None, **values, "record_id": f"p-{key}"})
        return f"p-{key}"

    def pair(key: str, finding: str, number: int, left: dict, right: dict, book: dict = ENTRY) -> None:
        entry(key, finding, book, **someone(number, **left))
        links.append((f"m-{key}", person(key, **someone(number, **right)), 20.0, "above_upper", None))

    pair("full", "matched_fully", 1, {}, {"personal_number": "036051000001"})
    pair("spelling", "other_spelling", 2, {"hometown": "X. Mỹ Thắng, H. Mỹ Lộc, Nam Định"}, {})
    pair("blank_left", "missing_left", 3, {"ethnicity": None}, {})
    pair("year_only", "missing_left", 4, {"birth_date": "1954"}, {})
    pair("blank_right", "missing_right", 5, {}, {"father_name": None})
    pair("other", "differs_other", 6, {"ethnicity": "Tày"}, {})
    pair("identifying", "differs_identifying", 7, {"full_name": "Nguyễn Văn Linhh"}, {})
    pair("day", "differs_identifying", 8, {"birth_date": "19/09/1958"}, {})
    pair("year", "differs_number", 9, {"birth_date": "10/10/1963"}, {})
    pair("sex", "differs_number", 10, {"sex": "Nữ"}, {})
    pair(
        "source", "differs_other", 11, {"ethnicity": "Tày", "personal_number": NUMBER}, {"personal_number": NUMBER}, BORN_DIGITAL
    )
    # compared by number first: no link was made, yet the number settles it
    entry("numbered", "differs_identifying", **someone(12, full_name="Nguyễn Văn Sơnn", personal_number="036062000012"))
    person("numbered", **someone(12, personal_number="036062000012"))
    # the number is another person's, whatever the link says
    entry("wrong_number", "number_other_person", **someone(13, personal_number="036030999999"))
    person("wrong_number", **someone(40, sex="Nữ", personal_number="036030999999"))
    expected["person", "p-wrong_number"] = "awaiting_review"
    # two namesakes
    entry("namesakes", "several_candidates", **someone(14))
    links.append(("m-namesakes", person("namesake1", **someone(14)), 15.0, "runner_up_close", 0.5))
    candidates.append(
        ("m-namesakes", person("namesake2", **someone(14, mother_name="Lê Thị Xuân", father_name="Nguyễn Văn Bảy")), 14.5)
    )
    # a twin who is in the population twice over
    entry("twin", "twins", **someone(15))
    links.append(("m-twin", person("twin1", **someone(15)), 12.0, "runner_up_close", 1.0))
    candidates.append(("m-twin", person("twin2", **someone(15, full_name="Nguyễn Văn Tuấn")), 11.0))
    # one person, two entries: registered twice, and registered again
    for key, again in (("twice", "Đúng hạn"), ("again", "Đăng ký lại")):
        finding = "re_registered" if key == "again" else "duplicate_entries"
        number = 16 if key == "twice" else 17
        entry(f"{key}1", finding, **someone(number))
        entry(f"{key}2", finding, {**ENTRY, "registration_type": again, "book_number": "02/2001"}, **someone(number))
        person(key, **someone(number))
        links.extend((f"m-{key}{n}", f"p-{key}", 20.0 - n, "above_upper", None) for n in (1, 2))
    # two siblings claim one person: the entry that cannot be that person waits
    entry("sibling1", "matched_fully", **someone(18))
    entry("sibling2", "awaiting_review", **someone(18, full_name="Nguyễn Văn Thành", birth_date="01/02/1971"))
    person("sibling", **someone(18))
    links.extend([("m-sibling1", "p-sibling", 21.0, "above_upper", None), ("m-sibling2", "p-sibling", 9.0, "above_upper", None)])
    entry("doubtful", "awaiting_review", **someone(19))
    links.append(("m-doubtful", person("doubtful", **someone(19, birth_date="1969")), 4.0, "between_thresholds", None))
    entry("nobody", "not_found", **someone(20))
    entry("refused", "not_found", **someone(21))
    links.append(("m-refused", person("refused", **someone(41, birth_date="01/01/1991")), 20.0, "verdict_non_match", None))
    entry("blank", "not_comparable", **{**someone(22), **dict.fromkeys(("birth_date", "mother_name", "father_name"))})
    entry("torn", "illegible", **someone(23, full_name=None), note="Sổ hỏng, không đọc được")
    person("missing", **someone(42), birth_registration_place="Xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định")
    expected["person", "p-missing"] = "not_in_book"
    person("elsewhere", **someone(43), birth_registration_place="Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh")
    expected["person", "p-elsewhere"] = "outside_books"
    for key in ("p-namesake1", "p-namesake2", "p-twin1", "p-twin2", "p-doubtful"):
        expected["person", key] = "awaiting_review"
    expected["person", "p-refused"] = "not_in_book"
    # the same human registered twice: as the person of an entry; of two entries; of none; and with the entry's number on the other
    person("full_again", **someone(1, birth_date="02/02/1951"))
    expected["person", "p-full_again"] = "registered_twice"
    pair("copy1", "matched_fully", 30, {}, {})
    pair("copy2", "matched_fully", 30, {}, {}, {**ENTRY, "entry_number": "8/1985"})
    expected["person", "p-copy2"] = "registered_twice"
    for key in ("alone1", "alone2"):
        person(key, **someone(31))
        expected["person", f"p-{key}"] = "registered_twice"
    entry("their_number", "matched_fully", **someone(32, personal_number="036082000032"))
    links.append(("m-their_number", person("by_name", **someone(32)), 20.0, "above_upper", None))
    person("by_number", **someone(32, personal_number="036082000032"))
    expected["person", "p-by_name"] = "registered_twice"
    # a rival who is the same human is no second candidate
    entry("one_candidate", "awaiting_review", **someone(33))
    links.append(("m-one_candidate", person("candidate1", **someone(33)), 15.0, "runner_up_close", 0.5))
    candidates.append(("m-one_candidate", person("candidate2", **someone(33)), 14.5))
    expected["person", "p-candidate1"] = expected["person", "p-candidate2"] = "registered_twice"
    return mentions, persons, links, candidates, expected


TWICE = [
    ("p-full", "p-full_again"),
    ("p-copy1", "p-copy2"),
    ("p-alone1", "p-alone2"),
    ("p-by_name", "p-by_number"),
    ("p-candidate1", "p-candidate2"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mentions, persons, links, candidates, _ = planted()
    run = make_run(tmp_path_factory.mktemp("outcomes"), mentions, persons, links, candidates, twice=TWICE)
    reconcile(run)
    return run


def test_every_planted_outcome_is_found(run: Path) -> None:
    assert findings(run) == planted()[-1]


def test_whoever_is_registered_twice_is_listed_with_the_other_and_the_entry(run: Path) -> None:
    with connect() as connection:
        rows = connection.execute(
            f"""SELECT record_id, others, counterpart, verify, act FROM '{run / "outcomes.parquet"}'
            WHERE finding = 'registered_twice' ORDER BY record_id"""
        ).fetchall()
    assert {row[3:] for row in rows} == {("police", "review_persons")}
    assert {row[0]: row[1:3] for row in rows} == {
        "p-alone1": (["p-alone2"], None),
        "p-alone2": (["p-alone1"], None),
        "p-by_name": (["p-by_number"], "m-their_number"),
        "p-candidate1": (["p-candidate2"], None),
        "p-candidate2": (["p-candidate1"], None),
        "p-copy2": (["p-copy1"], "m-copy1"),
        "p-full_again": (["p-full"], "m-full"),
    }


def test_only_duplicates_within_one_table_have_no_duplicate(run: Path) -> None:
    assert set(FINDINGS) - set(findings(run).values()) == {"no_duplicate"}


def test_every_finding_a_rule_gives_has_a_word_and_every_word_a_rule() -> None:
    rules = Path(outcomes.__file__).read_text(encoding="utf-8")
    given = set(re.findall(r"(?:THEN|ELSE) '([a-z_]+)'", rules)) - {
        "ignored", "alike", "missing_", "number", "identifying", "other", "civil_status", "joint", "closed", "new",
    }  # fmt: skip
    assert given == set(FINDINGS)


def test_each_record_has_one_outcome(run: Path) -> None:
    rows = pq.read_table(run / "outcomes.parquet").to_pylist()
    assert max(Counter((row["side"], row["record_id"]) for row in rows).values()) == 1
    assert sum(row["side"] == "mention" for row in rows) == pq.read_table(run / "mentions.parquet").num_rows


def test_births_from_2016_with_a_number_are_the_source(run: Path) -> None:
    rows = {row["record_id"]: row for row in pq.read_table(run / "outcomes.parquet").to_pylist()}
    assert rows["m-source"]["source"] == "civil_status" and rows["m-source"]["act"] == "adjust_population"
    assert rows["m-other"]["source"] == "joint" and rows["m-other"]["act"] == "verify_jointly"
    assert {row["source"] for key, row in rows.items() if key != "m-source"} == {"joint"}


def test_no_civil_status_act_is_ever_proposed() -> None:
    acts = {act for one in routings(read_codes().codes) for act in (one.act, one.act_when_source)}
    assert not acts & set(CIVIL_STATUS_ACTS)


def test_a_file_that_proposes_one_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "codes.yaml"
    changed.write_text(
        OUTCOMES_FILE.read_text(encoding="utf-8").replace("act: verify_jointly", "act: civil_status_correction", 1),
        encoding="utf-8",
    )
    with pytest.raises(ProjectFileError, match="never proposed"):
        read_codes(changed)


def test_codes_are_replaced_without_code(tmp_path: Path, run: Path) -> None:
    from reconcilekit import KINDS

    from linkage.reconcile import write_outcomes
    from linkage.runs.sql import connect

    changed = tmp_path / "codes.yaml"
    changed.write_text(OUTCOMES_FILE.read_text(encoding="utf-8").replace("code: A1", "code: KHOP"), encoding="utf-8")
    with connect() as connection:
        write_outcomes(connection, run, KINDS, tmp_path, changed)
    codes = {row["finding"]: row["outcome"] for row in pq.read_table(tmp_path / "outcomes.parquet").to_pylist()}
    assert codes["matched_fully"] == "KHOP"


@pytest.mark.parametrize(
    ("old", "new"), [("  illegible: ", "  unreadable: "), ("code: A2", "code: A1"), ("outcomes:", "outcomes: [")]
)
def test_damaged_files_of_codes_are_refused(tmp_path: Path, old: str, new: str) -> None:
    changed = tmp_path / "codes.yaml"
    changed.write_text(OUTCOMES_FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectFileError):
        read_codes(changed)


def test_same_bytes_again(tmp_path: Path, run: Path) -> None:
    from reconcilekit import KINDS

    from linkage.reconcile import write_outcomes
    from linkage.runs.sql import connect

    for threads in (1, 2):
        with connect(threads=threads) as connection:
            write_outcomes(connection, run, KINDS, tmp_path)
        for name in ("outcomes.parquet", "differences.parquet"):
            assert (tmp_path / name).read_bytes() == (run / name).read_bytes()


def test_totals_cross_foot_from_commune_to_nation(run: Path) -> None:
    nation = summarise_outcomes(run, ())
    records = pq.read_table(run / "outcomes.parquet").num_rows
    assert [row.records for row in nation] == [records]
    for by in [(name,) for name in BREAKDOWNS] + [BREAKDOWNS]:
        rows = summarise_outcomes(run, by)
        assert sum(row.records for row in rows) == records
        assert sum(row.to_verify for row in rows) == nation[0].to_verify
        assert all(sum(row.by_status.values()) == row.records for row in rows)
    by_province = {row.unit: row.records for row in summarise_outcomes(run, ("province",))}
    for province, total in by_province.items():
        communes = [row for row in summarise_outcomes(run, ("province", "commune")) if row.unit[:1] == province]
        assert sum(row.records for row in communes) == total


def test_marrying_twice_is_no_duplicate(tmp_path: Path) -> None:
    mentions = [
        {**ENTRY, **someone(1), "record_id": "m1"},
        {**ENTRY, **someone(1), "record_id": "m2", "registration_date": "01/02/1999"},
    ]
    run = make_run(
        tmp_path,
        mentions,
        [{**someone(1), "record_id": "p1"}],
        [("m1", "p1", 20.0, "above_upper", None), ("m2", "p1", 20.0, "above_upper", None)],
        role="husband",
    )
    reconcile(run)
    assert set(findings(run).values()) == {"matched_fully"}


def test_duplicates_within_one_register(tmp_path: Path) -> None:
    again = {"registration_type": "Đăng ký lại", "registration_date": "03/04/2005"}
    mentions = [
        {**ENTRY, **someone(1), "record_id": "a1"},
        {**ENTRY, **someone(1), **again, "record_id": "a2"},
        {**ENTRY, **someone(2), "record_id": "b1"},
        {**ENTRY, **someone(2), "record_id": "b2"},
        {**ENTRY, **someone(3), "record_id": "c1"},
        {**ENTRY, **someone(4), "record_id": "d1"},
        {**ENTRY, **someone(5), "record_id": "d2"},
    ]
    links = [
        ("a1", "a2", 20.0, "above_upper", None),
        ("b1", "b2", 20.0, "above_upper", None),
        ("d1", "d2", 4.0, "between_thresholds", None),
    ]
    run = make_run(tmp_path, mentions, None, links)
    reconcile(run)
    assert findings(run) == {
        ("mention", "a1"): "re_registered",
        ("mention", "a2"): "re_registered",
        ("mention", "b1"): "duplicate_entries",
        ("mention", "b2"): "duplicate_entries",
        ("mention", "c1"): "no_duplicate",
        ("mention", "d1"): "awaiting_review",
        ("mention", "d2"): "awaiting_review",
    }


def test_a_run_without_links(tmp_path: Path) -> None:
    run = make_run(tmp_path, [{**ENTRY, **someone(1), "record_id": "m1"}], [{**someone(2), "record_id": "p1"}], [])
    assert reconcile(run) == {"not_found": 1, "not_in_book": 1, "differences": 0}
