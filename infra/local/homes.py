"""Prepare a home for `make run`: the demo world, the user's own logs, or what lies there already."""

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
# Settings of the demo world, over infra/search.yaml. Its logs are history, complete through their end.
landing:
  settling: 0s
  completeness: data
# Items and grades of the demo name no application.
handed_in:
  applications: [demo_shop]
# 42 days of traffic hold more cuts with windows of two weeks than of four; the newest ends with the world.
label_horizon: 14d
labels:
  cut_phase: {phase}
"""

Finish = Callable[[], None]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def prepare(settings: Settings, env: Mapping[str, str], say: Callable[[str], None]) -> Finish:
    """Prepare the home. What takes long goes on beside; call the result to wait for it.

    Raises HostError where demo and own logs would meet in one home.
    """
    given = inputs.asked(env)
    if given:
        _refuse_demo(settings, given)
        _settings_if_none(settings, inputs.SETTINGS)
        taken = inputs.hand_in(settings.landing, given)
        for line in taken.left_out:
            say(f"left out {line}")
        say(f"{taken.new} new files in {settings.landing}")
        return _nothing
    if load_world(settings.home) is None and holds_logs(settings):
        say(f"home {settings.home}: own logs, taking in what {settings.landing} holds")
        return _nothing
    return _make_world(settings, env, say)


def holds_logs(settings: Settings) -> bool:
    """Whether anything lies in the landing folder."""
    return any(path.is_file() for path in settings.landing.rglob("*"))


def demo_end(settings: Settings) -> datetime | None:
    """The first instant that the home's demo world does not cover; None for a home without one."""
    world = load_world(settings.home)
    return world.end if world else None


def _refuse_demo(settings: Settings, given: Mapping[str, Path]) -> None:
    if load_world(settings.home) is None:
        return
    other = shlex.quote(str(CHECKOUT / ".tidemark-own"))
    said = " ".join(f"{name}={shlex.quote(str(path))}" for name, path in given.items())
    raise HostError(
        f"{settings.home} holds the demo, and its logs would mix with yours; nothing was taken in. "
        f"Name another home:\n  make stop && make run TIDEMARK_HOME={other} {said}"
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
        told, _ = process.communicate()
        if process.returncode:
            raise HostError(told.strip())
        say(told.strip())
        _settings_if_none(settings, _demo_settings(settings))

    return finish


def _demo_settings(settings: Settings) -> str:
    """Settings in which a window of labels ends where the world ended when it was made."""
    end = demo_end(settings)
    days = 0 if end is None else (end - EPOCH).days
    return DEMO_SETTINGS.format(phase=days % int(settings.values["labels"]["cut_every"]))


def _nothing() -> None:
    """Nothing goes on beside."""
