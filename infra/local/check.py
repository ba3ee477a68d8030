"""Check what `make run` published from a demo world; used by `.ci/run`.

python -m infra.local.check
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pyarrow as pa

from infra.demo.state import World, require_world
from infra.local import runs
from infra.local.failures import explain_failure
from infra.local.homes import demo_end
from infra.local.services import running_client
from infra.local.summary import rows_in
from tidemark import session
from tidemark.catalog import Lake, ops
from tidemark.errors import TidemarkError
from tidemark.lineage.publish_commit import watermark_of
from tidemark.operate.pages import current_page
from tidemark.settings import Settings, load_settings
from tidemark.state.effect import How
from tidemark.steps.context import Context


def problems(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each problem that is found."""
    world, end = require_world(settings.home), demo_end(settings)
    assert end is not None, "require_world refuses a home without a world"
    context = session.open_context(settings, end)
    yield from _unpublished(context)
    yield from _lost_records(context.lake, world)
    yield from _duplicates(context, "search.interactions")
    yield from _remaining_work(context)
    yield from _housekeeping(settings)
    if not rows_in(context.lake, "ranking.rankers") or not rows_in(context.lake, "ops.releases"):
        yield "ranking.rankers or ops.releases is empty"
    for page in (current_page(settings), settings.reports / "data-docs" / "index.html"):
        if not page.exists():
            yield f"{page} is missing"


def _unpublished(context: Context) -> Iterator[str]:
    """Check that each dataset is published by a session that is closed in `ops`. A source without files need not be."""
    closed = {row["session"] for row in ops.rows(context.lake, "ops.high_watermarks", columns=("session",))}
    for name in context.specs:
        table = context.lake.find_table(name)
        mark = watermark_of(table) if table is not None else None
        if mark is None and _may_be_unpublished(context, name):
            continue
        if mark is None:
            yield f"{name}: nothing published"
        elif mark.session not in closed:
            yield f"{name}: session {mark.session} has published but is not closed"


def _may_be_unpublished(context: Context, name: str) -> bool:
    """Return whether a dataset is a source in whose landing folders no file lies."""
    landing = context.spec(name).landing
    if landing is None:
        return False
    folders = (context.settings.landing / folder for folder in landing.folders)
    return not any(path.is_file() for folder in folders for path in folder.rglob("*"))


def _lost_records(lake: Lake, world: World) -> Iterator[str]:
    """Check that every record of the demo's logs has landed or is in quarantine."""
    days = world.counts.values()
    shipped = {
        "search.search_queries": sum(day["queries"] for day in days),
        "search.search_events": sum(day["events"] for day in days),
        "search.quarantined_records": sum(sum(day["broken"].values()) for day in days),
    }
    for name, expected in shipped.items():
        found = rows_in(lake, name)
        if found != expected:
            yield f"{name}: {found} rows, but the demo's logs hold {expected}"


def _duplicates(context: Context, dataset: str) -> Iterator[str]:
    """Check that the grain of a dataset is unique and that it has rows."""
    grain = context.spec(dataset).grain
    keys: pa.Table = context.lake.table(dataset).scan(selected_fields=tuple(grain)).to_arrow()
    distinct = keys.group_by(list(grain)).aggregate([]).num_rows
    if distinct != keys.num_rows or not distinct:
        yield f"{dataset}: {keys.num_rows} rows with {distinct} distinct keys"


def _remaining_work(context: Context) -> Iterator[str]:
    """Check that no dataset's next session would do anything."""
    for name in session.dependency_order(dict(context.specs)):
        how = session.plan(context, name).how
        if how is not How.nothing:
            yield f"{name}: work is left; the next session would {how}"


def _housekeeping(settings: Settings) -> Iterator[str]:
    """Run the housekeeping DAGs, for which `make run` does not wait, and check that they succeed."""
    client = running_client(settings)
    if client is None:
        yield "Airflow is not running; start it with make run, then check again"
        return
    for dag in runs.HOUSEKEEPING:
        run = runs.begin(client, dag, {})
        state = runs.watch(client, dag, run, lambda _: None)
        if state.state != "success":
            yield explain_failure(client, state)


def main() -> int:
    """Print the problems. Return 1 if there are any."""
    try:
        found = list(problems(load_settings()))
    except TidemarkError as error:
        found = [str(error)]
    print("\n".join(found) or "all records are published, each once")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
