"""Read `partition_by`."""

from __future__ import annotations

import re

from tidemark.spec.model import Partition, PartitionTransform
from tidemark.spec.parse import values as read
from tidemark.spec.parse.document import Item

_FORM = re.compile(r"(hour|day|month)\(\s*([a-z][a-z0-9_]*)\s*\)")
_NAMES: dict[str, PartitionTransform] = {"hour": "hour", "day": "day", "month": "month"}


def read_partitions(item: Item) -> tuple[Partition, ...]:
    """Return the partition fields in the order of the file. Raises SpecError."""
    return tuple(_partition(entry) for entry in read.items(item))


def _partition(item: Item) -> Partition:
    written = read.text(item)
    if found := _FORM.fullmatch(written):
        return Partition(_NAMES[found[1]], found[2])
    if read.NAME.fullmatch(written):
        return Partition("identity", written)
    raise item.error(f"{item.shown} is not a partition", "write hour(c), day(c), month(c) or a column's name")
