"""Table maintenance: keep tables quick and small without removing what somebody still needs.

table.py        the order of the work on one table, and the report about it
needs.py        which snapshots must be kept: for readers, open plans, the table itself, rollbacks
expiry.py       expire snapshots, up to the oldest one that is needed
refs.py         drop branches that no session will publish, and tags of retired releases
files.py        fold small files and manifests, remove files that belong to no snapshot
procedures.py   call Iceberg's procedures in Spark; if a session commits first, the call yields
"""

from tidemark.operate.maintenance.table import maintain, maintain_ops

__all__ = ["maintain", "maintain_ops"]
