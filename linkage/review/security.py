"""What guards the page: headers, origin and size checks, sign-in limits, a log without register values."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("linkage.review")

LARGEST_BODY = 64 * 1024
_BODY_SECONDS = 20
_SAFE = frozenset({"GET", "HEAD"})
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_HTTPS_ONLY = {"strict-transport-security": "max-age=31536000"}


class Guard:
    """Around the whole app: refuses foreign hosts, cross-site posts and oversized bodies; adds headers; logs."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, https: bool, failed: Callable[[Request], Response]) -> None:
        self.app = app
        self.failed = failed
        self.hosts = hosts
        fixed = _HEADERS | (_HTTPS_ONLY if https else {})
        self.fixed = [(name.encode(), value.encode()) for name, value in fixed.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        status = 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                kept = b"public, max-age=86400" if scope["path"].startswith("/static/") else b"no-store"
                message["headers"] = [*message["headers"], *self.fixed, (b"cache-control", kept)]
            await send(message)

        try:
            refusal = self._refusal(scope["method"], headers)
            if refusal is not None:
                await PlainTextResponse(refusal[1], refusal[0])(scope, receive, send_guarded)
                return
            body = b"" if scope["method"] in _SAFE else await _read_body(receive)
            if body is None:
                await PlainTextResponse("too large", 413, {"connection": "close"})(scope, receive, send_guarded)
                return
            await self.app(scope, _replayed(body, receive), send_guarded)
        except Exception as error:  # noqa: BLE001 - the last line of defence: an exception's own text may quote a register value
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            log.error(
                "%s in %s:%d",
                type(error).__name__,
                trace.tb_frame.f_code.co_qualname if trace else "?",
                trace.tb_lineno if trace else 0,
            )
            await self.failed(Request(scope))(scope, receive, send_guarded)
        finally:
            # The route's pattern, never the address itself: a mistyped address may hold anything.
            route = getattr(scope.get("route"), "path", "?")
            milliseconds = (time.perf_counter() - started) * 1000
            log.info(
                "%s %s %d %.0f ms account=%s",
                scope["method"],
                route,
                status,
                milliseconds,
                scope.get("state", {}).get("account", "-"),
            )

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self.hosts is not None and host.rsplit(":", 1)[0] not in self.hosts:
            return 421, "unknown host"
        if method in _SAFE:
            return None
        if method != "POST":
            return 405, "method not allowed"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "cross-site request"
        origin = headers.get("origin")
        if origin is not None and origin.split("://", 1)[-1] != host:
            return 403, "cross-site request"
        if headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
            return 415, "not a form"
        declared = headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > LARGEST_BODY:
            return 413, "too large"
        return None


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is larger than allowed or does not arrive in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY or message["type"] == "http.disconnect":
                    return None
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return None


def _replayed(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


class RateLimit:
    """At most so many events in so many seconds under one key; keys long silent are forgotten."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.seconds = seconds
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        """Whether another event under the key is allowed now; counts nothing."""
        times = self._times.get(key)
        if times is None:
            return True
        since = self._clock() - self.seconds
        while times and times[0] < since:
            times.popleft()
        return len(times) < self.most

    def count(self, key: str) -> None:
        """Note an event under the key."""
        if len(self._times) > 10_000:
            self._times = {
                other: times for other, times in self._times.items() if times and times[-1] > self._clock() - self.seconds
            }
        self._times.setdefault(key, deque(maxlen=self.most)).append(self._clock())

    def forget_last(self, key: str) -> None:
        """Take back the last event counted under the key."""
        if times := self._times.get(key):
            times.pop()


class SignInLimit:
    """Failed sign-ins: few for one name from one address, more for one name from anywhere, more still from one address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = [RateLimit(most, 900, clock) for most in (5, 30, 60)]

    @staticmethod
    def _keys(name: str, address: str) -> Iterable[str]:
        return (f"{name.casefold()[:80]}@{address}", name.casefold()[:80], address)

    def allows(self, name: str, address: str) -> bool:
        """Whether a sign-in may be tried now."""
        return all(limit.allows(key) for limit, key in zip(self._limits, self._keys(name, address), strict=True))

    def count_failure(self, name: str, address: str) -> None:
        """Note a failed sign-in."""
        for limit, key in zip(self._limits, self._keys(name, address), strict=True):
            limit.count(key)

    def forget(self, name: str, address: str) -> None:
        """A sign-in that succeeded was no failure."""
        for limit, key in zip(self._limits, self._keys(name, address), strict=True):
            limit.forget_last(key)
