import pytest

from linkage.errors import ReviewError
from linkage.review import add_user, end_sessions, list_users, set_active, set_password
from linkage.review.accounts import begin_session, check_password, find_session
from linkage.review.assignments import next_pair
from linkage.review.store import open_store

PASSWORD = "Mật khẩu dài đấy"


@pytest.fixture
def run(tmp_path):
    add_user(tmp_path, "lan", "reviewer", PASSWORD)
    add_user(tmp_path, "bình", "adjudicator", PASSWORD)
    return tmp_path


def test_accounts_are_listed_without_secrets(run):
    assert [(account.name, account.role, account.active) for account in list_users(run)] == [
        ("bình", "adjudicator", True),
        ("lan", "reviewer", True),
    ]
    assert "scrypt" not in repr(list_users(run))


@pytest.mark.parametrize(
    ("name", "role", "password", "message"),
    [
        ("lan", "reviewer", PASSWORD, "already an account"),
        ("LAN", "reviewer", PASSWORD, "already an account"),
        ("a b", "reviewer", PASSWORD, "cannot be an account name"),
        ("=cmd", "reviewer", PASSWORD, "cannot be an account name"),
        ("../x", "reviewer", PASSWORD, "cannot be an account name"),
        ("minh", "boss", PASSWORD, "is not a role"),
        ("minh", "reviewer", "short", "too short"),
    ],
)
def test_unfit_accounts_are_refused(run, name, role, password, message):
    with pytest.raises(ReviewError, match=message):
        add_user(run, name, role, password)


def test_passwords_are_salted_and_checked(run):
    store = open_store(run)
    hashes = [row["password"] for row in store.connection.execute("SELECT password FROM account")]
    assert len(set(hashes)) == 2
    assert PASSWORD not in str(hashes)
    assert check_password(store, "Lan", PASSWORD).name == "lan"
    assert check_password(store, "lan", PASSWORD + "x") is None
    assert check_password(store, "nobody", PASSWORD) is None
    set_password(run, "lan", "một mật khẩu khác")
    assert check_password(store, "lan", PASSWORD) is None
    store.close()


def test_sessions_can_be_ended(run):
    store = open_store(run)
    lan = check_password(store, "lan", PASSWORD)
    tokens = [begin_session(store, lan) for _ in range(2)]
    assert len({find_session(store, token).csrf for token in tokens}) == 2
    end_sessions(run, "lan")
    assert [find_session(store, token) for token in tokens] == [None, None]
    store.close()


def test_a_disabled_account_gives_its_open_pairs_back(review):
    lan = review.people["lan"].id
    pair = next_pair(review.store, lan)
    set_active(review.run, "lan", False)
    assert [next_pair(review.store, review.people[name].id) for name in ("minh", "thu")] == [pair, pair]


def test_unknown_names_are_named(run):
    for change in (
        lambda: set_password(run, "x1", PASSWORD),
        lambda: set_active(run, "x1", False),
        lambda: end_sessions(run, "x1"),
    ):
        with pytest.raises(ReviewError, match="no account `x1`"):
            change()
