"""A run as the stages before the review leave it, with the truth beside it; the app over it; people who may sign in."""

from __future__ import annotations

import random
import re
import shutil
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn

from linkage.config import ReviewSpec
from linkage.review import add_user, list_users
from linkage.review.accounts import Account, begin_session
from linkage.review.review_set import load_review_set
from linkage.review.store import Store, create_store
from linkage.review.web_app import create_app

with warnings.catch_warnings():
    # Starlette prefers a successor of httpx that the environment does not have.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

PASSWORD = "mật khẩu thử nghiệm"
_SURNAMES = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Đặng", "Võ", "Đỗ", "Bùi", "Hoàng"]
_MIDDLE = {"Nam": ["Văn", "Hữu", "Đức", "Minh"], "Nữ": ["Thị", "Ngọc", "Thu", "Thị Mỹ"]}
_GIVEN = {"Nam": ["Hùng", "Dũng", "Bình", "Thắng", "Hoà", "Quý"], "Nữ": ["Hoa", "Lan", "Thuỷ", "Hồng", "Yến", "Oanh"]}
_COMMUNES = [
    "xã Cư Êbur, thành phố Buôn Ma Thuột, tỉnh Đắk Lắk",
    "xã Hòa Xuân, huyện Hòa Vang, thành phố Đà Nẵng",
    "phường 5, quận Gò Vấp, Thành phố Hồ Chí Minh",
]
_LONG = "Công Tằng Tôn Nữ Nguyễn Phúc Hoàng Ngọc Bảo Châu Thiên Kim Mỹ Duyên Thùy Trâm Anh"
_BIRTH = ["full_name", "sex", "birth_date", "birth_place", "hometown", "ethnicity", "nationality", "personal_number", "mother_name",
          "mother_birth_year", "mother_residence", "father_name", "father_birth_year", "registering_office", "book_number",
          "entry_number", "registration_date", "note"]  # fmt: skip
_PERSON = ["personal_number", "full_name", "other_name", "birth_date", "sex", "birth_place", "hometown", "ethnicity", "nationality",
           "identity_paper_number", "father_name", "mother_name", "permanent_residence", "current_residence", "death_date"]  # fmt: skip


def _number(rng: random.Random) -> str:
    return f"0660{rng.randrange(10**8):08d}"


def _person(rng: random.Random) -> dict[str, str | None]:
    sex = rng.choice(["Nam", "Nữ"])
    surname = rng.choice(_SURNAMES)
    commune = rng.choice(_COMMUNES)
    return {
        "full_name": f"{surname} {rng.choice(_MIDDLE[sex])} {rng.choice(_GIVEN[sex])}",
        "sex": sex,
        "birth_date": f"{rng.randrange(1, 29):02d}/{rng.randrange(1, 13):02d}/{rng.randrange(1950, 2015)}",
        "birth_place": commune,
        "hometown": commune,
        "ethnicity": "Kinh",
        "nationality": "Việt Nam",
        "personal_number": _number(rng),
        "mother_name": f"{rng.choice(_SURNAMES)} Thị {rng.choice(_GIVEN['Nữ'])}",
        "father_name": f"{surname} {rng.choice(_MIDDLE['Nam'])} {rng.choice(_GIVEN['Nam'])}",
        "permanent_residence": f"Thôn {rng.randrange(1, 9)}, {commune}",
        "current_residence": None,
        "other_name": None,
        "identity_paper_number": None,
        "death_date": None,
    }


def _twin(person: dict[str, str | None], rng: random.Random) -> dict[str, str | None]:
    words = (person["full_name"] or "").split()
    given = rng.choice([name for name in _GIVEN[person["sex"] or "Nam"] if name != words[-1]])
    return {**person, "full_name": " ".join([*words[:-1], given]), "personal_number": _number(rng)}


def _entry(person: dict[str, str | None], number: int, rng: random.Random) -> dict[str, str | None]:
    entry = {name: person.get(name) for name in _BIRTH} | {
        "personal_number": None,
        "mother_birth_year": str(rng.randrange(1925, 1990)),
        "mother_residence": person["permanent_residence"],
        "father_birth_year": None,
        "registering_office": f"Ủy ban nhân dân {person['birth_place']}",
        "book_number": f"{number % 7 + 1:02d}/{(person['birth_date'] or '1999')[-4:]}",
        "entry_number": str(number),
        "registration_date": person["birth_date"],
        "note": None,
    }
    name = entry["full_name"] or ""
    match rng.randrange(6):
        case 0:
            entry["full_name"] = name.replace("ễ", "ê").replace("ần", "ân").replace("Thị", "Thi")
        case 1:
            entry["birth_date"] = (entry["birth_date"] or "")[-4:]
        case 2:
            entry["mother_name"] = None
        case 3:
            entry["full_name"] = name.replace("oà", "òa").replace("uỷ", "ủy").upper()
    return entry


@dataclass
class MadeRun:
    """A run directory and what is true in it."""

    path: Path
    truth: dict[tuple[str, str], str] = field(default_factory=dict)
    there: dict[str, str | None] = field(default_factory=dict)
    """Of each mention to search for, its person; None where the population lacks them."""


def make_run(path: Path, pairs: int = 200, anchors: int = 40, bystanders: int = 300, searches: int = 0, seed: int = 1) -> MadeRun:
    """Mentions and persons with twins, empty fields, long and Ê Đê names; two strata of unequal sampling; planted truth.

    Of every three mentions to search for, one's person is a candidate beside another, one's is not among them, one's is not there
    and nobody is a candidate.
    """
    rng = random.Random(seed)
    made = MadeRun(path)
    (path / "stages").mkdir(parents=True)
    mentions, persons, sampled, candidates, known = [], [], [], [], []
    for number in range(pairs + anchors):
        person = _person(rng)
        if number == 0:
            person |= {
                "full_name": "H’Hen Niê",
                "sex": "Nữ",
                "ethnicity": "Ê Đê",
                "father_name": "Y Bhăm Êban",
                "mother_name": "H’Ñan Niê",
            }
        if number == 1:
            person |= {"full_name": _LONG, "birth_place": ", ".join(_COMMUNES), "hometown": None, "other_name": "Bé Na"}
        if number == 2:
            person |= dict.fromkeys(["birth_place", "hometown", "ethnicity", "nationality", "mother_name", "father_name"])
        if number == 3:
            person |= {"full_name": "<script>alert(1)</script>", "father_name": '=HYPERLINK("http://x","y")'}
        left, right, other = f"KS-{number:06d}", f"P-{number:06d}", f"P-T{number:05d}"
        twin = _twin(person, rng) if person["sex"] else _person(rng)
        entry = _entry(person, number, rng)
        if number == 0:
            entry["full_name"] = "H'Hen Nie"
        mentions.append({"record_id": left, **entry})
        persons += [{"record_id": right, **person}, {"record_id": other, **twin}]
        is_match = rng.random() < 0.6
        shown, rest = (right, other) if is_match else (other, right)
        made.truth[left, shown] = "match" if is_match else "non_match"
        candidates += [(left, shown, 9.0), (left, rest, 8.0)]
        if number < pairs:
            wide = number % 4 == 0
            sampled.append((str(number), left, shown, "wide" if wide else "narrow", 0.05 if wide else 0.5))
        else:
            mentions[-1]["personal_number"] = person["personal_number"]
            known.append((left, shown, is_match, "twin", True, None if is_match else right))
    persons += [{"record_id": f"P-B{number:06d}", **_person(rng)} for number in range(bystanders)]
    sought = []
    for number in range(searches):
        person, left, right, other = _person(rng), f"KS-S{number:05d}", f"P-S{number:05d}", f"P-U{number:05d}"
        mentions.append({"record_id": left, **_entry(person, number, rng)})
        made.there[left] = None if number % 3 == 2 else right
        if number % 3 != 2:
            persons += [{"record_id": right, **person}, {"record_id": other, **_twin(person, rng)}]
            candidates += [(left, one, -3.0) for one in ((right, other) if number % 3 == 0 else (other,))]
        sought.append((f"s{number}", left, "far" if number % 2 else "near", 0.1 + 0.2 * (number % 2), 100))

    def write(name: str, columns: dict[str, pa.Array]) -> None:
        pq.write_table(pa.table(columns), path / f"{name}.parquet")

    for name, rows, columns, role in [("raw_mentions", mentions, _BIRTH, "child"), ("raw_persons", persons, _PERSON, "person")]:
        rows.sort(key=lambda row: row["record_id"])
        write(name, {
            "id": pa.array(range(1, len(rows) + 1), pa.int32()), "record_id": pa.array([row["record_id"] for row in rows]),
            "role": pa.array([role] * len(rows)), "source": pa.array([f"{name}.csv"] * len(rows)),
            "row_number": pa.array(range(2, len(rows) + 2), pa.int64()),
            **{column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns},
        })  # fmt: skip
    for name, heads, rows in [
        ("review_set", ["pair_id", "record_id_l", "record_id_r", "stratum", "inclusion_probability"], sampled),
        ("search_set", ["search_id", "record_id_l", "stratum", "inclusion_probability", "stratum_size"], sought),
        ("candidates", ["record_id_l", "record_id_r", "link_weight"], candidates),
        ("anchors", ["record_id_l", "record_id_r", "is_match", "kind", "number_hidden", "withheld"], known),
    ]:
        if rows:
            write(name, dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True)))
    return made


class Clock:
    """The store's time, moved by hand."""

    def __init__(self) -> None:
        self.time = 1_795_000_000_000

    def __call__(self) -> int:
        return self.time

    def pass_minutes(self, minutes: float) -> None:
        self.time += int(minutes * 60_000)


@dataclass
class Review:
    """A run with its store, its clock, and accounts."""

    made: MadeRun
    store: Store
    clock: Clock
    people: dict[str, Account]

    @property
    def run(self) -> Path:
        return self.made.path

    def true_verdict(self, pair: int) -> str:
        row = self.store.connection.execute("SELECT record_id_l, record_id_r FROM pair WHERE id = ?", (pair,)).fetchone()
        return self.made.truth[row["record_id_l"], row["record_id_r"]]

    def mention(self, number: int) -> str:
        row = self.store.connection.execute("SELECT record_id_l FROM pair WHERE id = ?", (number,)).fetchone()
        return str(row["record_id_l"])

    def true_person(self, number: int) -> str | None:
        """Whose mention it is that search `number` is for."""
        return self.made.there[self.mention(number)]


@pytest.fixture(scope="session")
def _password_once() -> Iterator[None]:
    """Scrypt is slow on purpose; tests that do not sign in share one hash."""
    from linkage.review import accounts

    hashed = accounts.hash_password(PASSWORD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "hash_password", lambda password: hashed)
        yield


_PEOPLE = {"lan": "reviewer", "minh": "reviewer", "thu": "reviewer", "bình": "adjudicator", "quản-lý": "manager"}


@pytest.fixture(scope="session")
def prototype(tmp_path_factory: pytest.TempPathFactory, _password_once: None) -> Callable[..., MadeRun]:
    """A run with accounts and loaded pairs, made once for each spec and size, to be copied."""
    made: dict[str, MadeRun] = {}

    def of(spec: ReviewSpec, sizes: dict[str, int]) -> MadeRun:
        key = f"{spec!r}{sizes}"
        if key not in made:
            run = make_run(tmp_path_factory.mktemp("prototype") / "run", **sizes)
            for name, role in _PEOPLE.items():
                add_user(run.path, name, role, PASSWORD, spec)
            store = create_store(run.path, spec)
            load_review_set(store, run.path, seed=7)
            store.close()
            made[key] = run
        return made[key]

    return of


@pytest.fixture
def make_review(tmp_path: Path, prototype: Callable[..., MadeRun]) -> Iterator[Callable[..., Review]]:
    opened: list[Store] = []

    def make(spec: ReviewSpec | None = None, **sizes: int) -> Review:
        spec = spec or ReviewSpec(planted_share=0.05)
        origin = prototype(spec, sizes)
        made = MadeRun(tmp_path / f"run{len(opened)}", origin.truth, origin.there)
        shutil.copytree(origin.path, made.path)
        store = create_store(made.path, spec)
        store.now = clock = Clock()
        opened.append(store)
        return Review(made, store, clock, {account.name: account for account in list_users(made.path)})

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def review(make_review: Callable[..., Review]) -> Review:
    return make_review(pairs=60, anchors=20, bystanders=50)


class Person:
    """Someone with a browser that has no JavaScript: reads pages, sends their forms."""

    def __init__(self, client: TestClient, review: Review, name: str) -> None:
        self.client = client
        self.name = name
        self.headers = {"cookie": f"review={begin_session(review.store, review.people[name])}"}
        self.csrf = review.store.connection.execute(
            "SELECT csrf FROM session WHERE account = ? ORDER BY rowid DESC", (review.people[name].id,)
        ).fetchone()["csrf"]

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.client.get(path, headers=self.headers, follow_redirects=False, **more)

    def post(self, path: str, **fields: object) -> httpx.Response:
        return self.client.post(path, data={"csrf": self.csrf, **fields}, headers=self.headers, follow_redirects=False)

    def next_pair(self) -> tuple[int, str] | None:
        """Number and form key of the next pair's page."""
        page = self.get("/cap").text
        action = re.search(r'action="/cap/(\d+)" aria', page)
        key = re.search(r'name="form_key" value="([\w-]+)"', page)
        return (int(action[1]), key[1]) if action and key else None

    def answer(self, verdict: str, **more: object) -> int | None:
        """Answer the next pair; its number, or None when there is none."""
        shown = self.next_pair()
        if shown is None:
            return None
        response = self.post(f"/cap/{shown[0]}", verdict=verdict, form_key=shown[1], **more)
        assert response.status_code == 303, response.text
        return shown[0]


@pytest.fixture
def sign_in(review: Review) -> Iterator[Callable[[str], Person]]:
    app = create_app(review.store, review.run)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield lambda name: Person(client, review, name)


@dataclass
class Server:
    """A real server on a free port of this machine."""

    address: str


@pytest.fixture
def serve() -> Iterator[Callable[[Review], Server]]:
    """Starts a server over a review."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(review: Review) -> Server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        app = create_app(review.store, review.run, hosts=frozenset({"127.0.0.1"}))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.02)
        return Server(f"http://127.0.0.1:{port}")

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def server(review: Review, serve: Callable[[Review], Server]) -> Server:
    return serve(review)
