"""Run Python in a separate process, and measure its wall time."""

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
"""Seconds after which a child process counts as stuck."""


@dataclass(frozen=True)
class Child:
    """A finished process: the seconds from its start to its end, and what it printed."""

    seconds: float
    output: str

    def last_json(self) -> Any:
        """Return the last printed line, parsed as JSON."""
        return json.loads(self.output.splitlines()[-1])


def time_python(times: int, arguments: Sequence[str], environment: Mapping[str, str]) -> list[float]:
    """Return the seconds of several runs, after a first run that is not counted."""
    python(arguments, environment)
    return [python(arguments, environment).seconds for _ in range(times)]


def python(arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
    """Run Python with arguments. Raises RuntimeError with its stderr if it fails.

    Byte code is kept in the folder PYTHONPYCACHEPREFIX of the environment. A process that compiles its imports takes
    two to three times as long, so the first run should not be counted.
    """
    path = os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)])
    env = {**os.environ, **environment, "PYTHONPATH": path}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)[:200]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Child(seconds, done.stdout)
