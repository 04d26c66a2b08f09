"""Pages over HTTP, without JavaScript."""

import re

import pyarrow.parquet as pq

from linkage.review.answers import VERDICTS


def test_pair_page_shows_both_records_and_nothing_telling(sign_in, review):
    lan = sign_in("lan")
    for _ in range(60):
        page = lan.get("/cap")
        assert page.status_code == 200
        assert len(page.content) <= 60 * 1024
        text = page.text.casefold()
        assert not any(
            word in text for word in ("weight", "trọng số", "stratum", "narrow", "wide", "anchor", "planted", "known", "pair_id")
        )
        if lan.answer("match") is None:
            break


def test_every_word_of_the_page_is_vietnamese_until_english_is_asked_for(sign_in):
    lan = sign_in("lan")
    page = lan.get("/cap").text
    assert '<html lang="vi">' in page
    assert "Cùng một người" in page
    switched = lan.post("/lua-chon", language="en", back="/cap")
    assert (switched.status_code, switched.headers["location"]) == (303, "/cap")
    lan.headers["cookie"] += "; language=en"
    page = lan.get("/cap").text
    assert '<html lang="en">' in page
    assert "Same person" in page
    assert "Cùng một người" not in page


def test_both_languages_say_everything():
    import json
    from pathlib import Path

    import linkage.review

    texts = json.loads((Path(linkage.review.__file__).parent / "interface.json").read_text(encoding="utf-8"))
    entries = [*texts["interface"].items()]
    assert all(entry["vi"] and entry["en"] for _, entry in entries)
    assert all(
        set(re.findall(r"{\w+}", entry["vi"])) == set(re.findall(r"{\w+}", entry["en"]))
        for _, entry in texts["interface"].items()
    )


def test_answer_reason_comment_and_time_are_kept(sign_in, review):
    lan = sign_in("lan")
    number, key = lan.next_pair()
    review.clock.pass_minutes(0.5)
    lan.post(f"/cap/{number}", verdict="unsure", form_key=key, reason="illegible", comment="  mờ chữ lót ")
    row = review.store.connection.execute("SELECT * FROM event").fetchone()
    assert (row["verdict"], row["reason"], row["comment"], row["seconds"]) == ("unsure", "illegible", "mờ chữ lót", 30.0)
    assert re.fullmatch("[0-9a-f]{12}", row["page_version"])


def test_back_to_an_own_label_and_change_it(sign_in, review):
    lan = sign_in("lan")
    first = lan.answer("match")
    lan.answer("match")
    assert f'href="/cap/{first}"' in lan.get("/cua-toi").text
    page = lan.get(f"/cap/{first}").text
    assert "Anh/chị đã trả lời: Cùng một người" in page
    key = re.search(r'name="form_key" value="([\w-]+)"', page)[1]
    assert lan.post(f"/cap/{first}", verdict="non_match", form_key=key).status_code == 303
    said = review.store.connection.execute("SELECT verdict FROM current_answer WHERE pair = ?", (first,)).fetchall()
    assert [row["verdict"] for row in said] == ["non_match"]


def test_undo_and_skip(sign_in):
    lan = sign_in("lan")
    first = lan.answer("match")
    assert lan.post("/hoan-tac").headers["location"] == f"/cap/{first}"
    assert lan.next_pair()[0] == first
    assert lan.post(f"/cap/{first}/bo-qua").status_code == 303
    assert lan.next_pair()[0] != first
    assert lan.post("/hoan-tac").headers["location"] == "/cap"


def test_find_the_right_person(sign_in, review):
    lan = sign_in("lan")
    number, _ = lan.next_pair()
    mention = review.store.connection.execute("SELECT record_id_l, record_id_r FROM pair WHERE id = ?", (number,)).fetchone()
    persons = {row["record_id"]: row for row in pq.read_table(review.run / "raw_persons.parquet").to_pylist()}
    other = next(row for row in persons.values() if row["record_id"].startswith("P-B") and row["full_name"])
    plain = other["full_name"].lower().replace("ễ", "e").replace("đ", "d")
    found = lan.post(f"/cap/{number}/tim", name=plain, year=other["birth_date"][-4:])
    assert found.status_code == 200
    assert f'value="{other["record_id"]}"' in found.text
    assert lan.post(f"/cap/{number}/chon", record_id=other["record_id"]).status_code == 303
    assert "Người anh/chị đã chọn là đúng" in lan.get(f"/cap/{number}").text
    lan.answer("non_match")
    row = review.store.connection.execute("SELECT suggested FROM event WHERE kind = 'answer'").fetchone()
    assert row["suggested"] == other["record_id"] != mention["record_id_r"]
    searches = review.store.connection.execute("SELECT comment, suggested FROM event WHERE kind = 'search'").fetchall()
    assert [tuple(row) for row in searches] == [("", None)]


def test_search_needs_two_syllables_and_has_a_pace(sign_in):
    lan = sign_in("lan")
    number, _ = lan.next_pair()
    assert lan.post(f"/cap/{number}/tim", name="nguyen").status_code == 422
    statuses = [lan.post(f"/cap/{number}/tim", name="khong ai").status_code for _ in range(32)]
    assert statuses == [200] * 30 + [429] * 2


def test_search_keeps_apostrophes_and_tones_apart_from_the_search(sign_in):
    lan = sign_in("lan")
    number, _ = lan.next_pair()
    for name in ("H’Hen Niê", "h'hen nie", "HʼHEN NIE"):
        assert "H’Hen Niê</dd>" in re.sub(r"</?mark[^>]*>", "", lan.post(f"/cap/{number}/tim", name=name).text).replace(
            ' <span class="state">khác chữ</span>', ""
        )


def test_a_break_is_suggested_after_half_an_hour(sign_in, review):
    lan = sign_in("lan")
    for _ in range(11):
        lan.answer("match")
        review.clock.pass_minutes(3)
    assert "Nên nghỉ mắt" in lan.get("/cap").text
    review.clock.pass_minutes(6)
    assert "Nên nghỉ mắt" not in lan.get("/cap").text


def test_adjudicator_sees_answers_and_reasons_but_no_names(sign_in, review):
    lan, minh, judge = sign_in("lan"), sign_in("minh"), sign_in("bình")
    number = lan.answer("match", reason="twins", comment="cùng ngày sinh")
    minh.answer("non_match", comment="khác tên đệm")
    page = judge.get("/phan-xu").text
    for words in ("Cùng một người", "Hai người khác nhau", "Sinh đôi", "cùng ngày sinh", "khác tên đệm"):
        assert words in page
    assert not re.search(r"\b(lan|minh)\b", page)
    key = re.search(r'name="form_key" value="([\w-]+)"', page)[1]
    assert judge.post(f"/phan-xu/{number}", verdict="non_match", form_key=key).status_code == 303
    assert "Không có cặp nào chờ phân xử" in judge.get("/phan-xu").text
    assert "đã được phân xử" in lan.get(f"/cap/{number}").text
    assert judge.post("/phan-xu/hoan-tac").status_code == 303
    assert f"Phân xử cặp số {number}" in judge.get("/phan-xu").text


def test_manager_sees_progress_and_takes_csv(sign_in, review):
    for name, verdict in (("lan", "match"), ("minh", "non_match"), ("thu", "match")):
        for _ in range(6):
            review.clock.pass_minutes(0.2)
            sign_in(name).answer(verdict)
    boss = sign_in("quản-lý")
    page = boss.get("/tien-do").text
    for words in (
        "Theo tầng mẫu",
        "narrow",
        "cặp kiểm tra",
        "Kappa của Fleiss",
        "Alpha của Krippendorff",
        "Kappa của Cohen: lan và minh",
    ):
        assert words in page
    for table in ("strata", "reviewers", "agreement", "fields", "labels"):
        response = boss.get(f"/tien-do/{table}.csv")
        assert response.headers["content-type"].startswith("text/csv")
        assert len(response.text.splitlines()) >= 2
    assert len(boss.get("/tien-do/labels.csv").text.splitlines()) == 19


def test_all_verdicts_have_a_button_with_its_key(sign_in):
    page = sign_in("lan").get("/cap").text
    assert re.findall(r'name="verdict" value="(\w+)" data-key="(\d)" aria-keyshortcuts="\d"', page) == [
        (verdict, str(place)) for place, verdict in enumerate(VERDICTS, 1)
    ]


def test_single_key_shortcuts_can_be_turned_off(sign_in):
    lan = sign_in("lan")
    lan.headers["cookie"] += "; keys=off"
    page = lan.get("/cap").text
    assert "aria-keyshortcuts" not in page
    assert 'data-keys="off"' in page
