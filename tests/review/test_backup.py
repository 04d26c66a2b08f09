import shutil
import threading

import pyarrow.parquet as pq
import pytest

from linkage.errors import ReviewError
from linkage.review import backup, export_workbooks, import_workbook, progress, restore, write_labels
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_pair
from linkage.review.backup import serving
from linkage.review.store import open_store, store_path


def give(review, name, count):
    person = review.people[name].id
    for _ in range(count):
        pair = next_pair(review.store, person)
        record_answer(review.store, Answer(pair, person, "match", "", "", f"{name}-{pair}-" + "x" * 16, "v"))


def log(store):
    return [tuple(row) for row in store.connection.execute("SELECT * FROM event ORDER BY id")]


def test_backup_while_answers_come_in_holds_all_acknowledged_before(review, tmp_path):
    give(review, "lan", 20)
    before = log(review.store)
    busy = threading.Thread(target=give, args=(review, "minh", 20))
    busy.start()
    with serving(review.run):
        backup(review.run, tmp_path / "copy.sqlite")
    busy.join()
    assert (tmp_path / "copy.sqlite").stat().st_mode & 0o077 == 0
    shutil.copytree(review.run, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("review"))
    restore(tmp_path / "elsewhere", tmp_path / "copy.sqlite")
    moved = open_store(tmp_path / "elsewhere")
    assert log(moved)[:20] == before
    assert moved.connection.execute("SELECT count(*) FROM session").fetchone()[0] == 0
    assert store_path(tmp_path / "elsewhere").stat().st_mode & 0o077 == 0
    moved.close()


def test_a_review_goes_on_on_another_machine(review, tmp_path):
    [workbook] = export_workbooks(review.run, tmp_path / "thu.xlsx", ["thu"], pairs=3)
    give(review, "lan", 30)
    give(review, "minh", 30)
    assert write_labels(review.run) > 0
    backup(review.run, tmp_path / "copy.sqlite")
    shutil.copytree(review.run, tmp_path / "new", ignore=shutil.ignore_patterns("review"))
    restore(tmp_path / "new", tmp_path / "copy.sqlite")
    (tmp_path / "new" / "labels.parquet").unlink()
    assert write_labels(tmp_path / "new") == pq.read_metadata(review.run / "labels.parquet").num_rows
    assert (tmp_path / "new" / "labels.parquet").read_bytes() == (review.run / "labels.parquet").read_bytes()
    assert import_workbook(tmp_path / "new", workbook).pairs == 3
    assert progress(tmp_path / "new").strata == progress(review.run).strata


def test_restore_keeps_the_store_it_replaces(review, tmp_path):
    give(review, "lan", 3)
    backup(review.run, tmp_path / "copy.sqlite")
    give(review, "lan", 4)
    review.store.close()
    restore(review.run, tmp_path / "copy.sqlite")
    store = open_store(review.run)
    assert len(log(store)) == 3
    store.close()
    kept = store_path(review.run).with_name("review.sqlite.before-restore")
    shutil.copy(kept, tmp_path / "kept.sqlite")
    restore(review.run, tmp_path / "kept.sqlite")
    store = open_store(review.run)
    assert len(log(store)) == 7
    store.close()


def test_nothing_is_restored_under_a_running_server(review, tmp_path):
    backup(review.run, tmp_path / "copy.sqlite")
    with serving(review.run), pytest.raises(ReviewError, match="served already"):
        restore(review.run, tmp_path / "copy.sqlite")


def test_damaged_and_foreign_files_are_refused(review, tmp_path):
    give(review, "lan", 5)
    backup(review.run, tmp_path / "copy.sqlite")
    with pytest.raises(ReviewError, match="exists"):
        backup(review.run, tmp_path / "copy.sqlite")
    content = bytearray((tmp_path / "copy.sqlite").read_bytes())
    content[8192:40_000] = bytes(40_000 - 8192)
    (tmp_path / "damaged.sqlite").write_bytes(content)
    (tmp_path / "text.sqlite").write_text("not a database")
    for name in ("damaged.sqlite", "text.sqlite", "missing.sqlite"):
        with pytest.raises(ReviewError):
            restore(review.run, tmp_path / name)
    assert len(log(review.store)) == 5
