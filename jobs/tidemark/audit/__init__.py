"""The audit of a staged snapshot: what a session changed is checked before anybody can read it.

    files.py   what the staged files' own metadata says            (no data is read)
    rules.py   what a spec implies of every row                    (pure)
    floor.py   rules judged by metadata, and what that leaves open (pure)
    rows.py    the changed rows in Spark: counting and showing violations
    grain.py   uniqueness of the grain, from hashes
    gx.py      the spec's own expectations; the only door to Great Expectations
    site.py    the pages that people read; summaries.py   what is stored beside them, and how long they stay
    run.py     all of it in order

A report that was not made is an AuditError, never a passing report.
"""

from tidemark.audit.gx import preload
from tidemark.audit.report import CheckResult, Report, rows_for_ops
from tidemark.audit.run import audit_staged

__all__ = ["CheckResult", "Report", "audit_staged", "preload", "rows_for_ops"]
