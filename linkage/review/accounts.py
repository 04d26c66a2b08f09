"""Accounts and sessions: scrypt passwords, sessions that the server can end."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.review.store import Store, create_store, open_store

Role = Literal["reviewer", "adjudicator", "manager"]

SHORTEST_PASSWORD = 10
SESSION_HOURS = 10
_NAME = re.compile(r"[^\W_][\w.-]{1,39}")
_COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True)
class Account:
    """Someone who may sign in."""

    id: int
    name: str
    role: Role
    active: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account and the token its forms must carry."""

    account: Account
    csrf: str


def add_user(run: Path, name: str, role: str, password: str, spec: ReviewSpec | None = None) -> Account:
    """Add an account to the run's review (begun here when there is none, with the settings of `spec`).

    Raises:
        ReviewError: when the name is taken or malformed, the role unknown, or the password too short.
    """
    if not _NAME.fullmatch(name):
        raise ReviewError(f"`{name}` cannot be an account name", "Use 2–40 letters, digits, dots and hyphens.")
    if role not in get_args(Role):
        raise ReviewError(f"`{role}` is not a role", f"Use one of {', '.join(get_args(Role))}.")
    hashed = hash_password(password)
    store = create_store(run, spec)
    try:
        with store.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO account (name, role, password, created_at) VALUES (?, ?, ?, ?)", (name, role, hashed, store.now())
            )
            return _account(connection.execute("SELECT * FROM account WHERE id = ?", (cursor.lastrowid,)).fetchone())
    except sqlite3.IntegrityError:
        raise ReviewError(f"there is already an account `{name}`", "Choose another name, or set its password.") from None
    finally:
        store.close()


def list_users(run: Path) -> list[Account]:
    """The accounts of the run's review, by name."""
    store = open_store(run)
    try:
        return [_account(row) for row in store.connection.execute("SELECT * FROM account ORDER BY name")]
    finally:
        store.close()


def set_password(run: Path, name: str, password: str) -> None:
    """Give an account a new password and end its sessions.

    Raises:
        ReviewError: when there is no such account or the password is too short.
    """
    _change(run, name, "UPDATE account SET password = ? WHERE id = ?", (hash_password(password),))


def set_active(run: Path, name: str, active: bool) -> None:
    """Let an account sign in or not; its sessions end and pairs it holds unanswered go back, its answers stay.

    Raises:
        ReviewError: when there is no such account.
    """
    _change(run, name, "UPDATE account SET active = ? WHERE id = ?", (int(active),))


def end_sessions(run: Path, name: str) -> None:
    """Sign an account out everywhere.

    Raises:
        ReviewError: when there is no such account.
    """
    _change(run, name, "", ())


def _change(run: Path, name: str, statement: str, values: tuple[object, ...]) -> None:
    store = open_store(run)
    try:
        with store.transaction() as connection:
            row = connection.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise ReviewError(f"there is no account `{name}`", "`linkage review users RUN list` shows them.")
            if statement:
                connection.execute(statement, (*values, row["id"]))
            connection.execute("DELETE FROM session WHERE account = ?", (row["id"],))
            connection.execute(
                "DELETE FROM assignment WHERE reviewer = (SELECT id FROM account WHERE id = ? AND active = 0) AND answered = 0",
                (row["id"],),
            )
    finally:
        store.close()


def hash_password(password: str) -> str:
    """A salted scrypt hash with its cost.

    Raises:
        ReviewError: when the password has under ten characters.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ReviewError("the password is too short", f"Use at least {SHORTEST_PASSWORD} characters.")
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, **_COST).hex()}"


_NOBODY = f"scrypt${'00' * 16}${'00' * 64}"


def check_password(store: Store, name: str, password: str) -> Account | None:
    """The account, when active and the password is right; as slow for an unknown name as for a wrong password."""
    row = store.connection.execute("SELECT * FROM account WHERE name = ?", (name[:80],)).fetchone()
    _, salt, wanted = (row["password"] if row else _NOBODY).split("$")
    given = hashlib.scrypt(password[:200].encode(errors="replace"), salt=bytes.fromhex(salt), **_COST)
    right = hmac.compare_digest(given, bytes.fromhex(wanted))
    return _account(row) if right and row and row["active"] else None


def begin_session(store: Store, account: Account) -> str:
    """A new session; returns the token for the cookie, of which the store keeps only a hash."""
    token = secrets.token_urlsafe(32)
    with store.transaction() as connection:
        connection.execute("DELETE FROM session WHERE expires_at < ?", (store.now(),))
        connection.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?)",
            (_token_hash(token), account.id, secrets.token_urlsafe(24), store.now() + SESSION_HOURS * 3_600_000),
        )
    return token


def find_session(store: Store, token: str) -> Session | None:
    """The session of a cookie's token while it lasts and its account is active."""
    row = store.connection.execute(
        "SELECT csrf, account.* FROM session JOIN account ON account.id = session.account "
        "WHERE token_hash = ? AND expires_at >= ? AND active = 1",
        (_token_hash(token), store.now()),
    ).fetchone()
    return Session(_account(row), row["csrf"]) if row else None


def end_session(store: Store, token: str) -> None:
    """Sign out."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM session WHERE token_hash = ?", (_token_hash(token),))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _account(row: sqlite3.Row) -> Account:
    return Account(row["id"], row["name"], row["role"], bool(row["active"]))
