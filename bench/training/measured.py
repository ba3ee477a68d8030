"""Run Python in a fresh process, and measure its time and its peak of resident memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

from tidemark.settings import CHECKOUT

_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Measured:
    """A finished process: seconds from its start to its end, the bytes that it held at its peak, and its output."""

    seconds: float
    peak: int
    output: str


def measured(arguments: Sequence[str]) -> Measured:
    """Run Python with arguments, and return what it took. Raises RuntimeError with its output if it fails.

    The peak is never below what this process holds itself, which is little.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)])}
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as told:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, cwd=CHECKOUT, stdout=told, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        output = told.read()
    if process.returncode:
        raise RuntimeError(f"python {' '.join(arguments)[:200]} ended with {process.returncode}: {output[-2000:]}")
    return Measured(seconds, usage.ru_maxrss * _UNIT, output)
