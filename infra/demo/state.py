"""Read and write the record of a world, `<home>/truth/world.json`, and compare it with a requested world."""

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
    """The content of `truth/world.json`: the parameters, the requested days and the written days."""

    parameters: Parameters
    asked_days: int
    counts: dict[str, Any]
    """One entry per written day, by date."""

    @property
    def days(self) -> int:
        """The number of completely written days."""
        return len(self.counts)

    @property
    def end(self) -> datetime:
        """The end of the world, exclusive."""
        return self.parameters.start + timedelta(days=self.asked_days)


def load_world(home: Path) -> World | None:
    """Return the world of a home; None if there is none. Raises WorldError if another version wrote it."""
    path = home / "truth" / "world.json"
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return World(Parameters.from_json(data["parameters"]), data["days"], data["counts"])
    except (ValueError, TypeError, KeyError) as error:
        raise WorldError(f"{path}: this version cannot read this record of a demo world; use another home") from error


def save_world(home: Path, world: World) -> None:
    """Write `truth/world.json`."""
    data = {
        "parameters": world.parameters.to_json(),
        "days": world.asked_days,
        "end": f"{world.end:%Y-%m-%dT%H:%M:%SZ}",
        "counts": world.counts,
    }
    write_file(home / "truth" / "world.json", json_bytes(data))


def is_whole(home: Path, world: World) -> bool:
    """Whether all days are written and every file in `world.json` exists with its size."""
    expected = {path: size for day in world.counts.values() for path, size in {**day["files"], **day["inputs"]}.items()}
    landing = home / "landing"
    return world.days == world.asked_days and all(
        (landing / p).exists() and (landing / p).stat().st_size == size for p, size in expected.items()
    )


def require_world(home: Path) -> World:
    """Return the complete world of a home. Raises WorldError if there is none, or if it is incomplete."""
    world = load_world(home)
    if world is None:
        raise WorldError(
            f"{home} holds no demo world; run make run, which makes one in a home without logs of your own"
        )
    if not is_whole(home, world):
        raise WorldError(
            f"the demo world in {home} is incomplete; finish it with python -m infra.demo.world make --home {home}"
        )
    return world


def refuse_foreign_logs(home: Path) -> None:
    """Refuse a home without a world whose landing folder holds files. Raises WorldError."""
    landing = home / "landing"
    found = next((p for p in sorted(landing.rglob("*")) if p.is_file()), None) if landing.exists() else None
    if found is not None:
        raise WorldError(
            f"{landing} holds files that are not the demo's, for example {found.name}; "
            "name another home for the demo: TIDEMARK_HOME=... or --home"
        )


def refuse_other_world(home: Path, found: World, asked: Mapping[str, Any], days: int | None, end: date | None) -> None:
    """Refuse a requested world that is not part of the existing one. Raises WorldError that names the differences."""
    wanted = dict(asked)
    if end is not None:
        wanted["first_day"] = str(end - timedelta(days=days or DEFAULT_DAYS))
    existing = found.parameters.to_json()
    differences = name_differences({k: existing[k] for k in wanted}, wanted)
    if days is not None and days > found.asked_days:
        differences.append(f"days is {found.asked_days} (requested: {days}; `extend` adds days)")
    if differences:
        raise WorldError(
            f"{home} holds another demo world: {'; '.join(differences)}. Name another home, or request this world"
        )
