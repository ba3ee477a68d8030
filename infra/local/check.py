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
    """What is not as it must be, a sentence each."""
    world, end = require_world(settings.home), demo_end(settings)
    assert end is not None, "require_world has refused a home without a world"
    context = session.open_context(settings, end)
    yield from _unpublished(context)
    yield from _lost_records(context.lake, world)
    yield from _doubles(context, "search.interactions")
    yield from _left_to_do(context)
    yield from _housekeeping(settings)
    if not rows_in(context.lake, "ranking.rankers") or not rows_in(context.lake, "ops.releases"):
        yield "no ranker or no release"
    for page in (current_page(settings), settings.reports / "data-docs" / "index.html"):
        if not page.exists():
            yield f"{page} is missing"


def _unpublished(context: Context) -> Iterator[str]:
    """Each dataset is published, by a session that is closed in `ops`."""
    closed = {row["session"] for row in ops.rows(context.lake, "ops.high_watermarks", columns=("session",))}
    for name in context.specs:
        table = context.lake.find_table(name)
        mark = watermark_of(table) if table is not None else None
        if mark is None:
            yield f"{name}: nothing published"
        elif mark.session not in closed:
            yield f"{name}: session {mark.session} published, but is not closed"


def _lost_records(lake: Lake, world: World) -> Iterator[str]:
    """What the world shipped has landed or is in quarantine."""
    days = world.counts.values()
    shipped = {
        "search.search_queries": sum(day["queries"] for day in days),
        "search.search_events": sum(day["events"] for day in days),
        "search.quarantined_records": sum(sum(day["broken"].values()) for day in days),
    }
    for name, expected in shipped.items():
        found = rows_in(lake, name)
        if found != expected:
            yield f"{name}: {found} rows, the world shipped {expected}"


def _doubles(context: Context, dataset: str) -> Iterator[str]:
    grain = context.spec(dataset).grain
    keys: pa.Table = context.lake.table(dataset).scan(selected_fields=tuple(grain)).to_arrow()
    distinct = keys.group_by(list(grain)).aggregate([]).num_rows
    if distinct != keys.num_rows or not distinct:
        yield f"{dataset}: {keys.num_rows} rows of {distinct} keys"


def _left_to_do(context: Context) -> Iterator[str]:
    for name in session.dependency_order(dict(context.specs)):
        how = session.plan(context, name).how
        if how is not How.nothing:
            yield f"{name}: not done, the next session would {how}"


def _housekeeping(settings: Settings) -> Iterator[str]:
    """`make run` does not wait for what keeps house; its first run has to end well all the same."""
    client = running_client(settings)
    if client is None:
        yield "Airflow does not run; make run, then check"
        return
    for dag in runs.HOUSEKEEPING:
        run = runs.begin(client, dag, {})
        state = runs.watch(client, dag, run, lambda _: None)
        if state.state != "success":
            yield explain_failure(client, state)


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    try:
        found = list(problems(load_settings()))
    except TidemarkError as error:
        found = [str(error)]
    print("\n".join(found) or "all that was handed in is published, once")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
