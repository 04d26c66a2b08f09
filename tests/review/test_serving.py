"""The server as a process: start, load, kill -9; short versions of tests/benchmarks/bench_review.py."""

import importlib.util
import re
import sys
import time
from pathlib import Path

import pytest

from linkage.errors import ReviewError
from linkage.review import serve

from .conftest import make_run


@pytest.fixture(scope="module")
def bench():
    path = Path(__file__).parent.parent / "benchmarks" / "bench_review.py"
    spec = importlib.util.spec_from_file_location("bench_review", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_review"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.org"])
def test_another_address_needs_tls(tmp_path, host):
    with pytest.raises(ReviewError, match="without TLS"):
        serve(tmp_path, host=host)


def test_tls_needs_both_files_and_a_private_key(tmp_path):
    (tmp_path / "c.pem").touch()
    key = tmp_path / "k.pem"
    key.touch(mode=0o644)
    key.chmod(0o644)
    with pytest.raises(ReviewError, match="both"):
        serve(tmp_path, tls_certificate=tmp_path / "c.pem")
    with pytest.raises(ReviewError, match="read by everyone"):
        serve(tmp_path, tls_certificate=tmp_path / "c.pem", tls_key=key)
    with pytest.raises(ReviewError, match="does not exist"):
        serve(tmp_path, tls_certificate=tmp_path / "none.pem", tls_key=key)


def test_one_server_a_run(bench, tmp_path):
    run = tmp_path / "run"
    make_run(run, pairs=10, anchors=2, bystanders=2)
    server = bench.ServerProcess(run)
    server.start()
    try:
        with pytest.raises(ReviewError, match="served already"):
            serve(run)
    finally:
        assert server.stop() == 0
    said = (run / "server.log").read_text()
    assert re.search(r"http://127\.0\.0\.1:\d+/", said)
    assert "labels.parquet: 0 labels" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_load_keeps_every_promise(bench, tmp_path):
    found = bench.measure(tmp_path, pairs=300, reviewers=8, seconds=6, rate=30, kills=0)
    assert found["errors"] == 0, found
    assert found["labels_acknowledged"] > 40
    assert (found["acknowledged_lost"], found["answers_doubled"], found["pairs_with_wrong_reviewers"]) == (0, 0, 0)
    assert found["page_kb_max"] <= 60


@pytest.mark.slow
def test_kill_dash_nine_loses_and_doubles_nothing(bench, tmp_path):
    began = time.monotonic()
    found = bench.measure(tmp_path, pairs=300, reviewers=8, seconds=9, rate=30, kills=3)
    assert found["kills"] >= 1, (found, time.monotonic() - began)
    assert found["errors"] == 0, found
    assert found["labels_acknowledged"] > 10
    assert (found["acknowledged_lost"], found["answers_doubled"], found["pairs_with_wrong_reviewers"]) == (0, 0, 0)
