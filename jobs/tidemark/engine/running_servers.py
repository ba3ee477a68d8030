"""Find the Connect servers that run on this machine by their command lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tidemark.engine.heap import GIB, MIB, OtherServer
from tidemark.engine.processes import Running

SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
HOME_ARGUMENT = "spark.tidemark.home="
"""Begins the argument that names the home of a server. Spark itself ignores it."""

PORT_ARGUMENT = "spark.connect.grpc.binding.port="
_HEAP = re.compile("-Xmx([0-9]+)([kmg])")
_UNITS = {"k": 1024, "m": MIB, "g": GIB}


@dataclass(frozen=True)
class RunningServer:
    """A server: its process, port and user, its home, and its memory. `home` is None if it belongs to no home."""

    pid: int
    port: int
    user: int
    home: Path | None
    memory: OtherServer


def running_servers() -> Iterator[RunningServer]:
    """Yield all Connect servers of this machine, including those of other users."""
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                read = read_arguments(process.cmdline())
                if read is not None:
                    home, port, heap = read
                    memory = OtherServer(heap, process.memory_info().rss)
                    yield RunningServer(process.pid, port, process.uids().real, home, memory)
        except psutil.Error:
            continue


def find_server(home: Path) -> Running | None:
    """Return the server of a home if this user runs one; None otherwise."""
    for server in running_servers():
        if server.home == home and server.user == os.getuid():
            return Running(server.pid, server.port)
    return None


def read_arguments(arguments: Sequence[str]) -> tuple[Path | None, int, int] | None:
    """Return home, port and heap in bytes from a process's command line; None if it is not a Connect server."""
    if "org.apache.spark.deploy.SparkSubmit" not in arguments or SERVER_CLASS not in arguments:
        return None
    home = _value_of(HOME_ARGUMENT, arguments)
    heaps = [found for argument in arguments if (found := _HEAP.fullmatch(argument))]
    heap = int(heaps[-1][1]) * _UNITS[heaps[-1][2]] if heaps else GIB
    port = _value_of(PORT_ARGUMENT, arguments) or ""
    return None if home is None else Path(home), int(port) if port.isdigit() else 0, heap


def _value_of(name: str, arguments: Sequence[str]) -> str | None:
    return next((argument.removeprefix(name) for argument in arguments if argument.startswith(name)), None)
