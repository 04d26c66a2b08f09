"""Splink's silent faults, and faults that break: what guards against each, and the test that fails without the guard.

| fault of Splink 5.0 on DuckDB 2 | guard | test |
|---|---|---|
| a failed pass takes comparisons out of the model and changes its prior | Splink trains settings of its own | here: failed_pass |
| the cache belongs to the connection: a second model gets the first one's frequencies | a connection a model | here: two_models |
| u is estimated from few right records and stops early | u counted, or sampled to the end | test_levels_of_strangers |
| a term-frequency weight of 0 becomes 1; surname frequencies double those of names | written out, always 1, on one key | here: frequency |
| ids that are doubled or missing multiply pairs | ids must be 1 … n | here: doubled_ids |
| string distances count bytes | distances on ASCII keys only; own SQL is warned of | here: distances |
| distances differ between DuckDB and Spark | levels of both are compared | test_spark: difference_of_levels |
| "converged" is logged at the iteration limit | convergence is our own count; a finding says so | here: iteration_limit |
| a level never seen keeps a default m | a floor of half a match; a finding says so | here: never_seen |
| `x -> …` is refused by DuckDB 2 | `linkage check` names the level | here: arrow |
| table names are spliced into SQL | tables are called mentions and persons | here: odd_folder |
| a file name registers as a table without columns; extra columns of one side | tables with the same columns | here: same_columns |
| training leaves its tables | trained in a DuckDB that is closed | here: leaves_no_tables |
| a saved model holds SQL of its backend | model.json is DuckDB's, whatever trained it | here: DuckDB; test_spark: links |
| rules that unnest arrays are refused in training | keys are compared whole | test_blocking |
| counts of comparisons are an estimate from 5 % | exact counts from block sizes | test_analysis: counts |
| best links rank by a probability that is 1 from 53 bits on | rank by weight | here: beyond_certainty |
| results move with threads and row order | order and samples by id | test_same_result, test_levels_of_strangers |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from linkage import open_project
from linkage.assigning.assignment import _best_of_each
from linkage.config import FieldKind, ProjectSpec, load_project
from linkage.errors import LinkageError, ProjectFileError
from linkage.likeness.library import BUILDERS
from linkage.model import splink_training
from linkage.model.comparisons import build_comparison
from linkage.model.match_model import MatchModel
from linkage.model.settings import build_model, columns_needed
from linkage.pairs.frequencies import write_frequencies
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides, open_tables
from linkage.pipeline import check_project
from linkage.runs.sql import connect
from linkage.training import passes
from linkage.training.kept import KeptPasses
from linkage.weighing.run_weights import open_linker, weighed_pairs
from linkage.weighing.trained_model import TrainedModel
from tests.model.planted_pairs import spec_of


@dataclass(frozen=True)
class Untrained:
    connection: duckdb.DuckDBPyConnection
    sides: Sides
    spec: ProjectSpec
    model: MatchModel
    field_of: dict[str, str]

    def train_pass(self, most_iterations: int) -> passes.Pass:
        spec = self.spec.model_copy(
            update={"training": self.spec.training.model_copy(update={"max_iterations": most_iterations})}
        )
        u = [field.probabilities("u") for field in self.model.fields]
        rule = spec.blocking.train[0]
        return passes.train_pass(self.connection, self.sides, spec, self.model, rule, u, self.field_of, KeptPasses())


@pytest.fixture
def untrained(finished_run: Path, quick_demo: Path, province: Path) -> Iterator[Untrained]:
    """The demo's model before training (with made-up u), on the tables of the finished run."""
    project = load_project(quick_demo)
    plan = check_project(project, province)
    untrained = build_model(project.spec, plan.shared)
    u = [0.5 ** np.arange(len(field.levels))[::-1] for field in untrained.fields]
    m = [field.probabilities("m") for field in untrained.fields]
    model = untrained.with_probabilities(m, [one / one.sum() for one in u])
    with connect() as connection:
        sides = open_tables(
            connection,
            finished_run / "mentions.parquet",
            finished_run / "persons.parquet",
            columns_needed(project.spec, model),
        )
        yield Untrained(connection, sides, project.spec, model, plan.field_of)


def plain(model: MatchModel) -> str:
    return repr(model) + json.dumps(model.settings)


def test_failed_pass_leaves_the_model_as_it_was(untrained: Untrained, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**given: Any) -> None:
        core = given["core_model_settings"]
        core.comparisons[0]._comparison_levels_excluding_null[0].m_probability = 0.123
        core.comparisons.pop()
        core.probability_two_random_records_match = 0.997
        raise RuntimeError("planted")

    monkeypatch.setattr(splink_training, "expectation_maximisation", fails)
    before = plain(untrained.model)
    with pytest.raises(RuntimeError, match="planted"):
        untrained.train_pass(20)
    assert plain(untrained.model) == before


def test_failed_pass_leaves_no_model_in_the_run(sound_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**given: Any) -> None:
        raise LinkageError("planted", "")

    monkeypatch.setattr(splink_training, "expectation_maximisation", fails)
    with pytest.raises(LinkageError, match="planted"):
        open_project(sound_project / "sound.yaml").run(until="train", out=tmp_path / "run")
    assert (tmp_path / "run" / "pairs.parquet").is_file()
    assert not (tmp_path / "run" / "model.json").exists()


def test_pass_leaves_no_tables_and_alters_nothing(untrained: Untrained) -> None:
    before = plain(untrained.model)
    untrained.train_pass(20)
    names = [row[0] for row in untrained.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
    assert not [name for name in names if name.startswith(("__splink", "training_patterns"))]
    assert plain(untrained.model) == before


def test_iteration_limit_is_not_called_convergence(untrained: Untrained) -> None:
    assert not untrained.train_pass(1).fit.converged
    assert untrained.train_pass(200).fit.converged


def test_splink_at_its_limit_is_not_called_convergence(untrained: Untrained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours settled, Splink's own went on to the limit."""
    trained = passes.train_with_splink

    def never_settles(*given: Any) -> Any:
        m, _ = trained(*given)
        return m, given[-1]

    monkeypatch.setattr(passes, "train_with_splink", never_settles)
    assert not untrained.train_pass(200).fit.converged


def test_two_models_at_once_have_their_own_frequencies(finished_run: Path, tmp_path: Path) -> None:
    """The second run has half of the persons, so that every name is about twice as common there."""
    for name in ("mentions.parquet", "model.json", "relatives.json", "log_linear.json"):
        (tmp_path / name).write_bytes((finished_run / name).read_bytes())
    persons = pq.read_table(finished_run / "persons.parquet")
    kept = len(persons) // 2
    pq.write_table(persons.slice(0, kept), tmp_path / "persons.parquet")
    with connect() as connection:
        model = TrainedModel.load(tmp_path).match
        columns = {*model.columns, *model.frequency_columns}
        sides = open_tables(connection, tmp_path / "mentions.parquet", tmp_path / "persons.parquet", columns)
        write_frequencies(connection, sides, model, tmp_path)
        pairs = f"FROM read_parquet('{finished_run / 'pairs.parquet'}') SELECT id_l, id_r, blocking_rules WHERE id_r <= {kept}"
        levels = levels_of_pairs(model, sides, pairs)
        connection.execute(f"COPY ({levels}) TO '{tmp_path / 'pairs.parquet'}' (FORMAT parquet)")
        first, second = open_linker(finished_run), open_linker(tmp_path)
        first.inference.predict()
        connection.register("theirs", second.inference.predict().as_pyarrow_table())
        ours = weighed_pairs(tmp_path)
        both, difference = connection.execute(
            f"SELECT count(*), max(abs(o.match_weight - t.match_weight)) FROM theirs t JOIN ({ours}) o USING (id_l, id_r)"
        ).fetchall()[0]
    assert both > 1_000
    assert difference < 1e-9


def test_term_frequency_weights_are_written_out_on_one_key(finished_run: Path) -> None:
    model = json.loads((finished_run / "model.json").read_text(encoding="utf-8"))
    for comparison in model["comparisons"]:
        adjusted = [level for level in comparison["comparison_levels"] if level.get("tf_adjustment_column")]
        assert all(level["tf_adjustment_weight"] == 1.0 for level in adjusted)
        assert len({level["tf_adjustment_column"] for level in adjusted}) <= 1
    assert model["sql_dialect"] == "duckdb"


def test_doubled_ids_are_refused(connection: duckdb.DuckDBPyConnection, finished_run: Path, tmp_path: Path) -> None:
    mentions, persons = finished_run / "mentions.parquet", finished_run / "persons.parquet"
    for fault in ("CASE WHEN id = 2 THEN 1 ELSE id END", "id + 1", "CASE WHEN id = 2 THEN NULL ELSE id END"):
        connection.execute(
            f"COPY (SELECT * REPLACE (({fault})::INTEGER AS id) FROM read_parquet('{persons}')) TO '{tmp_path / 'p.parquet'}'"
        )
        with pytest.raises(LinkageError, match="each once"):
            open_tables(connection, mentions, tmp_path / "p.parquet", ["full_name_fold"])


def test_string_distances_see_ascii_keys_only() -> None:
    distance = re.compile(r"(?:levenshtein|jaro_winkler_similarity|jaccard|hamming)\(([^)]*)\)")
    for use in BUILDERS:
        levels = build_comparison(spec_of(use), FieldKind.person_name)["comparison_levels"]
        columns = {
            column.strip() for level in levels for seen in distance.findall(level["sql_condition"]) for column in seen.split(",")
        }
        if use in ("identifier", "email", "phone"):  # whose values themselves are ASCII
            columns -= {f"{key}_{side}" for key in ("f", "f_user") for side in "lr"}
        assert columns <= {f"{field}_{key}_{side}" for field in "fg" for key in ("fold", "digits") for side in "lr"}


@pytest.mark.parametrize(("key", "told"), [("name", True), ("name_fold", False)])
def test_distance_of_accented_text_is_warned_of(sound_project: Path, key: str, told: bool) -> None:
    path = sound_project / "sound.yaml"
    levels = f'[{{sql: "levenshtein({key}_l, {key}_r) <= 2", label: near}}]'
    changed = path.read_text(encoding="utf-8").replace("use: vietnamese_name, term_frequency: true", f"levels: {levels}")
    path.write_text(changed, encoding="utf-8")
    warnings = open_project(path).check().warnings
    assert any("string distances count bytes" in one for one in warnings) is told


def test_level_never_seen_has_a_floor_and_a_finding(sound_project: Path, tmp_path: Path) -> None:
    path = sound_project / "sound.yaml"
    levels = '[{sql: "name_tone_l = name_tone_r", label: same}, {sql: "false", label: impossible}]'
    changed = path.read_text(encoding="utf-8").replace("use: vietnamese_name, term_frequency: true", f"levels: {levels}")
    path.write_text(changed, encoding="utf-8")
    run = open_project(path).run(until="train", out=tmp_path / "run")
    report = run.document("training")
    row = next(row for row in report["levels"] if row["label"] == "impossible")
    most = max(one["share_of_matches"] * one["used_pairs"] for one in report["passes"] if "name" in one["trained"])
    assert 0 < row["m"] <= 0.5 / most
    assert any(one["code"] == "level_never_seen" and "impossible" in one["what"] for one in report["diagnostics"])


def test_arrow_that_duckdb_refuses_is_named_before_the_run(sound_project: Path) -> None:
    path = sound_project / "sound.yaml"
    text = path.read_text(encoding="utf-8")
    for arrow, fine in (("x -> x", False), ("lambda x: x", True)):
        sql = f"list_has_any(list_transform([name_fold_l], {arrow}), [name_fold_r])"
        changed = text.replace("use: vietnamese_name, term_frequency: true", f'levels: [{{sql: "{sql}", label: any}}]')
        path.write_text(changed, encoding="utf-8")
        if fine:
            open_project(path).check()
        else:
            with pytest.raises(ProjectFileError, match="cannot use this level"):
                open_project(path).check()


def test_linker_works_from_an_odd_folder_on_tables_with_the_same_columns(finished_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "census-1900 of O'Neill"
    folder.mkdir()
    for name in ("mentions.parquet", "persons.parquet", "model.json"):
        (folder / name).write_bytes((finished_run / name).read_bytes())
    linker = open_linker(folder)
    columns = [{column.unquote().name for column in table.columns} for table in linker._input_tables_dict.values()]
    assert len(columns) == 2 and columns[0] == columns[1] and "full_name_tone" in columns[0]
    assert linker.inference.predict(threshold_match_weight=10).as_record_list(limit=5)


def test_weights_beyond_certainty_still_rank(connection: duckdb.DuckDBPyConnection) -> None:
    """As probabilities both are 1."""
    assert 1 / (1 + 2.0**-60) == 1 / (1 + 2.0**-70)
    connection.execute(
        "CREATE TABLE assignable AS FROM (VALUES (1, 1, 60.0::DOUBLE), (1, 2, 70.0)) pair(id_l, id_r, pair_weight)"
    )
    assert [ids.tolist() for ids in _best_of_each(connection)] == [[1], [2]]
