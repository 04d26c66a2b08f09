"""The method report. First, short form: one HTML page with the flow of records, the model and the thresholds."""

from __future__ import annotations

import base64
import io
import json
from html import escape
from pathlib import Path
from typing import Any

from linkage.config import LoadedProject
from linkage.runs.files import write_text


def write_report(run: Path, project: LoadedProject, folder: Path) -> dict[str, int]:
    """Write folder/report.html from the tables of the run; what is not there is said to be missing."""
    spec = project.spec
    parts = [f"<h1>{escape(spec.title)}</h1>"]
    if spec.report.synthetic:
        parts.append("<p><strong>Số liệu giả lập: không có người thật nào trong báo cáo này.</strong></p>")
    rows = []
    for path in sorted((run / "stages").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        rows += [(record["stage"], name, _shown(value)) for name, value in record["counts"].items()]
    parts.append(_table("Số liệu theo bước", ("Bước", "Chỉ tiêu", "Giá trị"), rows))
    training = _document(run, "training.json")
    if training:
        levels = [(v["comparison"], v["label"], *(_shown(v[k]) for k in ("m", "u", "weight"))) for v in training["levels"]]
        parts.append(_table("Mức so sánh", ("Trường", "Mức", "m", "u", "Trọng số"), levels))
    thresholds = _document(run, "thresholds.json")
    if thresholds:
        shown = [(name, _shown(thresholds[name])) for name in ("upper", "lower")]
        parts.append(_table("Ngưỡng", ("Ngưỡng", "Trọng số liên kết"), shown))
    if (run / "links.parquet").is_file():
        parts.append(_histogram(run / "links.parquet", thresholds))
    page = (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(spec.title)}</title></head><body><main>{''.join(parts)}</main></body></html>"
    )
    write_text(folder / "report.html", page)
    return {"sections": len(parts)}


def _document(run: Path, name: str) -> Any:
    path = run / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _shown(value: object) -> str:
    return f"{value:,.4g}".replace(",", " ").replace(".", ",") if isinstance(value, float) else str(value)


def _table(title: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _histogram(links: Path, thresholds: Any) -> str:
    from matplotlib.figure import Figure

    from linkage.runs.sql import connect

    with connect() as connection:
        weights = connection.execute("SELECT link_weight FROM read_parquet(?)", [str(links)]).fetchnumpy()["link_weight"]
    figure = Figure(figsize=(7, 3))
    axes = figure.add_subplot()
    axes.hist(weights, bins=60, color="0.5")
    for name in ("lower", "upper"):
        if thresholds:
            axes.axvline(thresholds[name], color="black", linestyle="--")
    axes.set_xlabel("Trọng số liên kết")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    data = base64.b64encode(drawn.getvalue()).decode()
    return f'<h2>Phân bố trọng số</h2><img alt="Biểu đồ phân bố trọng số liên kết" src="data:image/svg+xml;base64,{data}">'
