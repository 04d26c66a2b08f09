"""What an error is answered with follows from its class, not from its words."""

import pytest
from starlette.testclient import TestClient

from linkage import errors
from linkage.errors import LinkageError, NotAssignedError, ProjectFileError, ReviewError
from linkage.review.web_app import create_app

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LinkageError)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_says_both_statuses(kind):
    assert kind.exit_status == (2 if issubclass(kind, ProjectFileError) else 1)
    assert kind.http_status == (403 if kind is NotAssignedError else 409 if issubclass(kind, ReviewError) else 500)


@pytest.fixture
def raising(review):
    """An app with one page more, which raises what it is given."""
    app = create_app(review.store, review.run)
    given = []

    @app.get("/raise")
    async def answer() -> None:
        raise given[-1]

    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield lambda error: given.append(error) or client.get("/raise")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotAssignedError(), 403),
        (ReviewError("the answer was refused"), 409),
        (ReviewError("a colleague is not assigned to you"), 409),
        (LinkageError("this pair is not assigned to you"), 500),
    ],
    ids=["not theirs", "refused", "refused with other words", "not of the review"],
)
def test_a_page_answers_by_class(raising, error, status):
    page = raising(error)
    assert page.status_code == status
    assert error.what not in page.text
    assert page.headers["content-type"].startswith("text/html")


def test_a_decided_pair_is_no_longer_open(sign_in, review):
    lan = sign_in("lan")
    number, key = lan.next_pair()
    with review.store.transaction() as connection:
        connection.execute("UPDATE pair SET adjudicated = 1 WHERE id = ?", (number,))
    assert lan.post(f"/cap/{number}", verdict="match", form_key=key).status_code == 409


def test_statuses_of_pages(sign_in):
    lan, boss = sign_in("lan"), sign_in("quản-lý")
    assert lan.get("/cap/999999").status_code == 403
    assert lan.post("/cap/999999/bo-qua").status_code == 403
    assert lan.get("/tien-do").status_code == 403
    assert lan.get("/nowhere").status_code == 404
    assert lan.get("/dang-xuat").status_code == 405
    assert lan.get("/cap/first").status_code == 422
    assert boss.get("/tien-do/unknown.csv").status_code == 422
