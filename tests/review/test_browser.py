"""Real Chromium: a whole review by keyboard alone, every page at two sizes, axe, no request off the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from linkage.config import ReviewSpec

from .conftest import PASSWORD, Review, Server

pytestmark = pytest.mark.browser

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_SIZES = {
    "desktop": {"width": 1366, "height": 768},
    "phone": {"width": 390, "height": 844},
    "zoomed": {"width": 683, "height": 384},
}
_TURNED = 270
"""Milliseconds until a page just turned takes keys."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_ARGUMENTS)
        yield chromium
        chromium.close()


class Desk:
    """Someone at a keyboard; notes every request and every message of the console."""

    def __init__(self, browser: Browser, server: Server, name: str, script: str = "") -> None:
        self.page: Page = browser.new_context(locale="vi-VN", viewport=_SIZES["desktop"]).new_page()
        self.page.add_init_script(script)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(server.address)
        # A page takes its focus only once it is drawn, which may be after it has loaded: keys pressed before go nowhere.
        self.page.wait_for_selector("input[data-focus]:focus")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("main h1[data-focus], main .button, main table")
        self.turned = time.monotonic()

    def heading(self) -> str:
        return self.page.inner_text("h1")

    def press(self, key: str) -> None:
        """Press a key that turns the page."""
        self.page.wait_for_timeout(max(0.0, _TURNED - 1000 * (time.monotonic() - self.turned)))
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        self.turned = time.monotonic()

    def look(self, name: str) -> None:
        """Screenshots for people, axe and the absence of sideways scrolling for machines, at every size."""
        for size, viewport in _SIZES.items():
            self.page.set_viewport_size(viewport)
            if folder := os.environ.get("REVIEW_SCREENSHOTS"):
                self.page.screenshot(path=Path(folder) / f"{name}-{size}.png")
            found = Axe().run(self.page)
            assert found.violations_count == 0, (name, size, found.generate_report())
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, size)
        self.page.set_viewport_size(_SIZES["desktop"])


def pair_number(desk: Desk) -> int:
    return int(desk.heading().split()[-1])


def test_three_reviewers_and_an_adjudicator_finish_by_keyboard_alone(browser: Browser, server: Server, review: Review) -> None:
    desks = {name: Desk(browser, server, name) for name in ("lan", "minh", "thu")}
    working = dict(desks)
    while working:
        for name, desk in list(working.items()):
            if not desk.page.query_selector("form[data-verdict]"):
                del working[name]
                continue
            pair = pair_number(desk)
            truth = review.true_verdict(pair)
            errs = pair % 5 == ["lan", "minh", "thu"].index(name)
            desk.press({"match": "1", "non_match": "2"}[truth] if not errs else "3")
    assert all("Không còn cặp nào" in desk.page.inner_text("main") for desk in desks.values())
    judge = Desk(browser, server, "bình")
    disputes = 0
    while judge.page.query_selector("form[data-verdict]"):
        judge.press({"match": "1", "non_match": "2"}[review.true_verdict(pair_number(judge))])
        disputes += 1
    assert disputes > 10
    finished = review.store.connection.execute("SELECT pair, verdict, answers FROM verdict").fetchall()
    assert len(finished) == 63
    assert {row["answers"] for row in finished} == {2}
    assert all(row["verdict"] == review.true_verdict(row["pair"]) for row in finished)
    for desk in [*desks.values(), judge]:
        assert {url.split("/")[2] for url in desk.requests} == {server.address.split("/")[2]}
        assert desk.complaints == []


def test_every_page_at_every_size(browser: Browser, server: Server, review: Review) -> None:
    lan = Desk(browser, server, "lan")
    lan.page.wait_for_timeout(_TURNED)
    lan.look("pair")
    wanted = {"H’Hen": "hhen", "Thùy Trâm Anh": "long", "alert(1)": "script", "Dân tộc, Quốc tịch, Số giấy tờ": "empty"}
    for number in range(63):
        text = lan.page.inner_text("main")
        for words in [words for words in wanted if words in text]:
            lan.look(f"pair-{wanted.pop(words)}")
        if number == 2:
            lan.press("f")
            lan.press("Enter")
            lan.look("search")
            lan.page.fill("#name", "Khoongg Aii")
            lan.press("Enter")
            lan.look("search-none")
            lan.page.fill("#name", "Hoa")
            lan.press("Enter")
            lan.look("search-short")
            lan.page.goto(f"{server.address}/cap/{number + 1}/tim")
            lan.press("Enter")
            lan.page.click("text=Đây là đúng người >> nth=0")
            lan.page.wait_for_selector("aside")
            lan.look("picked")
        if number == 5:
            lan.page.keyboard.press("c")
            lan.page.click("summary:has-text('Phím tắt')")
            lan.look("help")
        if number % 4 == 0:
            review.clock.pass_minutes(2.5)
        if number == 53:
            lan.page.reload()
            lan.look("break")
        lan.turned = time.monotonic()
        lan.press("2" if number % 3 else "1")
    assert wanted == {}
    lan.look("nothing-left")
    lan.page.click("main a.button")
    lan.page.wait_for_selector("table")
    lan.look("mine")
    lan.page.goto(f"{server.address}/cap/1")
    lan.look("answered")
    minh = Desk(browser, server, "minh")
    for _ in range(9):
        review.clock.pass_minutes(0.4)
        minh.press("1")
    judge = Desk(browser, server, "bình")
    judge.look("adjudicate")
    while judge.page.query_selector("form[data-verdict]"):
        judge.press("3")
    judge.look("nothing-disputed")
    lan.page.goto(f"{server.address}/cap/2")
    lan.look("decided")
    judge.page.goto(f"{server.address}/tien-do")
    judge.look("error")
    boss = Desk(browser, server, "quản-lý")
    boss.look("progress")
    boss.page.click("text=English")
    boss.page.wait_for_selector("text=Progress")
    boss.look("progress-english")
    boss.page.click("text=Sign out")
    boss.page.wait_for_selector("#name")
    boss.look("sign-in-english")
    boss.page.click("text=Tiếng Việt")
    boss.page.wait_for_selector("text=Tên tài khoản")
    boss.look("sign-in")
    boss.page.fill("#name", "quản-lý")
    boss.page.fill("#password", "không đúng")
    boss.page.click("button.main")
    boss.page.wait_for_selector(".error")
    boss.look("sign-in-failed")


def test_a_slow_machine_loses_no_letter_typed_at_once(browser: Browser, server: Server) -> None:
    for _ in range(3):
        page = browser.new_context().new_page()
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 20})
        page.goto(server.address)
        page.keyboard.type("lan")
        assert page.input_value("#name") == "lan"
        page.context.close()


def test_keys_leave_typing_and_input_methods_alone(browser: Browser, server: Server, review: Review) -> None:
    early = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '1', bubbles: true}))"
    lan = Desk(browser, server, "lan", f"document.addEventListener('DOMContentLoaded', () => {early})")
    page = lan.page
    before = lan.heading()
    page.wait_for_timeout(_TURNED)
    assert lan.heading() == before == "Cặp số 1", "a key meant for the page before must not answer this one"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.id") == "comment"
    page.keyboard.type("123 s u")
    assert page.input_value("#comment") == "123 s u"
    assert lan.heading() == before
    page.keyboard.press("Escape")
    for event in ("isComposing: true", "keyCode: 229", "repeat: true", "ctrlKey: true", "altKey: true", "metaKey: true"):
        page.evaluate(f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '1', bubbles: true, {event}}}))")
    page.wait_for_timeout(150)
    assert lan.heading() == before
    lan.press("1")
    assert lan.heading() != before
    assert page.inner_text(".notice") == "Đã ghi: Cùng một người (cặp số 1)."
    assert review.store.connection.execute("SELECT comment FROM event").fetchone()["comment"] == "123 s u"
    lan.press("u")
    assert lan.heading() == before
    lan.press("s")
    assert lan.heading() == "Cặp số 2"
    page.click("summary:has-text('Phím tắt')")
    page.click("text=Tắt phím tắt một chữ")
    page.wait_for_selector("body[data-keys=off]")
    page.wait_for_timeout(_TURNED)
    page.keyboard.press("1")
    page.wait_for_timeout(150)
    assert lan.heading() == "Cặp số 2"


def test_everything_can_be_reached_and_seen_with_tab(browser: Browser, server: Server) -> None:
    lan = Desk(browser, server, "lan")
    lan.page.wait_for_timeout(_TURNED)
    seen = []
    for _ in range(30):
        lan.page.keyboard.press("Tab")
        state = lan.page.evaluate(
            """() => { const e = document.activeElement, b = e.getBoundingClientRect();
               if (e === document.body) return null;
               const top = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
               return [e.innerText || e.id, e.contains(top) || (top && top.contains(e)), b.height] }"""
        )
        if state is not None:
            seen.append(state)
    names = " ".join(name for name, _, _ in seen)
    for wanted in (
        "Cùng một người",
        "Hai người khác nhau",
        "Không xác định được",
        "Bỏ qua",
        "Hoàn tác",
        "Tìm đúng người",
        "English",
    ):
        assert wanted in names
    assert all(visible for _, visible, _ in seen), [name for name, visible, _ in seen if not visible]
    assert all(height >= 24 for _, _, height in seen)


def test_the_form_is_sent_once_however_often_it_is_clicked(browser: Browser, server: Server, review: Review) -> None:
    lan = Desk(browser, server, "lan")
    lan.page.evaluate("() => { const b = document.querySelector('button.match'); b.click(); b.click(); b.click(); }")
    lan.page.wait_for_selector("text=Cặp số 2")
    assert review.store.connection.execute("SELECT count(*) FROM event").fetchone()[0] == 1


def test_without_javascript_everything_works(browser: Browser, server: Server, review: Review) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(server.address)
    page.fill("#name", "lan")
    page.fill("#password", PASSWORD)
    page.click("button.main")
    page.click("summary:has-text('Lý do')")
    page.select_option("#reason", "twins")
    page.fill("#comment", "em sinh đôi")
    page.click("button.non_match")
    assert page.inner_text("h1") == "Cặp số 2"
    row = review.store.connection.execute("SELECT verdict, reason, comment FROM event").fetchone()
    assert tuple(row) == ("non_match", "twins", "em sinh đôi")


@pytest.fixture
def searching(make_review: Callable[..., Review], serve: Callable[[Review], Server]) -> tuple[Review, Server]:
    """One pair, then six searches."""
    review = make_review(ReviewSpec(planted_share=0), pairs=1, anchors=0, bystanders=20, searches=6)
    return review, serve(review)


def find(desk: Desk, review: Review) -> None:
    """Search for the mention by its first syllable and year, and pick whoever it is, by keyboard alone."""
    right = review.true_person(pair_number(desk))
    for _ in range(2):
        offered = [button.get_attribute("value") for button in desk.page.query_selector_all("[data-pick]")]
        if right in offered:
            desk.page.wait_for_timeout(_TURNED)
            for _ in range(offered.index(right) + 1):
                desk.page.keyboard.press("j")
            desk.press("Enter")
            return
        desk.page.wait_for_timeout(_TURNED)
        desk.page.keyboard.press("f")
        assert desk.page.evaluate("document.activeElement.id") == "name"
        desk.page.keyboard.type(desk.page.input_value("#name").split()[0])
        desk.press("Enter")
    raise AssertionError(f"{right} is not found")


def test_searches_are_finished_by_keyboard_alone(browser: Browser, searching: tuple[Review, Server]) -> None:
    review, server = searching
    desks = {name: Desk(browser, server, name) for name in ("lan", "minh")}
    for name, desk in desks.items():
        desk.press("1")
        for place in range(6):
            number = pair_number(desk)
            assert desk.heading() == f"Tìm người số {number}"
            if review.true_person(number) is None:
                desk.press("2")
            elif name == "minh" and place % 2:
                desk.press("3")
            else:
                find(desk, review)
                assert desk.page.inner_text(".notice") == "Đã chọn người; hãy trả lời để ghi lại."
                desk.press("1")
                assert "Đã ghi: Đúng người đã chọn" in desk.page.inner_text(".notice")
        assert "Không còn cặp nào" in desk.page.inner_text("main")
    judge = Desk(browser, server, "bình")
    judge.page.goto(f"{server.address}/phan-xu")
    disputes = 0
    while judge.page.query_selector("form[data-verdict]"):
        judge.turned = time.monotonic()
        find(judge, review)
        judge.press("1")
        disputes += 1
    assert disputes >= 1
    found = review.store.connection.execute("SELECT pair, found FROM verdict JOIN pair ON pair.id = pair WHERE record_id_r = ''")
    assert {row["pair"]: row["found"] for row in found} == {number: review.true_person(number) for number in range(2, 8)}
    for desk in [*desks.values(), judge]:
        assert {url.split("/")[2] for url in desk.requests} == {server.address.split("/")[2]}
        assert desk.complaints == []
        assert not any("P-" in url or "KS-" in url for url in desk.requests)


def test_the_page_of_a_search_at_every_size(browser: Browser, searching: tuple[Review, Server]) -> None:
    review, server = searching
    lan, minh = Desk(browser, server, "lan"), Desk(browser, server, "minh")
    for desk in (lan, minh):
        desk.press("1")
    seen = False
    while (right := review.true_person(pair_number(lan))) is None or not seen:
        if right is None and not seen:
            seen = True
            lan.look("search-nobody-offered")
            lan.page.fill("#name", "Khoongg Aii")
            lan.page.press("#name", "Enter")
            lan.page.wait_for_selector("text=Không tìm thấy ai")
            lan.look("search-no-hit")
            lan.page.goto(f"{server.address}/cap")
        lan.turned = time.monotonic()
        lan.press("2")
        minh.press("2")
    lan.press("1")
    assert "Chưa chọn ai" in lan.page.inner_text(".error")
    lan.look("search-pick-first")
    lan.page.fill("#name", "Lan")
    lan.page.fill("#year", "")
    lan.page.press("#name", "Enter")
    lan.page.wait_for_selector("text=ít nhất hai tiếng")
    lan.look("search-too-short")
    lan.page.goto(f"{server.address}/cap")
    find(lan, review)
    lan.look("search-picked")
    lan.press("1")
    minh.press("3")
    judge = Desk(browser, server, "bình")
    judge.page.goto(f"{server.address}/phan-xu")
    assert judge.page.query_selector("text=mà người thứ") is not None
    judge.look("search-dispute")
    boss = Desk(browser, server, "quản-lý")
    assert "Tìm người, theo tầng mẫu" in boss.page.inner_text("main")
    boss.look("search-progress")


def test_on_a_telephone_the_results_come_into_view(browser: Browser, searching: tuple[Review, Server]) -> None:
    _, server = searching
    lan = Desk(browser, server, "lan")
    lan.press("1")
    lan.page.set_viewport_size(_SIZES["phone"])
    lan.page.click("form.search button")
    lan.page.wait_for_selector("h2:has-text('Kết quả')")
    lan.page.wait_for_timeout(_TURNED)
    top = lan.page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 <= top < 200
