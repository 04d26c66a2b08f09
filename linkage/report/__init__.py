"""The method report: what a ministry can sign, with every number traceable.

Contract: `build_report` reads a finished or unfinished run directory and writes the report as one-file HTML, DOCX and PDF
from one source; `write_report` is the pipeline's stage and writes the HTML alone. What the run lacks (labels, links, a
second register, an earlier run) is said in the report, never a reason to fail. Numbers reach the text only through
`numbers.Ledger`, which notes the run table each comes from; templates hold no digit. No register value is printed: tables
by group go through `disclosure`. Nothing is fetched; the same run gives the same bytes.

How it is made: `reading` opens the run; `sources`, `model`, `results`, `quality`, `groups`, `plausibility`, `changes` and
`annexes` each make plain facts, tables and figures; `writing` fills the template and numbers them; `html`, `docx` and
`pdf` render the one document.
"""

from linkage.report.building import FORMATS, build_report, write_report

__all__ = ["FORMATS", "build_report", "write_report"]
