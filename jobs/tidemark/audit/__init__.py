"""The audit of a staged snapshot. It checks what a session changed before any reader can see it.

    files.py      the metadata of the staged files                  (reads no data)
    rules.py      the rules that a spec implies for every row       (pure)
    floor.py      decides rules by metadata, as far as possible     (pure)
    rows.py       counts and shows violations among the changed rows, in Spark
    grain.py      checks that the grain is unique, by hashes
    gx.py         runs the spec's expectations; the only door to Great Expectations
    site.py       writes the pages that people read
    summaries.py  the summary stored beside each page, and how long pages stay
    run.py        runs all of this in order

If the audit cannot be completed, it raises AuditError. It never returns a passing report in that case.
"""

from tidemark.audit.gx import preload, preloading
from tidemark.audit.report import CheckResult, Report, rows_for_ops
from tidemark.audit.run import audit_staged

__all__ = ["CheckResult", "Report", "audit_staged", "preload", "preloading", "rows_for_ops"]
