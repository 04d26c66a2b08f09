"""`linkage review serve`: the server of one run."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import stat
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.interrupts import hand_over
from linkage.review.backup import serving
from linkage.review.labels import write_labels
from linkage.review.outdated import last_event, outdated_pairs
from linkage.review.review_set import load_review_set
from linkage.review.store import Store, create_store
from linkage.runs.tables import LABELS


def serve(
    run: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    behind_proxy: bool = False,
    spec: ReviewSpec | None = None,
    seed: int = 0,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve the run's review until stopped, then write the table `labels`.

    On this machine only, unless TLS files are given or a proxy on this machine adds TLS (`behind_proxy`, which trusts the
    X-Forwarded-* headers of 127.0.0.1). `announce` is told the address once the store is ready.

    Raises:
        ReviewError: when another address is asked for without TLS, another server holds the run, or the review set is unfit.
    """
    if (tls_certificate is None) != (tls_key is None):
        raise ReviewError("TLS needs both a certificate and a key", "Give both files.")
    for path in (tls_certificate, tls_key):
        if path is not None and not path.is_file():
            raise ReviewError(f"{path} does not exist", "Give the TLS files in PEM form.")
    if tls_key is not None and stat.S_IMODE(tls_key.stat().st_mode) & 0o007:
        raise ReviewError(f"{tls_key} can be read by everyone", f"chmod 600 {tls_key}")
    local = is_loopback(host)
    if not local and tls_certificate is None and not behind_proxy:
        raise ReviewError(
            f"serving on {host} without TLS would send passwords and registers in the clear",
            "Give a certificate and key, or put a TLS proxy in front and say so with --behind-proxy.",
        )
    import uvicorn

    from linkage.review.web_app import create_app

    os.umask(0o077)
    _log_to(run / "review" / "server.log")
    https = tls_certificate is not None or behind_proxy
    with serving(run):
        store = create_store(run, spec)
        try:
            before = last_event(store.connection)
            load_review_set(store, run, seed)
            if returned := outdated_pairs(store.connection, before):
                announce(f"{returned:,} answered pairs are given out again: their records have changed since they were judged")
            hosts = frozenset({"127.0.0.1", "localhost", "[::1]"}) if local and not behind_proxy else None
            app = create_app(store, run, https, hosts, at_stop=lambda: _finish(store, run, announce))
            announce(f"{'https' if tls_certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/")
            hand_over()
            uvicorn.run(
                app,
                host=host,
                port=port,
                ssl_certfile=tls_certificate,
                ssl_keyfile=tls_key,
                proxy_headers=behind_proxy,
                forwarded_allow_ips="127.0.0.1" if behind_proxy else "",
                access_log=False,
                server_header=False,
                log_level="warning",
                limit_concurrency=500,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
            )
        except KeyboardInterrupt:
            # uvicorn raises the signal again once it has stopped; the shutdown is complete.
            pass
        finally:
            store.close()


def _log_to(path: Path) -> None:
    """One line a request (route, status, time, account number; never a value), a few megabytes at most."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=5_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("linkage.review")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [handler]


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _finish(store: Store, run: Path, announce: Callable[[str], None]) -> None:
    store.close()
    count = write_labels(run)
    announce(f"{LABELS.path(run)}: {count} labels")
