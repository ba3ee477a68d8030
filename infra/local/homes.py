"""Prepare a home for `make run`: the demo world, the user's own logs, or the files that are already there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from infra.demo.state import load_world
from infra.local import inputs
from infra.local.errors import HostError
from tidemark.settings import CHECKOUT, Settings

DEMO_SETTINGS = """\
# Settings of the demo. They override infra/search.yaml. Its logs are history, complete through their end.
landing:
  settling: 0s
  completeness: data
# Items and grades of the demo do not name an application.
handed_in:
  applications: [demo_shop]
# The newest cut ends with the traffic.
labels:
  cut_phase: {phase}
"""

Finish = Callable[[], None]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def prepare(settings: Settings, env: Mapping[str, str], say: Callable[[str], None]) -> Finish:
    """Prepare the home and return a function that waits until it is ready.

    The demo is generated in a process of its own, so that services can start meanwhile. Raises HostError if the home
    holds the demo and the environment names other logs. The returned function raises HostError if the demo fails.
    """
    given = inputs.read_inputs(env)
    if given:
        _refuse_demo(settings, given)
        _settings_if_none(settings, inputs.SETTINGS)
        taken = inputs.hand_in(settings.landing, given)
        for line in taken.left_out:
            say(f"left out {line}")
        say(f"{taken.new} new files in {settings.landing}")
        return _wait_for_nothing
    if load_world(settings.home) is None and holds_logs(settings):
        say(f"home {settings.home} holds your own logs; reading the files in {settings.landing}")
        return _wait_for_nothing
    return _make_world(settings, env, say)


def holds_logs(settings: Settings) -> bool:
    """Whether the landing folder holds any file."""
    return any(path.is_file() for path in settings.landing.rglob("*"))


def demo_end(settings: Settings) -> datetime | None:
    """Return the end of the home's demo world, exclusive; None for a home without a demo."""
    world = load_world(settings.home)
    return world.end if world else None


def _refuse_demo(settings: Settings, given: Mapping[str, Path]) -> None:
    if load_world(settings.home) is None:
        return
    other = shlex.quote(str(CHECKOUT / ".tidemark-own"))
    arguments = " ".join(f"{name}={shlex.quote(str(path))}" for name, path in given.items())
    raise HostError(
        f"{settings.home} holds the demo, and its logs would mix with yours; no file was read. "
        f"Name another home:\n  make stop && make run TIDEMARK_HOME={other} {arguments}"
    )


def _settings_if_none(settings: Settings, text: str) -> None:
    path = settings.home / "search.yaml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _make_world(settings: Settings, env: Mapping[str, str], say: Callable[[str], None]) -> Finish:
    command = [sys.executable, "-m", "infra.demo.world", "make", "--home", str(settings.home)]
    for option in ("SCALE", "DAYS"):
        if env.get(f"DEMO_{option}"):
            command += [f"--{option.lower()}", env[f"DEMO_{option}"]]
    paths = os.pathsep.join([str(CHECKOUT / "jobs"), str(CHECKOUT)])
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def finish() -> None:
        output, _ = process.communicate()
        if process.returncode:
            raise HostError(output.strip())
        say(output.strip())
        _settings_if_none(settings, _demo_settings(settings))

    return finish


def _demo_settings(settings: Settings) -> str:
    """Return settings whose label windows are aligned with the current end of the world."""
    end = demo_end(settings)
    days = 0 if end is None else (end - EPOCH).days
    return DEMO_SETTINGS.format(phase=days % int(settings.values["labels"]["cut_every"]))


def _wait_for_nothing() -> None:
    """Return at once: no process was started."""
