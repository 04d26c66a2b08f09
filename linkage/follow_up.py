"""What the command line does with a finished run besides the façade's verbs: what its outcomes lead to."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from linkage import reconcile
from linkage.project import Run, open_project
from linkage.registers import register_kind
from linkage.runs import Progress, silent
from linkage.words.documents import SYNTHETIC

SYNTHETIC_NOTE = "DỮ LIỆU GIẢ LẬP – không có người thật"


def count_outcomes(run: Run) -> list[tuple[str, str, int]]:
    """Code, label and records of every outcome that occurs."""
    codes = reconcile.OutcomeCodes.of_run(run.path).codes
    counted = run.table("outcomes").aggregate("outcome, finding, count(*) AS records", "outcome, finding")
    rows = counted.order("outcome, finding").fetchall()
    return [(str(code), codes.outcomes[finding].label, int(records)) for code, finding, records in rows]


def findings_by_default(run: Run) -> str:
    """Which findings the office's file of outcomes says nothing of; empty when every finding has its row."""
    return reconcile.OutcomeCodes.of_run(run.path).told_by_default()


def write_worklists(run: Run, folder: Path, progress: Progress = silent) -> reconcile.Worklists:
    """One workbook a present-day commune, with what is to be verified there."""
    return reconcile.write_worklists(run.path, folder, headers=_headers(run), note=_note(run), progress=progress)


def collect_worklists(run: Run, folder: Path) -> reconcile.Collected:
    """Read the returned workbooks and bring the verifications up to date."""
    return reconcile.collect_worklists(run.path, folder, today=date.today())


def propose_numbers(run: Run, workbook: Path) -> reconcile.Proposals:
    """Personal numbers for mentions without one, from links that passed the threshold or review."""
    margin = run.spec.runner_up_margin
    return reconcile.propose_numbers(run.path, headers=_headers(run), workbook=workbook, runner_up_margin=margin)


def write_summary(run: Run, path: Path) -> None:
    """Outcomes by province, commune, register and period, as a workbook."""
    reconcile.write_summary(run.path, path, note=_note(run), register=run.spec.left.register_)


def reconcile_handback(run: Run) -> reconcile.Handback:
    """Pair a handed-back register (the right side) with the province's own by book key, then by link."""
    project = open_project(run.summary["origin"]["project_file"], data=run.summary["origin"]["data"])
    return reconcile.reconcile_handback(run.path, project.check().shared)


def prefill_entries(run: Run, target: Path) -> reconcile.Prefilled:
    """The left register's entries with what the links know filled in, each cell with its source."""
    kind = register_kind(run.spec.left.register_)
    role = kind.role(run.spec.left.role)
    template = {field.name: field.header for field in kind.fields}
    return reconcile.prefill_entries([reconcile.RoleRun(run.path, dict(role.fields))], template, target)


def _note(run: Run) -> str:
    return SYNTHETIC.vi if run.spec.report.synthetic else ""


def _headers(run: Run) -> dict[str, str]:
    """The Vietnamese name of each field that either side's register knows."""
    headers: dict[str, str] = {}
    for side in (run.spec.right, run.spec.left):
        if side is not None and side.fields is None:
            kind = register_kind(side.register_)
            names = {field.name: field.header for field in kind.fields}
            headers |= {mention: names[entry] for mention, entry in kind.role(side.role).fields.items() if entry in names}
    return headers
