"""Searches over HTTP, without JavaScript."""

from __future__ import annotations

import re

import pytest

from linkage.review.answers import standing_answer

from .searchkit import DOUBLE, SIZES, finished, searches_of, take


@pytest.fixture
def review(make_review):
    return make_review(DOUBLE, **SIZES)


def numbers(page):
    action = re.search(r'action="(/[\w-]+)/(\d+)" aria', page)
    key = re.search(r'name="form_key" value="([\w-]+)"', page)
    picked = re.search(r'name="picked" value="([^"]*)"', page)
    return action[1], int(action[2]), key[1], picked[1]


def test_a_search_by_the_pages(sign_in, review):
    lan, minh, judge = sign_in("lan"), sign_in("minh"), sign_in("bình")
    for person in (lan, minh):
        for _ in range(4):
            person.answer("match")
    with_person = []
    for person in (lan, minh):
        for _ in range(9):
            page = person.get("/cap").text
            place, number, key, picked = numbers(page)
            assert f"<title>Tìm người số {number}" in page
            assert (place, picked) == ("/cap", "")
            assert not any(word in page.casefold() for word in ("weight", "trọng số", "stratum", "near", "search_id", "probab"))
            right = review.true_person(number)
            if right is None:
                assert "Máy không đề nghị ai" in page
                assert person.post(place + f"/{number}", verdict="non_match", form_key=key).status_code == 303
                continue
            with_person.append(number)
            refused = person.post(f"/cap/{number}", verdict="match", form_key=key, comment="gần giống")
            assert refused.status_code == 422
            assert "Chưa chọn ai" in refused.text
            assert "gần giống</textarea>" in refused.text
            name = re.search(r'name="name" value="([^"]*)"', page)[1]
            assert person.post(f"/cap/{number}/tim", name="x").status_code == 422
            found = person.post(f"/cap/{number}/tim", name=name, year="")
            if f'value="{right}"' not in found.text:
                found = person.post(f"/cap/{number}/tim", name="Khoongg Aii", year="")
                assert "Không tìm thấy ai" in found.text
            chosen = right if person is lan else "P-B000002"
            assert person.post(f"/cap/{number}/chon", record_id=chosen).status_code == 303
            page = person.get(f"/cap/{number}").text
            place, _, key, picked = numbers(page)
            assert picked == chosen
            assert "Bảng này so với người anh/chị đã chọn" in page
            stale = person.post(f"/cap/{number}", verdict="match", form_key=key, picked="P-B000009")
            assert (stale.status_code, "đã đổi ở một trang khác" in stale.text) == (422, True)
            assert person.post(f"/cap/{number}", verdict="match", form_key=key, picked=picked).status_code == 303
    assert "Không còn cặp nào" in lan.get("/cap").text
    assert "Không có trong CSDL dân cư" in lan.get("/cua-toi").text
    for _ in range(6):
        page = judge.get("/phan-xu").text
        place, number, key, picked = numbers(page)
        assert f"Phân xử tìm người số {number}" in page
        assert page.count("đã chọn</h3>") == 2
        assert not re.search(r"\b(lan|minh)\b", page)
        right = review.true_person(number)
        assert judge.post(f"/phan-xu/{number}", verdict="match", form_key=key).status_code == 422
        assert judge.post(f"/phan-xu/{number}/tim", name="Khoongg Aii", year="").status_code == 200
        assert judge.post(f"/phan-xu/{number}/chon", record_id=right).status_code == 303
        _, _, key, picked = numbers(judge.get("/phan-xu").text)
        assert judge.post(f"/phan-xu/{number}", verdict="match", form_key=key, picked=picked).status_code == 303
    assert "Không có cặp nào chờ phân xử" in judge.get("/phan-xu").text
    rows = finished(review)
    assert {row["record_id_l"]: row["record_id_r"] for row in rows} == review.made.there
    assert "tìm người" in sign_in("quản-lý").get("/tien-do").text.casefold()


def test_an_own_search_is_looked_at_again_and_changed(sign_in, review):
    lan = sign_in("lan")
    search = searches_of(review)[0]["id"]
    take(review, "lan", search)
    lan.post(f"/cap/{search}/chon", record_id="P-B000001")
    review.clock.pass_minutes(1)
    _, _, key, picked = numbers(lan.get(f"/cap/{search}").text)
    lan.post(f"/cap/{search}", verdict="match", form_key=key, picked=picked)
    assert "Anh/chị đã trả lời: Đúng người đã chọn" in lan.get(f"/cap/{search}").text
    lan.post(f"/cap/{search}/chon", record_id="P-B000002")
    page = lan.get(f"/cap/{search}").text
    assert "Người đang chọn khác với câu trả lời đã ghi" in page
    review.clock.pass_minutes(0.5)
    _, _, key, picked = numbers(page)
    lan.post(f"/cap/{search}", verdict="match", form_key=key, picked=picked)
    standing = standing_answer(review.store, search, review.people["lan"].id)
    assert (standing["suggested"], standing["seconds"]) == ("P-B000002", 30.0)


def test_nobody_answers_or_picks_for_another(sign_in, review):
    lan, minh, judge = sign_in("lan"), sign_in("minh"), sign_in("bình")
    search = searches_of(review)[0]["id"]
    take(review, "lan", search)
    assert lan.get(f"/cap/{search}").status_code == 200
    assert lan.get(f"/cap/{search}/tim").headers["location"] == f"/cap/{search}"
    for path, fields in (("", {"verdict": "match", "form_key": "k" * 20, "picked": "P-B000001"}), ("/tim", {"name": "a b"}),
                         ("/chon", {"record_id": "P-B000001"})):  # fmt: skip
        assert minh.post(f"/cap/{search}{path}", **fields).status_code == 403
        assert judge.post(f"/phan-xu/{search}{path}", **fields).status_code == 403
        assert judge.post(f"/phan-xu/1{path}", **fields).status_code == 403
    assert lan.post(f"/cap/{search}/chon", record_id="P-nobody").status_code == 400
    assert review.store.connection.execute("SELECT count(*) FROM event WHERE kind = 'answer'").fetchone()[0] == 0
