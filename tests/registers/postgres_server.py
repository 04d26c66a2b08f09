"""A real PostgreSQL server from Debian's package on loopback, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "a test's own password"


class ServerNotAvailable(Exception):
    """Why no server can be started here."""


@dataclass(frozen=True)
class Server:
    port: int
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return f"postgresql://registers@127.0.0.1:{self.port}/postgres"


@contextmanager
def running_server() -> Iterator[Server]:
    """Raises ServerNotAvailable with the reason when there is no package, or no user to run it as."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        raise ServerNotAvailable("Debian's package `postgresql` is not installed (apt-get install postgresql)")
    binaries = programs[-1].parent
    as_root = os.getuid() == 0
    if as_root and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        raise ServerNotAvailable("PostgreSQL refuses to run as root and there is no user `postgres`")
    folder = Path(tempfile.mkdtemp(prefix="registers-postgres-"))
    folder.chmod(0o755)
    (folder / "password").write_text(PASSWORD)
    if as_root:
        shutil.chown(folder, "postgres")

    def run(*command: str) -> None:
        line = shlex.join(command)
        words = ["su", "postgres", "-s", "/bin/sh", "-c", line] if as_root else ["/bin/sh", "-c", line]
        done = subprocess.run(words, cwd="/", capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise ServerNotAvailable(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-300:]}")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    control = str(binaries / "pg_ctl")
    try:
        run(
            *(str(binaries / "initdb"), "-D", data, "-U", "registers", "-E", "UTF8", "--locale=C", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={folder / 'password'}"),
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off -c lock_timeout=5s"
        run(control, "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield Server(port)
        finally:
            run(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
