"""The lake of a world. It is made once, and copied to the same place for each case."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from tests.accounts.world import SCHEMAS, Accounts, hour, rebuilt_rows
from tests.kill.worlds import World
from tidemark.catalog import open_lake
from tidemark.settings import PostgresAddress, Settings

Stage = Literal["before", "news", "later"]
Rows = list[dict[str, Any]]

CLOCK = hour(24)
CLOCKS: dict[Stage, datetime] = {"before": CLOCK, "news": hour(25), "later": hour(26)}


class Template:
    """The home of a world after its news has arrived, and the rows that its table must hold at each stage.

    Paths in Iceberg's metadata are absolute. So the home is always copied to the same folder, and its tables
    are registered in a new catalog: the embedded one, or a new Postgres database.
    """

    def __init__(self, world: World, folder: Path, spark_remote: str) -> None:
        self.world = world
        self._folder = folder / world.name
        values = {"landing": {"settling": "0s"}}
        self._settings = Settings(self._folder / "home", SCHEMAS, values, spark_remote=spark_remote)
        self._expected: dict[Stage, Rows] = {}
        self._tables = self._make()

    def _make(self) -> dict[str, str]:
        """Run the world up to its news, and keep the home. Returns where each table's metadata is."""
        made = Accounts(self._settings)
        self.world.before(made)
        if self.world.ran_before:
            made.run(self.world.dataset, clock=CLOCKS["before"])
            self._expected["before"] = made.rows(self.world.dataset)
        else:
            self._expected["before"] = []
        self.world.news(made)
        catalog = made.context.lake.catalog
        names = [name for space in catalog.list_namespaces() for name in catalog.list_tables(space)]
        found = {".".join(name): catalog.load_table(name).metadata_location for name in names}
        self._settings.home.rename(self._folder / "kept")
        return found

    def lay_down(self, catalog_uri: str | None) -> Accounts:
        """Copy the lake as it was made, with a new catalog."""
        address = PostgresAddress.parse(catalog_uri) if catalog_uri else None
        settings = replace(self._settings, catalog_address=address)
        shutil.rmtree(settings.home, ignore_errors=True)
        shutil.copytree(self._folder / "kept", settings.home, ignore=shutil.ignore_patterns("catalog.db*"))
        catalog = open_lake(settings).catalog
        for space in {name.split(".")[0] for name in self._tables}:
            catalog.create_namespace(space)
        for name, place in self._tables.items():
            catalog.register_table(name, place)
        return Accounts(settings)

    def expected(self, stage: Stage, lake: Accounts) -> Rows:
        """Return the rows that the table must hold at a stage that the lake has reached: a clean rebuild, made once."""
        if stage not in self._expected:
            self._expected[stage] = self._rebuilt(stage, lake)
        return self._expected[stage]

    def _rebuilt(self, stage: Stage, lake: Accounts) -> Rows:
        clean = self._folder / f"clean-{stage}"
        if lake.settings.landing.exists():
            shutil.copytree(lake.settings.landing, clean / "landing")
        shared = Accounts(replace(lake.settings, spark_remote=self._settings.spark_remote))
        return rebuilt_rows(shared, self.world.dataset, clean)


def templates(folder: Path, spark_remote: str, worlds: dict[str, World]) -> Callable[[str], Template]:
    """Return a function from a world's name to its template. A template is made when it is first needed."""
    made: dict[str, Template] = {}

    def template(name: str) -> Template:
        if name not in made:
            made[name] = Template(worlds[name], folder, spark_remote)
        return made[name]

    return template
