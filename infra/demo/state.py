"""The record of a world, `<home>/truth/world.json`: read, written, compared with what is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.demo.files import json_bytes, write_file
from infra.demo.parameters import Parameters, WorldError, name_differences

DEFAULT_DAYS = 42


@dataclass(frozen=True)
class World:
    """What `truth/world.json` says: the parameters, the days asked for and the days written."""

    parameters: Parameters
    asked_days: int
    counts: dict[str, Any]
    """One entry a written day, by date."""

    @property
    def days(self) -> int:
        """Days that are written whole."""
        return len(self.counts)

    @property
    def end(self) -> datetime:
        """The first instant that the world does not cover."""
        return self.parameters.start + timedelta(days=self.asked_days)


def load_world(home: Path) -> World | None:
    """The world of a home, None where there is none. Raises WorldError for one of another version."""
    path = home / "truth" / "world.json"
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return World(Parameters.from_json(data["parameters"]), data["days"], data["counts"])
    except (ValueError, TypeError, KeyError) as error:
        raise WorldError(f"{path}: is no record of a demo world that this version knows; use another home") from error


def save_world(home: Path, world: World) -> None:
    """Writes `truth/world.json`."""
    data = {
        "parameters": world.parameters.to_json(),
        "days": world.asked_days,
        "end": f"{world.end:%Y-%m-%dT%H:%M:%SZ}",
        "counts": world.counts,
    }
    write_file(home / "truth" / "world.json", json_bytes(data))


def is_whole(home: Path, world: World) -> bool:
    """Whether every file that `world.json` names is there with its size."""
    expected = {path: size for day in world.counts.values() for path, size in {**day["files"], **day["inputs"]}.items()}
    landing = home / "landing"
    return world.days == world.asked_days and all(
        (landing / p).exists() and (landing / p).stat().st_size == size for p, size in expected.items()
    )


def require_world(home: Path) -> World:
    """The whole world of a home; raises WorldError where there is none."""
    world = load_world(home)
    if world is None:
        raise WorldError(f"{home} holds no demo world; make run makes one, in a home without logs of your own")
    if not is_whole(home, world):
        raise WorldError(
            f"the demo world in {home} is not whole; finish it: python -m infra.demo.world make --home {home}"
        )
    return world


def refuse_foreign_logs(home: Path) -> None:
    """Raises WorldError if the landing folder holds files though the home has no world."""
    landing = home / "landing"
    found = next((p for p in sorted(landing.rglob("*")) if p.is_file()), None) if landing.exists() else None
    if found is not None:
        raise WorldError(
            f"{landing} holds files that are not the demo's, for example {found.name}; "
            "name another home for the demo: TIDEMARK_HOME=... or --home"
        )


def refuse_other_world(home: Path, found: World, asked: Mapping[str, Any], days: int | None, end: date | None) -> None:
    """Raises WorldError, naming what differs, if the asked world is not part of the one found."""
    wanted = dict(asked)
    if end is not None:
        wanted["first_day"] = str(end - timedelta(days=days or DEFAULT_DAYS))
    there = found.parameters.to_json()
    differences = name_differences({k: there[k] for k in wanted}, wanted)
    if days is not None and days > found.asked_days:
        differences.append(f"days: {found.asked_days} there, {days} asked (`extend` adds days)")
    if differences:
        raise WorldError(
            f"{home} holds another demo world: {'; '.join(differences)}. Name another home, or ask for that world"
        )
