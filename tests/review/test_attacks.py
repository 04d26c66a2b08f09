"""What must be refused, logged without register values, with the server still answering."""

import logging
import re

import pytest

from linkage.review.accounts import begin_session, check_password, set_active, set_password
from linkage.review.security import LARGEST_BODY, SignInLimit
from linkage.runs.spreadsheet_text import neutralised

from .conftest import PASSWORD


def events(review):
    return review.store.connection.execute("SELECT count(*) FROM event").fetchone()[0]


def test_forged_form_tokens_are_refused(sign_in, review):
    lan, minh = sign_in("lan"), sign_in("minh")
    number, key = lan.next_pair()
    for csrf in ("", "x" * 32, minh.csrf, "ü"):
        assert (
            lan.client.post(
                f"/cap/{number}", data={"csrf": csrf, "verdict": "match", "form_key": key}, headers=lan.headers
            ).status_code
            == 403
        )
    assert lan.client.post(f"/cap/{number}", data={"verdict": "match", "form_key": key}, headers=lan.headers).status_code == 403
    assert events(review) == 0


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {"origin": "null"}],
)
def test_posts_from_other_sites_are_refused(sign_in, review, headers):
    lan = sign_in("lan")
    number, key = lan.next_pair()
    data = {"csrf": lan.csrf, "verdict": "match", "form_key": key}
    assert lan.client.post(f"/cap/{number}", data=data, headers={**lan.headers, **headers}).status_code == 403
    assert lan.client.post("/dang-nhap", data={"name": "lan", "password": PASSWORD}, headers=headers).status_code == 403
    assert events(review) == 0


def test_a_replayed_answer_changes_nothing(sign_in, review):
    lan = sign_in("lan")
    number, key = lan.next_pair()
    for verdict in ("match", "non_match", "match"):
        assert lan.post(f"/cap/{number}", verdict=verdict, form_key=key).status_code == 303
    assert events(review) == 1


def test_another_reviewers_pair_is_out_of_reach(sign_in, review):
    lan, minh = sign_in("lan"), sign_in("minh")
    for _ in range(5):
        lan.answer("match")
    number, _ = lan.next_pair()
    minh.next_pair()
    key = "k" * 24
    assert minh.get(f"/cap/{number}").status_code == 403
    assert minh.post(f"/cap/{number}", verdict="match", form_key=key).status_code == 403
    assert minh.post(f"/cap/{number}/bo-qua").status_code == 403
    assert minh.post(f"/cap/{number}/tim", name="nguyen van").status_code == 403
    assert minh.post(f"/cap/{number}/chon", record_id="P-000001").status_code == 403
    assert minh.get("/cap/999999").status_code == 403
    assert (
        review.store.connection.execute("SELECT count(*) FROM event WHERE person <> ?", (review.people["lan"].id,)).fetchone()[0]
        == 0
    )


def test_roles_stay_on_their_pages(sign_in):
    lan, judge, boss = sign_in("lan"), sign_in("bình"), sign_in("quản-lý")
    for path in ("/tien-do", "/tien-do/labels.csv", "/tien-do/strata.csv", "/phan-xu"):
        assert lan.get(path).status_code == 403
    assert lan.post("/phan-xu/1", verdict="match", form_key="k" * 24).status_code == 403
    assert lan.post("/phan-xu/hoan-tac").status_code == 403
    assert judge.get("/tien-do").status_code == 403
    assert judge.post("/phan-xu/1", verdict="match", form_key="k" * 24).status_code == 403
    for path in ("/cap", "/cap/1", "/cua-toi", "/phan-xu"):
        assert boss.get(path).status_code == 403


def test_without_a_session_there_is_only_the_sign_in_page(sign_in):
    client = sign_in("lan").client
    for cookie in ("", "review=", "review=x", "review=" + "A" * 5000, "review=é"):
        for path in ("/", "/cap", "/cua-toi", "/tien-do", "/phan-xu"):
            response = client.get(path, headers={"cookie": cookie.encode()}, follow_redirects=False)
            assert (response.status_code, response.headers["location"]) == (303, "/dang-nhap")
    assert client.post("/cap/1", data={"verdict": "match"}, follow_redirects=False).status_code in (303, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../store.py",
        "/static/%2e%2e/store.py",
        "/static/..%2f..%2freview.sqlite",
        "/static//etc/passwd",
        "/cap/../tien-do",
        "/tien-do/..%2f..%2fstages.csv",
        "/cap/1%00",
        "/cap/0x1",
        "/openapi.json",
        "/docs",
        "/static/",
        "/review/review.sqlite",
    ],
)
def test_path_tricks_find_nothing(sign_in, path):
    response = sign_in("lan").get(path)
    assert response.status_code in (400, 403, 404, 422)
    assert "SQLite" not in response.text
    assert "root:" not in response.text


def test_script_in_a_name_is_shown_as_text(sign_in, review):
    lan = sign_in("lan")
    pages = []
    for _ in range(63):
        pages.append(lan.get("/cap").text)
        lan.answer("match", comment="<img src=x onerror=alert(2)>")
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in page for page in pages)
    assert not any("<script>alert" in page for page in pages)
    sign_in("minh").answer("non_match")
    judge = sign_in("bình").get("/phan-xu").text
    assert "&lt;img src=x" in judge
    assert "<img" not in judge


def test_formulas_are_neutralised_in_csv(sign_in, review):
    sign_in("lan").answer("match", comment='=HYPERLINK("http://evil","x")')
    text = sign_in("quản-lý").get("/tien-do/labels.csv").text
    assert "\"'=HYPERLINK" in text
    assert [neutralised(text)[0] for text in ("=1", "+1", "-1", "@x", "\tx")] == ["'"] * 5


def test_oversized_and_misshapen_bodies_are_refused(sign_in, review):
    lan = sign_in("lan")
    number, key = lan.next_pair()
    good = {"csrf": lan.csrf, "verdict": "match", "form_key": key}
    big = "x" * (LARGEST_BODY + 1)

    def send(headers=(), **more):
        return lan.client.post(f"/cap/{number}", headers={**lan.headers, **dict(headers)}, **more)

    form = {"content-type": "application/x-www-form-urlencoded"}
    assert send(data={**good, "comment": big}).status_code == 413
    assert send(content=(chunk for chunk in [b"comment=", big.encode()]), headers=form).status_code == 413
    assert send(json=good).status_code == 415
    assert send(files={"file": b"x"}).status_code == 415
    assert send(data={**good, "comment": "x" * 2001}).status_code == 422
    assert send(data={**good, "verdict": "yes"}).status_code == 422
    assert send(data={**good, "reason": "because"}).status_code == 422
    assert send(data={**good, "form_key": "' OR 1=1 --" + "x" * 20}).status_code == 422
    assert send(content=b"\xff\xfe%zz&&&===", headers=form).status_code in (403, 422)
    assert lan.client.put("/cap/1", headers=lan.headers).status_code == 405
    assert lan.client.delete("/cap/1", headers=lan.headers).status_code == 405
    assert events(review) == 0
    assert lan.get("/cap").status_code == 200


def test_ten_thousand_sign_in_tries_are_refused_cheaply(sign_in, review, monkeypatch):
    from linkage.review import reviewer_pages

    checks = []
    monkeypatch.setattr(reviewer_pages, "check_password", lambda store, name, password: checks.append(name))
    client = sign_in("lan").client
    statuses = [client.post("/dang-nhap", data={"name": f"user{i % 50}", "password": str(i)}).status_code for i in range(400)]
    assert statuses.count(429) + len(checks) == 400
    assert len(checks) <= 60
    limit = SignInLimit()
    allowed = 0
    for number in range(10_000):
        if limit.allows("lan", f"10.0.{number % 200}.1"):
            allowed += 1
            limit.count_failure("lan", f"10.0.{number % 200}.1")
    assert allowed == 30
    assert client.get("/dang-nhap").status_code == 200


def test_the_limit_lifts_with_time_and_spares_others():
    now = [0.0]
    limit = SignInLimit(clock=lambda: now[0])
    for _ in range(5):
        limit.count_failure("lan", "a")
    assert not limit.allows("LAN", "a")
    assert limit.allows("minh", "a")
    assert limit.allows("lan", "b")
    now[0] = 901
    assert limit.allows("lan", "a")


def test_wrong_name_and_wrong_password_look_alike(sign_in):
    client = sign_in("lan").client
    pages = [client.post("/dang-nhap", data={"name": name, "password": "không đúng chút nào"}) for name in ("lan", "khong-co")]
    assert {page.status_code for page in pages} == {403}
    assert len({page.text for page in pages if "form_key" not in page.text}) <= 1


def test_sign_in_sets_a_guarded_cookie_and_sign_out_ends_the_session(sign_in, review):
    lan = sign_in("lan")
    response = lan.client.post("/dang-nhap", data={"name": "Lan", "password": PASSWORD}, follow_redirects=False)
    cookie = response.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    token = re.search("review=([^;]+)", cookie)[1]
    stored = "".join(row[0] for row in review.store.connection.execute("SELECT token_hash FROM session"))
    assert token not in stored
    assert lan.post("/dang-xuat").status_code == 303
    assert lan.get("/cap").headers["location"] == "/dang-nhap"


def test_sessions_end_with_time_password_or_account(sign_in, review):
    for change in (
        lambda: review.clock.pass_minutes(10 * 60 + 1),
        lambda: set_password(review.run, "lan", "một mật khẩu khác hẳn"),
        lambda: set_active(review.run, "lan", False),
    ):
        lan = sign_in("lan")
        assert lan.get("/cua-toi").status_code == 200 if review.people["lan"] else True
        change()
        assert lan.get("/cua-toi").status_code == 303
    assert check_password(review.store, "lan", PASSWORD) is None
    begin_session(review.store, review.people["lan"])
    assert sign_in("lan").get("/cap").status_code == 303


def test_headers_guard_every_answer(sign_in):
    lan = sign_in("lan")
    for path in ("/cap", "/dang-nhap", "/static/review.css", "/khong-co", "/tien-do"):
        headers = lan.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert lan.get("/cap").headers["cache-control"] == "no-store"
    page = lan.get("/cap").text
    assert not re.search(r"<script>|\son\w+=|style=|https?://(?!www\.w3\.org)", page)


def test_log_holds_no_register_value_even_when_the_server_fails(sign_in, review, caplog, monkeypatch):
    lan = sign_in("lan")
    number, _ = lan.next_pair()
    caplog.set_level(logging.DEBUG, logger="linkage.review")
    lan.post(f"/cap/{number}/tim", name="Nguyễn Bí Mật", year="1990")
    lan.get("/cap/Nguyễn-Bí-Mật")

    from linkage.review import pair_page

    def fail(*_: object) -> None:
        raise RuntimeError("Nguyễn Bí Mật 066012345678")

    monkeypatch.setattr(pair_page, "compare_pair", fail)
    response = lan.get("/cap")
    assert response.status_code == 500
    assert "Bí Mật" not in response.text
    assert "Bí Mật" not in caplog.text
    assert "RuntimeError in " in caplog.text
    assert f"account={review.people['lan'].id}" in caplog.text
    monkeypatch.undo()
    assert lan.get("/cap").status_code == 200


def test_a_foreign_host_name_is_not_answered(review):
    from linkage.review.web_app import create_app

    from .conftest import TestClient

    app = create_app(review.store, review.run, hosts=frozenset({"127.0.0.1"}))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        assert client.get("/dang-nhap").status_code == 200
        assert client.get("/dang-nhap", headers={"host": "rebound.example"}).status_code == 421


def test_going_back_never_leads_off_the_site(sign_in):
    lan = sign_in("lan")
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/cap\r\nset-cookie: x=1"):
        assert lan.post("/lua-chon", language="en", back=back).headers["location"] == "/"
    lan.headers["cookie"] += "; notice=saved.match.<b>1</b>; language=<x>"
    assert "<b>1</b>" not in lan.get("/cap").text
