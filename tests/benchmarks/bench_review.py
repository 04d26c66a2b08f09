"""The review server under load and under kill -9: simulated reviewers against a real server process on 127.0.0.1.

    python tests/benchmarks/bench_review.py --pairs 50000 --reviewers 30 --minutes 10 --kills 0
    python tests/benchmarks/bench_review.py --pairs 50000 --reviewers 30 --minutes 10 --kills 50

Each reviewer signs in, then reads a page, answers, now and then skips, undoes or searches; at `--rate` answers a second in
all. What the client was told is saved is then compared with what the store holds; a promise not
held ends with status 1.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import httpx

from linkage.review import add_user, write_labels
from linkage.review.store import open_store

HERE = Path(__file__).parent
LOOK_EVERY = 5
"""Seconds between two looks at the server's memory."""
PASSWORD = "mật khẩu thử nghiệm"
_SERVER = (
    "import sys; from pathlib import Path; from linkage.review import serve; serve(Path(sys.argv[1]), port=int(sys.argv[2]))"
)


def review_fixtures() -> ModuleType:
    """The module that makes runs for the tests."""
    spec = importlib.util.spec_from_file_location("review_conftest", HERE.parent / "review" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class ServerProcess:
    """A `serve` process that can be killed and started again."""

    def __init__(self, run: Path) -> None:
        self.run = run
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.log = (run / "server.log").open("ab")

    def start(self) -> float:
        """Start and wait for the first page; returns the seconds that took."""
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(self.run), str(self.port)], stdout=self.log, stderr=self.log
        )
        while True:
            try:
                httpx.get(f"{self.address}/dang-nhap", timeout=5).raise_for_status()
                return time.perf_counter() - started
            except httpx.TransportError:
                if self.process.poll() is not None:
                    raise RuntimeError("the server did not start; see server.log in the run") from None
                time.sleep(0.02)

    def kill(self) -> None:
        """As a power cut would end it."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As Ctrl-C would end it."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=60)
        self.log.close()
        return status

    def processor_seconds(self) -> float:
        """Processor time of the process so far, which other work on the machine does not stretch."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Resident memory of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


PROMISES = ("errors", "acknowledged_lost", "answers_doubled", "pairs_with_wrong_reviewers")
"""Figures that must be nought."""


@dataclass
class Tally:
    """What the clients saw."""

    page_seconds: list[float] = field(default_factory=list)
    answer_seconds: list[float] = field(default_factory=list)
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    retries: int = 0
    page_bytes: int = 0
    memory: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)


class Reviewer:
    """One simulated reviewer, sending a form again with its own key until the server has said what became of it."""

    def __init__(self, name: str, address: str, pause: float, tally: Tally, survives_kills: bool) -> None:
        self.name = name
        self.pause = pause
        self.tally = tally
        self.survives_kills = survives_kills
        self.rng = random.Random(name)
        self.client = httpx.AsyncClient(base_url=address, timeout=30)

    async def send(self, method: str, path: str, **fields: str) -> httpx.Response:
        """A request, again after a lost connection when the server is being killed."""
        while True:
            started = time.perf_counter()
            try:
                response = await self.client.request(method, path, data=fields or None)
            except httpx.TransportError as error:
                if not self.survives_kills:
                    self.tally.errors.append(type(error).__name__)
                    raise
                self.tally.retries += 1
                await asyncio.sleep(0.1)
                continue
            seconds = time.perf_counter() - started
            (self.tally.page_seconds if method == "GET" else self.tally.answer_seconds).append(seconds)
            if response.status_code >= 400:
                self.tally.errors.append(f"{method} {re.sub('[0-9]+', 'N', path)} {response.status_code}")
            return response

    async def sign_in(self) -> None:
        """Begin a session."""
        response = await self.client.post("/dang-nhap", data={"name": self.name, "password": PASSWORD})
        assert response.status_code == 303, response.status_code

    async def work(self, until: float) -> None:
        """Answer pairs until the time is up or none is left."""
        await asyncio.sleep(self.rng.random() * self.pause)
        while time.perf_counter() < until:
            began = time.perf_counter()
            page = await self.send("GET", "/cap")
            self.tally.page_bytes = max(self.tally.page_bytes, len(page.content))
            shown = re.search(r'action="/cap/(\d+)" aria', page.text)
            if shown is None:
                break
            csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
            pair, key = int(shown[1]), re.search(r'name="form_key" value="([^"]+)"', page.text)[1]
            await asyncio.sleep(max(0.0, self.pause * self.rng.uniform(0.4, 0.9) - (time.perf_counter() - began)))
            chance = self.rng.random()
            if chance < 0.02 and not self.survives_kills:
                await self.send("POST", f"/cap/{pair}/bo-qua", csrf=csrf)
                continue
            if chance < 0.022:
                await self.send("POST", f"/cap/{pair}/tim", csrf=csrf, name="nguyễn văn", year="")
            verdict = self.rng.choices(["match", "non_match", "unsure"], [6, 3, 1])[0]
            answer = await self.send("POST", f"/cap/{pair}", csrf=csrf, verdict=verdict, form_key=key, comment="đã xem")
            if answer.status_code == 303:
                self.tally.acknowledged[key] = (self.name, pair)
            if chance > 0.99 and not self.survives_kills:
                await self.send("POST", "/hoan-tac", csrf=csrf)
            await asyncio.sleep(max(0.0, self.pause - (time.perf_counter() - began)))
        await self.client.aclose()


async def watch(server: ServerProcess, tally: Tally, until: float, kills: int) -> None:
    """Note the memory; kill and start the server again the wanted number of times."""
    every = (until - time.perf_counter()) / (kills + 1)
    for number in range(kills + 1 if kills else 10**9):
        at = min(until, time.perf_counter() + (every * random.Random(number).uniform(0.6, 1.0) if kills else LOOK_EVERY))
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        if time.perf_counter() >= until - 0.01:
            return
        tally.memory.append(server.memory_mb())
        if kills and number < kills:
            await asyncio.to_thread(server.kill)
            tally.starts.append(await asyncio.to_thread(server.start))


def measure(
    folder: Path, pairs: int, reviewers: int, seconds: float, rate: float, kills: int, sign_ins: int = 0
) -> dict[str, object]:
    """Make a run, serve it, load it, stop it; the figures, after checking every promise of the store."""
    run = folder / "run"
    review_fixtures().make_run(run, pairs=pairs, anchors=pairs // 10, bystanders=pairs)
    names = [f"nguoi-{number:02d}" for number in range(reviewers)]
    for name in names:
        add_user(run, name, "reviewer", PASSWORD)
    add_user(run, "quan-ly", "manager", PASSWORD)
    server, tally = ServerProcess(run), Tally()
    first_start = server.start()
    start_processor = server.processor_seconds()

    async def everything() -> tuple[float, float]:
        people = [Reviewer(name, server.address, reviewers / rate, tally, kills > 0) for name in names]
        await asyncio.gather(*(person.sign_in() for person in people))
        began, processor = time.perf_counter(), server.processor_seconds()
        until = began + seconds
        watcher = asyncio.create_task(watch(server, tally, until, kills))
        await asyncio.gather(*(person.work(until) for person in people))
        worked = time.perf_counter() - began
        await watcher
        return worked, server.processor_seconds() - processor

    worked, processor = asyncio.run(everything())
    manager = httpx.Client(base_url=server.address, timeout=60, follow_redirects=True)
    manager.post("/dang-nhap", data={"name": "quan-ly", "password": PASSWORD})
    started = time.perf_counter()
    assert manager.get("/tien-do").status_code == 200
    progress_seconds = time.perf_counter() - started
    started = time.perf_counter()
    victims = [names[number % reviewers] for number in range(sign_ins)]
    tries = [manager.post("/dang-nhap", data={"name": name, "password": "không đúng"}).status_code for name in victims]
    flood_seconds = time.perf_counter() - started
    assert manager.get("/dang-nhap").status_code == 200
    manager.close()
    status = server.stop()
    assert (run / "labels.parquet").exists(), "stopping the server writes the labels"
    return {
        "pairs": pairs,
        "reviewers": reviewers,
        "seconds": round(worked),
        "kills": len(tally.starts),
        "labels_acknowledged": len(tally.acknowledged),
        "labels_a_second": round(len(tally.acknowledged) / worked, 1),
        "errors": len(tally.errors),
        "error_kinds": sorted(set(tally.errors)),
        "retries": tally.retries,
        **{f"page_ms_{name}": value for name, value in quantiles(tally.page_seconds).items()},
        **{f"answer_ms_{name}": value for name, value in quantiles(tally.answer_seconds).items()},
        "page_kb_max": round(tally.page_bytes / 1024, 1),
        "memory_mb_first_quarter": mean(tally.memory[: max(1, len(tally.memory) // 4)]),
        "memory_mb_last_quarter": mean(tally.memory[-max(1, len(tally.memory) // 4) :]),
        "memory_mb_a_minute": None if kills else slope(tally.memory[len(tally.memory) // 2 :]),
        "first_start_s": round(first_start, 2),
        "first_start_processor_s": round(start_processor, 2),
        "processor_ms_an_answer": None if kills else round(1000 * processor / max(1, len(tally.acknowledged)), 1),
        "restart_s_median": round(statistics.median(tally.starts), 2) if tally.starts else None,
        "progress_page_s": round(progress_seconds, 2),
        "sign_in_tries": len(tries),
        "sign_in_tries_checked": tries.count(403),
        "sign_in_tries_refused_at_once": tries.count(429),
        "sign_in_flood_s": round(flood_seconds, 1),
        "exit_status": status,
        **promises(run, tally),
    }


def promises(run: Path, tally: Tally) -> dict[str, int]:
    """What must be nought: answers lost, doubled, and pairs whose reviewers are not k different ones."""
    store = open_store(run)
    log = store.connection.execute(
        "SELECT form_key, name, pair FROM event JOIN account ON account.id = person WHERE kind = 'answer'"
    ).fetchall()
    held = {row["form_key"]: (row["name"], row["pair"]) for row in log}
    wrong_sets = store.connection.execute(
        "SELECT count(*) FROM (SELECT pair FROM current_answer WHERE stage = 'blind' GROUP BY pair "
        "HAVING count(*) > 2 OR count(DISTINCT person) <> count(*))"
    ).fetchone()[0]
    unfinished = store.connection.execute(
        "SELECT count(*) FROM verdict JOIN pair ON pair.id = verdict.pair WHERE verdict.answers <> 2 OR pair.answers <> 2"
    ).fetchone()[0]
    finished = store.connection.execute("SELECT count(*) FROM pair WHERE answers = 2").fetchone()[0]
    damage = store.connection.execute("PRAGMA integrity_check").fetchone()[0]
    store.close()
    assert damage == "ok", damage
    return {
        "pairs_finished": finished,
        "labels_in_file": write_labels(run),
        "acknowledged_lost": sum(held.get(key) != value for key, value in tally.acknowledged.items()),
        "answers_doubled": len(log) - len(held),
        "pairs_with_wrong_reviewers": wrong_sets + unfinished,
    }


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Milliseconds."""
    ordered = sorted(seconds) or [0.0]
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)
        for name, share in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1)]
    }


def slope(memory: list[float]) -> float:
    """Growth of the memory in MB a minute, by least squares; 0 of fewer than two looks."""
    return round(statistics.linear_regression(range(len(memory)), memory).slope * 60 / LOOK_EVERY, 2) if len(memory) > 1 else 0.0


def mean(values: list[float]) -> float | None:
    """To one decimal."""
    return round(statistics.fmean(values), 1) if values else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--reviewers", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50, help="answers a second, all reviewers together")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--sign-ins", type=int, default=0, help="wrong sign-ins tried after the load")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(
            Path(folder),
            arguments.pairs,
            arguments.reviewers,
            arguments.minutes * 60,
            arguments.rate,
            arguments.kills,
            arguments.sign_ins,
        )
    print(json.dumps(figures, indent=1))
    broken = [name for name in PROMISES if figures[name]]
    if not arguments.kills and arguments.minutes >= 5 and figures["memory_mb_a_minute"] > 1:
        broken.append("memory_mb_a_minute")
    sys.exit(f"not held: {', '.join(broken)}" if broken else 0)


if __name__ == "__main__":
    main()
