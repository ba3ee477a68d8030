"""The heap of a Connect server follows the machine's memory and the other servers on it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemark.engine import connect_server
from tidemark.engine.heap import BESIDE_HEAP, GIB, LEAST, MOST, Memory, OtherServer, choose_heap, read_memory
from tidemark.errors import EngineError
from tidemark.settings import Settings

BYTES = st.integers(0, 4096 * GIB)
SERVERS = st.lists(st.builds(OtherServer, BYTES, BYTES), max_size=12)


@pytest.mark.parametrize(
    ("total", "available", "others", "heap"),
    [
        (24, 23, [], 6),
        (24, 8, [], 4),
        (24, 22, [(6, 1.5)], 6),
        (24, 20, [(6, 1.5), (6, 1.5)], 5),
        (24, 20, [(6, 6.5), (6, 6.5)], 6),
        (24, 12, [(6, 1.5), (6, 1.5), (6, 1.5)], 1),
        (8, 6, [], 2),
        (4, 2, [], 1),
        (4, 1.4, [], None),
        (512, 500, [], 31),
    ],
)
def test_the_rule(total: float, available: float, others: list[tuple[float, float]], heap: float | None) -> None:
    """All in GiB: memory, what is available of it, heap and resident memory of each other server."""
    servers = [OtherServer(int(most * GIB), int(now * GIB)) for most, now in others]
    chosen = choose_heap(Memory(int(total * GIB), int(available * GIB)), servers)
    assert chosen == (None if heap is None else heap * GIB)


@given(total=BYTES, available=BYTES, others=SERVERS, one_more=st.builds(OtherServer, BYTES, BYTES))
def test_another_server_never_makes_the_heap_larger(
    total: int, available: int, others: list[OtherServer], one_more: OtherServer
) -> None:
    memory = Memory(total, min(total, available))
    alone, beside = choose_heap(memory, others), choose_heap(memory, [*others, one_more])
    assert (alone is None) == (beside is None) == (memory.available < LEAST + BESIDE_HEAP)
    if alone is not None and beside is not None:
        assert LEAST <= beside <= alone <= MOST
        assert beside + BESIDE_HEAP <= memory.available


def test_ten_homes_one_after_the_other_leave_the_machine_standing() -> None:
    """Each holds 1.5 GiB of what its heap may grow to; nothing is promised twice, the least heap aside."""
    servers: list[OtherServer] = []
    total, promised = 24 * GIB, 0
    for _ in range(10):
        available = 23 * GIB - len(servers) * 3 * GIB // 2
        heap = choose_heap(Memory(total, available), servers)
        assert heap is not None
        servers.append(OtherServer(heap, 3 * GIB // 2))
        promised += heap if heap > LEAST else 0
    assert promised <= total


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"memory.max": "max\n", "memory.current": "5\n"}, None),
        ({"memory.max": f"{2**20}\n", "memory.current": f"{2**19}\n"}, (2**20, 2**19)),
        (
            {"memory.max": f"{2**20}", "memory.current": f"{2**20}", "memory.stat": "anon 1\ninactive_file 4096\n"},
            (2**20, 4096),
        ),
    ],
)
def test_a_container_s_limit_counts(tmp_path: Path, files: dict[str, str], expected: tuple[int, int] | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    read = read_memory(tmp_path)
    if expected is None:
        assert read.total == psutil.virtual_memory().total
    else:
        assert read == Memory(*expected)


def test_a_machine_without_memory_for_a_server_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(connect_server, "read_memory", lambda: Memory(4 * GIB, GIB))
    with pytest.raises(EngineError, match=r"1\.0 GiB of memory are free, too little for") as refused:
        connect_server.ensure_server(Settings(home=tmp_path, schemas=tmp_path))
    assert "TIDEMARK_SPARK_MEMORY=1g" in str(refused.value)
