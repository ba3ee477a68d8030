"""Choose the heap of a Connect server from the machine's memory and the heaps of other servers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
GIB = 2**30

LEAST = GIB
"""The smallest heap in bytes. With less, the loop's own tests run out of memory."""

MOST = 31 * GIB
"""The largest heap in bytes. From 32 GiB on, the JVM needs wider pointers and the heap holds less."""

BESIDE_HEAP = GIB // 2
"""Bytes that a JVM takes besides its heap, for code, threads and buffers. Measured: 0.3 to 0.6 GiB."""

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Bytes of memory: the total, and how much is available without swapping."""

    total: int
    available: int


@dataclass(frozen=True)
class OtherServer:
    """A server on this machine: the bytes to which its heap may grow, and the bytes that the process holds now."""

    heap: int
    resident: int


def choose_heap(memory: Memory, others: Sequence[OtherServer]) -> int | None:
    """Return the heap in bytes for one more server; None if not even `LEAST` fits now.

    The heap is a quarter of the machine's memory, the JVM's own default, but at most half of the memory that stays
    free once the other servers have filled their heaps. The other half is for Airflow and Spark's Python workers. The
    heap is never less than `LEAST` and never more than `MOST`.
    """
    if memory.available < LEAST + BESIDE_HEAP:
        return None
    promised = sum(max(0, other.heap + BESIDE_HEAP - other.resident) for other in others)
    wanted = min(memory.total // 4, (memory.available - promised) // 2)
    return min(max(wanted, LEAST), MOST)


def read_memory(cgroup: Path = _CGROUP) -> Memory:
    """Return the memory of this machine, or of the container that limits this process."""
    import psutil

    machine = psutil.virtual_memory()
    limit = _read_number(cgroup / "memory.max")
    used = _read_number(cgroup / "memory.current")
    if limit is None or used is None or limit >= machine.total:
        return Memory(machine.total, machine.available)
    # The container counts the page cache as used, although it can be dropped.
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
