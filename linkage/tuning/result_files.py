"""The results as files: a table, a summary, and the front of what is found against clerical load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linkage.runs.files import write_text
from linkage.runs.spreadsheet_text import csv_text
from linkage.runs.sql import connect, quote
from linkage.runs.tables import TRIALS, TUNING
from linkage.words.estimates import MEASURES

WHY = {
    "labels_given": "Chấm điểm bằng nhãn của người xét.",
    "numbers_found": "Chấm điểm bằng các lượt ghi có số định danh cá nhân.",
    "no_numbers": "Không có số định danh và nhãn: chỉ theo xác suất của chính mô hình, không nên chỉ dựa vào đó để quyết định.",
    "number_is_used": "Mô hình dùng chính số định danh nên số không thể chấm điểm nó: chỉ theo xác suất của chính mô hình.",
    "few_numbers": "Quá ít lượt ghi có số định danh: chỉ theo xác suất của chính mô hình.",
}
TEXTS = {
    "title": "{measure} theo số cặp phải xét",
    "load": "Số cặp phải người xét để giữ hai mục tiêu sai số",
    "found": "{measure} sau khi xét (%)",
    "trials": "Lần thử",
    "front": "Không lần thử nào hơn cả hai mặt",
    "shipped": "Tệp cấu hình hiện có (0)",
    "best": "Chọn",
}


def write_results(out: Path, rows: list[dict[str, Any]], summary: dict[str, Any]) -> tuple[Path, ...]:
    """Write results.parquet, results.csv, tuning.json and front.png; `rows` are the trials in order."""
    columns = list(dict.fromkeys(column for row in rows for column in row if column.startswith("set ")))
    columns = ["trial", *columns, *(column for column in rows[0] if column != "trial")]
    table = [{column: row.get(column) for column in columns} for row in rows]
    files = (TRIALS.path(out), out / "results.csv", TUNING.path(out), out / "front.png")
    write_text(files[1], csv_text(columns, (row.values() for row in table)))
    _write_table(table, columns, out)
    TUNING.write(out, {**summary, "said": WHY[summary["why"]], "trials": table})
    _draw([row for row in rows if not row["error"]], summary, files[3])
    return files


def _write_table(table: list[dict[str, Any]], columns: list[str], out: Path) -> None:
    import pyarrow as pa

    texts = {"reused", "error", *(column for column in columns if column.startswith("set "))}
    whole = {"trial", "clerical_pairs", "cases", "candidate_pairs", "warnings"}
    kinds = {
        column: pa.string()
        if column in texts
        else pa.int64()
        if column in whole
        else pa.bool_()
        if column == "on_front"
        else pa.float64()
        for column in columns
    }
    with connect() as connection:
        connection.register("results", pa.Table.from_pylist(table, schema=pa.schema(list(kinds.items()))))
        TRIALS.write(connection, f"SELECT * FROM results ORDER BY {quote('trial')}", out)


def _draw(rows: list[dict[str, Any]], summary: dict[str, Any], target: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 5), layout="constrained", dpi=150)
    axes = figure.add_subplot()
    at = {row["trial"]: (row["clerical_pairs"], 100 * row["found_after_review"]) for row in rows}
    ahead = sorted(at[row["trial"]] for row in rows if row["on_front"])
    loads, recalls = zip(*at.values(), strict=True)
    axes.scatter(loads, recalls, s=28, color="0.7", label=TEXTS["trials"])
    axes.plot(*zip(*ahead, strict=True), color="0.2", marker="o", drawstyle="steps-post", label=TEXTS["front"])
    axes.scatter(*at[0], s=90, marker="s", facecolors="none", edgecolors="tab:blue", linewidths=1.8, label=TEXTS["shipped"])
    axes.scatter(*at[summary["best"]], s=170, marker="*", color="tab:red", zorder=3, label=f"{TEXTS['best']}: {summary['best']}")
    for row in rows:
        if row["on_front"]:
            axes.annotate(str(row["trial"]), at[row["trial"]], textcoords="offset points", xytext=(5, -11), fontsize=8)
    most = max(1, *loads)
    axes.set_xlim(-0.04 * most, 1.04 * most)
    axes.set_xlabel(TEXTS["load"])
    measure = MEASURES[summary["measure"]].vi
    axes.set_ylabel(TEXTS["found"].format(measure=measure))
    axes.set_title(f"{TEXTS['title'].format(measure=measure)}\n{WHY[summary['why']]}", fontsize=9, loc="left")
    axes.ticklabel_format(useOffset=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="best")
    target.touch(mode=0o600)
    figure.savefig(target, metadata={"Software": None})
    target.chmod(0o600)
