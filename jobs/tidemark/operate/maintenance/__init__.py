"""Housekeeping: keep tables quick and small, and take nothing that somebody still needs.

table.py        the order of the work on one table, and what is said of it
needs.py        whose snapshots must stay: readers, their open plans, the table itself, rollbacks
expiry.py       expire up to the oldest need, and no further
refs.py         branches that nobody will publish, tags of releases that have had their time
files.py        fold small files and manifests, remove files that belong to no snapshot
procedures.py   calls into the engine, which yield to a session that was there first
"""

from tidemark.operate.maintenance.table import maintain, maintain_ops

__all__ = ["maintain", "maintain_ops"]
