"""The façade's examples in notebooks/README.md are true."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_examples_are_true(province: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ended = doctest.testfile(
        str(ROOT / "notebooks" / "README.md"),
        module_relative=False,
        globs={"registers": province, "place": tmp_path},
        optionflags=doctest.ELLIPSIS,
    )
    assert ended.attempted > 15
    assert not ended.failed
