"""Run Python in a fresh process, and measure its time and its peak of resident memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tidemark.settings import CHECKOUT


@dataclass(frozen=True)
class Measured:
    """A finished process: seconds from its start to its end, the bytes that it held at its peak, and its output."""

    seconds: float
    peak: int
    output: str


def measured(arguments: Sequence[str]) -> Measured:
    """Run Python with arguments, and return what it took. Raises RuntimeError with its output if it fails."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)])}
    command = [sys.executable, "-m", "bench.training.launched", *arguments]
    told = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    output, _, last = told.rstrip("\n").rpartition("\n")
    found = json.loads(last)
    if found["code"]:
        raise RuntimeError(f"python {' '.join(arguments)[:200]} ended with {found['code']}: {output[-2000:]}")
    return Measured(found["seconds"], found["peak"], output.rstrip("\n"))
