"""Write the lakes of this version into the repository: `python -m tests.stored.make`.

Run it once per release, in a checkout of that release, and commit the files that it writes,
`lakes/<version>-<lake>.tar.xz`. In each archive, `held.json` describes what the version read from its lake. The tests
read and continue the lakes of all releases. Never replace a lake by one that a later version wrote. It takes about
three minutes.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from pathlib import Path

from tests.stored.accounts_lake import make as play_accounts
from tests.stored.accounts_lake import open_accounts
from tests.stored.archives import LAKES, pack
from tests.stored.holdings import describe, write_holdings
from tests.stored.search_lake import make as play_search
from tests.stored.search_lake import open_search
from tidemark.engine.session import ensure_server, stop_server
from tidemark.settings import Settings
from tidemark.settings.settings import CHECKOUT
from tidemark.steps.context import Context


def make_accounts(home: Path, remote: str) -> None:
    """Write the lake of the accounts domain."""
    world = open_accounts(home, remote)
    left = play_accounts(world)
    _keep("accounts", home, world.context, describe(world.context, left))


def make_search(home: Path, remote: str) -> None:
    """Write the lake of the search domain."""
    context = open_search(home, remote)
    left = play_search(context)
    _keep("search", home, context, describe(context, left))


def _keep(lake: str, home: Path, context: Context, held: dict[str, object]) -> None:
    context.lake.catalog.engine.dispose()
    LAKES.mkdir(exist_ok=True)
    name = f"{_version()}-{lake}"
    write_holdings(held, home)
    pack(home, LAKES / f"{name}.tar.xz")
    print(f"{name}: {(LAKES / f'{name}.tar.xz').stat().st_size:,} bytes")


def _version() -> str:
    return str(tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def main() -> None:
    """Write both lakes, on a new Spark server."""
    folder = Path(tempfile.mkdtemp(prefix="tidemark-stored-"))
    settings = Settings(home=folder / "server", schemas=CHECKOUT / "schemas")
    remote = ensure_server(settings)
    try:
        make_accounts(folder / "accounts", remote)
        make_search(folder / "search", remote)
    finally:
        stop_server(settings)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
