"""Judge our relevance labels on worlds by name: python -m bench.labels [--worlds plain-1,easy-1] [--settings 500,none].

Each world prints a table of label sources. `--sessions` is the number of search requests, `--queries` that of queries.
With `--recipes plain,bagged`, rankers of these recipes are compared on our labels instead, all worlds together. With
`--more 1,2,3`, worlds of these seeds say instead what more grades, logs and exchanged positions would buy.
Tables that do not depend on grades are kept in the folder `--keep`, and the next run does not build them again.
Remove the folder after a change of the transforms before the labels.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from pyspark.sql import SparkSession

from bench.labels import buys
from bench.labels.recipes import RECIPES, compare, comparison, recipes_of
from bench.labels.report import judge, table
from bench.labels.tables import Tables
from bench.labels.worlds import QUERIES, SETTINGS, Grades, World, WrongWorld, settings_of, world_of
from bench.lake import open_place
from ranking.training.matrices import Floats
from ranking.training.recipe import Recipe
from tidemark.engine.session import open_session

T = TypeVar("T")
CONF = {"spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "4"}


def main(arguments: Sequence[str]) -> int:
    """Return 0 if all worlds were judged, and 2 for a wrong name, with a message on stderr."""
    parser = argparse.ArgumentParser(prog="python -m bench.labels", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", default="easy-1,plain-1")
    parser.add_argument("--sessions", default="200000")
    parser.add_argument("--settings", default=",".join(SETTINGS))
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--recipes", help=f"compare recipes of the learner: {', '.join(RECIPES)}")
    parser.add_argument("--more", help="seeds of worlds that say what more grades, logs and exchanges would buy")
    parser.add_argument("--keep", type=Path, help="a folder for tables that the next run may use again")
    options = parser.parse_args(arguments)
    sizes = [int(text.replace("_", "")) for text in options.sessions.split(",")]
    try:
        worlds = [world_of(name, size, options.queries) for size in sizes for name in options.worlds.split(",")]
        settings = settings_of(options.settings.split(","))
        chosen = recipes_of(options.recipes.split(",")) if options.recipes else {}
        seeds = options.more.split(",") if options.more else []
        grown = [buys.worlds_of(seed, size, options.queries) for size in sizes for seed in seeds]
    except WrongWorld as error:
        print(f"bench.labels: {error}", file=sys.stderr)
        return 2
    with open_place() as place:
        spark = open_session(place.remote, CONF)
        if grown:
            _grow(spark, grown, options.keep)
        elif chosen:
            _compare(spark, worlds, settings, chosen, options.keep)
        else:
            _judge(spark, worlds, settings, options.keep)
        spark.stop()
    return 0


def _judge(spark: SparkSession, worlds: Sequence[World], settings: Sequence[Grades], keep: Path | None) -> None:
    for world in worlds:
        start = time.perf_counter()
        rows = _on(spark, world, keep, lambda tables, world: judge(world, tables, settings))
        print(f"\n{table(world.title, rows)}\n  {time.perf_counter() - start:.0f} s", flush=True)


def _compare(
    spark: SparkSession,
    worlds: Sequence[World],
    settings: Sequence[Grades],
    chosen: Mapping[str, Recipe],
    keep: Path | None,
) -> None:
    """Print the comparison after each world, over all worlds so far."""
    found: list[list[Floats]] = []
    for world in worlds:
        found.append(_on(spark, world, keep, lambda tables, world: compare(world, tables, settings, chosen)))
        print(f"\n{comparison(chosen, found)}", flush=True)


def _grow(spark: SparkSession, grown: Sequence[tuple[World, World, World]], keep: Path | None) -> None:
    """Print what more would buy after each seed, over all seeds so far."""
    found: list[tuple[buys.Gain, ...]] = []
    for worlds in grown:
        with ExitStack() as folders:
            found.append(buys.gains(worlds, lambda world: folders.enter_context(_tables(spark, world, keep))))
        print(f"\n{worlds[1].title}. {buys.described(found)}", flush=True)


def _on(spark: SparkSession, world: World, keep: Path | None, work: Callable[[Tables, World], T]) -> T:
    """Work on the tables of one world."""
    with _tables(spark, world, keep) as tables:
        return work(tables, world)


@contextmanager
def _tables(spark: SparkSession, world: World, keep: Path | None) -> Iterator[Tables]:
    """Give the tables of a world, in a folder of its own, which is removed unless it is kept."""
    with TemporaryDirectory(prefix="tidemark-labels-") as folder:
        shared = keep / f"{world.name}-{world.sessions}-{world.parameters.base_queries}" if keep else Path(folder)
        yield Tables(spark, shared.absolute(), Path(folder), world)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
