"""How much memory a Connect server may take: what the machine has, and what other servers were promised."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
GIB = 2**30

LEAST = GIB
"""Below a heap of this size the loop's own tests run out of memory."""

MOST = 31 * GIB
"""From 32 GiB on the JVM needs wider pointers, and a larger heap holds less."""

BESIDE_HEAP = GIB // 2
"""What a JVM takes besides its heap: code, threads, buffers; 0.3 to 0.6 GiB were seen."""

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Bytes of memory: in total, and available without pushing anything out."""

    total: int
    available: int


@dataclass(frozen=True)
class OtherServer:
    """A server that runs on this machine: bytes its heap may grow to, and bytes it holds now."""

    heap: int
    resident: int


def choose_heap(memory: Memory, others: Sequence[OtherServer]) -> int | None:
    """Bytes of heap for one more server; None if not even the least fits.

    A quarter of the machine's memory, as the JVM takes by default, but at most half of what stays free when the other
    servers fill the heaps they were given; the other half is for Airflow and for Spark's Python workers. Never less
    than `LEAST`, if that is available now, and never more than `MOST`.
    """
    if memory.available < LEAST + BESIDE_HEAP:
        return None
    promised = sum(max(0, other.heap + BESIDE_HEAP - other.resident) for other in others)
    wanted = min(memory.total // 4, (memory.available - promised) // 2)
    return min(max(wanted, LEAST), MOST)


def read_memory(cgroup: Path = _CGROUP) -> Memory:
    """The memory of this machine, or of the container that limits this process."""
    import psutil

    machine = psutil.virtual_memory()
    limit = _read_number(cgroup / "memory.max")
    used = _read_number(cgroup / "memory.current")
    if limit is None or used is None or limit >= machine.total:
        return Memory(machine.total, machine.available)
    # The page cache counts as used there, although it can be dropped.
    free = limit - used + _read_inactive(cgroup / "memory.stat")
    return Memory(limit, max(0, min(free, machine.available)))


def _read_number(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None


def _read_inactive(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == "inactive_file":
                return int(value)
    return 0
