"""The run directory: what a run leaves behind, and how it is found again.

Contract: a stage's outputs appear whole or not at all (written beside, renamed, then recorded), so a kill at any
moment loses no finished stage. A stage is current when its record holds the fingerprint of (code version, its part of
the config, its inputs' fingerprints) and its files are there; a current stage is not run again. `tables` declares every
table and document that is exchanged; they are written, read and put in place through it only. One process at a time works
in a run directory. Nothing here knows what a stage does; nothing here writes a register value anywhere but into
the tables. Files are readable by their owner only.
"""

from linkage.runs.code_version import code_versions
from linkage.runs.directory import RunDirectory
from linkage.runs.fingerprints import fingerprint, hash_file, source_fingerprint
from linkage.runs.progress import Progress, silent
from linkage.runs.provenance import write_provenance
from linkage.runs.records import StageRecord
from linkage.runs.run_list import list_runs

__all__ = [
    "Progress",
    "RunDirectory",
    "StageRecord",
    "code_versions",
    "fingerprint",
    "hash_file",
    "list_runs",
    "silent",
    "source_fingerprint",
    "write_provenance",
]
