"""Make the demo world, extend it, and add late files.

python -m infra.demo.world make   --home HOME [--days 42] [--end DATE] [--world hard] [--seed 7] [--help: all options]
python -m infra.demo.world extend --home HOME [--days 1]
python -m infra.demo.world late   --home HOME [--day DATE]
python -m infra.demo.world        the command that the variables of `make world` stand for
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.demo.behaviour import act
from infra.demo.days import LogFile, arrivals, log_file
from infra.demo.files import write_file
from infra.demo.formats import json_lines
from infra.demo.hidden import write_shown, write_truth
from infra.demo.inputs import inputs_of
from infra.demo.options import add_options, arguments_of, asked_parameters
from infra.demo.parameters import Parameters, WorldError
from infra.demo.records import write_records
from infra.demo.shipping import ship
from infra.demo.shop import Shop, open_shop
from infra.demo.state import (
    DEFAULT_DAYS,
    World,
    is_whole,
    load_world,
    refuse_foreign_logs,
    refuse_other_world,
    require_world,
    save_world,
)
from infra.demo.visits import draw_requests

LATE_SESSIONS = 40


def make(home: Path, asked: Mapping[str, Any], days: int | None = None, end: date | None = None) -> World:
    """Make the world with the requested parameters in `home`. An existing complete world is not changed.

    Parameters that are not in `asked` come from the existing world or, if there is none, from the defaults. `end` is
    exclusive and defaults to today in UTC. Raises WorldError if the home holds other logs or a different world.
    """
    found = load_world(home)
    if found is None:
        refuse_foreign_logs(home)
        length = DEFAULT_DAYS if days is None else days
        if length < 1:
            raise WorldError(f"cannot make {length} days; give 1 or more")
        last = end or datetime.now(UTC).date()
        parameters = Parameters(first_day=str(last - timedelta(days=length)), **asked)
        world = World(parameters, length, {})
    else:
        refuse_other_world(home, found, asked, days, end)
        world = found if is_whole(home, found) else World(found.parameters, found.asked_days, {})
    return _write_days(home, world, world.days)


def extend(home: Path, days: int = 1) -> World:
    """Add the next `days` days to the world of `home`, today at most.

    Raises WorldError for later days: records of the future would be refused when they land.
    """
    found = require_world(home)
    if days < 1:
        raise WorldError(f"cannot extend by {days} days; give 1 or more")
    left = (datetime.now(UTC).date() - found.end.date()).days + 1
    if days > left:
        raise WorldError(
            f"the world ends at {found.end:%Y-%m-%d} (excluded), so {'no day' if left < 1 else f'{left} more'} can be "
            f"added today: later records lie in the future and would be refused. For days to add, make a world that "
            f"ends earlier in a new home: .venv/bin/python -m infra.demo.world make --home HOME --end 2026-01-31"
        )
    return _write_days(home, World(found.parameters, found.days + days, found.counts), found.days)


def drop_late_file(home: Path, day: date | None = None, batch: int = 1) -> Path:
    """Put a file with additional traffic of an old day into the landing folder, and return its path.

    The default day is ten days before the end. The file arrives at the world's end. Another `batch` number gives other
    records.
    """
    world = require_world(home)
    shop = open_shop(world.parameters)
    number = world.parameters.day_of(day) if day else max(0, world.asked_days - 10)
    if not 0 <= number < world.asked_days:
        raise WorldError(
            f"{day} is outside the world, which covers {world.parameters.first_day} to {world.end:%Y-%m-%d} "
            "(excluded); choose a day in this range"
        )
    file = _late_file(shop, number, batch, world.end)
    _land(home, [file])
    return home / "landing" / file.path


def _late_file(shop: Shop, day: int, batch: int, arrives: datetime) -> LogFile:
    requests = draw_requests(shop, day, f"L{batch}", LATE_SESSIONS)
    shipped = ship(shop, requests, act(shop, requests))
    ends = (shop.parameters.start + timedelta(days=day + 1)).timestamp() * 1000
    records = write_records(shop, [shipped.take(shipped.time_ms < ends)])
    name = f"logs/{arrives:%Y-%m-%dT%H}/late-{shop.parameters.date_of(day)}-{batch}.jsonl.gz"
    return log_file(name, json_lines(records), arrives)


def _write_days(home: Path, world: World, first: int) -> World:
    """Write the days from `first` on.

    `world.json` is written first and grows day by day, so if this run is interrupted, the next `make` finishes it with
    the same parameters.
    """
    shop = open_shop(world.parameters)
    counts = dict(world.counts)
    save_world(home, World(world.parameters, world.asked_days, counts))
    if first < world.asked_days:
        write_truth(home, shop)
    for day, logs in enumerate(arrivals(shop, first, world.asked_days), start=first):
        files = [*logs.files, *inputs_of(shop, day)]
        _land(home, files)
        write_shown(home, shop, logs.requests, logs.actions)
        others = {f.path: len(f.content) for f in files[len(logs.files) :]}
        counts[str(world.parameters.date_of(day))] = {**logs.counts, "inputs": others}
        save_world(home, World(world.parameters, world.asked_days, counts))
    return World(world.parameters, world.asked_days, counts)


def _land(home: Path, files: Sequence[LogFile]) -> None:
    for file in files:
        write_file(home / "landing" / file.path, file.content, file.closed_at)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.demo.world", description="Make, extend or disturb the demo world."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="make the world, or finish it")
    making.add_argument("--days", type=int, help=f"days of traffic (default {DEFAULT_DAYS})")
    making.add_argument("--end", type=date.fromisoformat, help="the day after the last one (default: today)")
    add_options(making)
    extending = commands.add_parser("extend", help="add the next days")
    extending.add_argument("--days", type=int, default=1)
    late = commands.add_parser("late", help="add a file with records of an old day")
    late.add_argument("--day", type=date.fromisoformat, help="the old day (default: ten days before the end)")
    late.add_argument("--batch", type=int, default=1, help="another number gives other records")
    for command in (making, extending, late):
        command.add_argument("--home", type=Path, default=Path(os.environ.get("TIDEMARK_HOME", ".tidemark")))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the command line. Return 0, or 2 after an error."""
    options = _parse(arguments)
    try:
        if options.command == "late":
            print(drop_late_file(options.home, options.day, options.batch))
            return 0
        if options.command == "extend":
            world = extend(options.home, options.days)
        else:
            world = make(options.home, asked_parameters(options), options.days, options.end)
    except WorldError as error:
        print(f"demo world: {error}", file=sys.stderr)
        return 2
    print(_describe(world))
    return 0


def _describe(world: World) -> str:
    total = {n: sum(d[n] for d in world.counts.values()) for n in ("queries", "events", "duplicates", "late")}
    return (
        f"demo world: {world.days} days to {world.end:%Y-%m-%d}, {total['queries']} queries and "
        f"{total['events']} events, including {total['duplicates']} duplicates and {total['late']} late records"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or arguments_of(os.environ)))
