"""Work in a process of its own: its wall time, and what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidemark.settings import CHECKOUT

PATIENCE = 600
"""Seconds after which a child counts as stuck."""


@dataclass(frozen=True)
class Child:
    """How long a process took from its start to its end, and what it printed."""

    seconds: float
    output: str

    def last_json(self) -> Any:
        """The last printed line, as JSON."""
        return json.loads(self.output.splitlines()[-1])


def python_often(times: int, arguments: Sequence[str], environment: Mapping[str, str]) -> list[float]:
    """Seconds of some runs, after one that is not counted."""
    python(arguments, environment)
    return [python(arguments, environment).seconds for _ in range(times)]


def python(arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
    """Run Python with arguments. Raises RuntimeError with its stderr where it fails.

    Byte code is kept below the environment's PYTHONPYCACHEPREFIX: a process that compiles what it imports
    takes two to three times as long, so the first of its kind is not to be counted.
    """
    path = os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)])
    env = {**os.environ, **environment, "PYTHONPATH": path}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)[:200]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Child(seconds, done.stdout)
