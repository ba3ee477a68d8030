"""The summary of `make run`: what the tables hold, how good the ranker is, and where to look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from infra.demo.state import load_world
from infra.local.airflow_home import password_file
from infra.local.api import Client
from infra.local.secret import USER, password
from steering import horizons
from steering.registry import RANKERS, SCORES, read_registry
from steering.show import describe_scores, describe_standing
from tidemark.catalog import Lake, open_lake
from tidemark.landing.files.unclaimed_files import find_unclaimed_files
from tidemark.lineage.publish_commit import watermark_of
from tidemark.operate.pages import current_page, newest_row
from tidemark.session import dependency_order
from tidemark.settings import Settings
from tidemark.settings.addresses import PREFIX, report_address
from tidemark.spec.load import load_specs
from tidemark.state.ranges import format_instant
from tidemark.support.paths import to_link

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PROGRAMS = "ranking.automated_clients"
HANDED_IN = ("search.judgments", "search.catalog_items", "search.feature_log")
_NO_RUN = "no training run yet, because the logs are too short for a label window"
_GROUPS = {
    "warm_pairs": "warm, shown items",
    "warm_queries": "warm, all items",
    "cold_queries": "cold queries",
}


def summarise(settings: Settings, client: Client) -> str:
    """Return the summary as text."""
    lake = open_lake(settings)
    quality: Callable[[Settings, Lake], str] = _ranker_quality if load_world(settings.home) else _account
    return "\n\n".join(
        part
        for part in (
            _tables(settings, lake),
            quality(settings, lake),
            _label_windows(lake),
            _champion(lake),
            _unclaimed_files(settings),
            _links(settings, client),
        )
        if part
    )


def rows_in(lake: Lake, dataset: str) -> int:
    """Return how many rows the main branch of a table holds; 0 if the table does not exist."""
    table = lake.find_table(dataset)
    head = table.current_snapshot() if table is not None else None
    return int(head.summary["total-records"] or 0) if head is not None and head.summary is not None else 0


def _tables(settings: Settings, lake: Lake) -> str:
    names = dependency_order(load_specs(settings.schemas, settings.values))
    lines = [f"  {'table':<32}{'rows':>12}  complete through"]
    for name in names:
        lines.append(f"  {name:<32}{rows_in(lake, name):>12,}  {_through(lake, name)}")
    lines.append("  complete through: all rows before this instant are there, except late arrivals")
    return "\n".join(lines)


def _through(lake: Lake, dataset: str) -> str:
    table = lake.find_table(dataset)
    mark = watermark_of(table) if table is not None else None
    if mark is None:
        return "nothing published yet"
    return format_instant(mark.complete_through) if mark.complete_through else "-"


def _ranker_quality(settings: Settings, lake: Lake) -> str:
    """Compare the ranker with the demo's hidden grades."""
    from infra.demo.truth import compare

    if not rows_in(lake, SCORES):
        return _without_ranker(lake)
    columns = ("application", "query", "item_id", "score")
    scores = lake.table(SCORES).scan(selected_fields=columns).to_pandas()
    lines = [f"  {'nDCG@10 by the hidden grades':<32}{'queries':>8}{'ranker':>9}{'as shown':>10}{'oracle':>8}"]
    for quality in compare(settings.home, scores):
        name = _GROUPS.get(quality.group, quality.group)
        figures = f"{quality.ranker:>9.3f}{quality.logged:>10.3f}{quality.oracle:>8.3f}"
        lines.append(f"  {name:<32}{quality.queries:>8,}{figures}")
    lines.append(
        "  warm: searched in the last 14 days; cold: not; as shown: the demo engine's order; oracle: the best order"
    )
    return "\n".join(lines)


def _champion(lake: Lake) -> str:
    """Say which ranker is served and why; an empty text if there is none."""
    registry = read_registry(lake)
    if registry.standing.champion is None:
        return ""
    return "\n".join(f"  {line}" for line in (*describe_standing(lake, registry), describe_scores(lake)))


def _account(settings: Settings, lake: Lake) -> str:
    """Account for the user's records, and say why there is no ranker if there is none."""
    from ranking.logs.fields import with_query
    from ranking.traffic.account import account, to_text
    from ranking.traffic.handed_in_account import account_of_handed_in
    from tidemark.engine.frames import qualified
    from tidemark.engine.session import connect

    names = (
        "search_queries",
        "search_events",
        "search_requests",
        "user_actions",
        "impressions",
        "interactions",
    )
    tables = [f"search.{name}" for name in (*names, "quarantined_records")]
    if any(lake.find_table(name) is None for name in tables):
        return "  no account of the records yet: not all tables of the logs exist"
    spark = connect(settings)
    queries, events, requests, actions, impressions, interactions, quarantined = (
        spark.table(qualified(name)) for name in tables
    )
    known, hits = settings.values.get("actions"), (settings.values.get("hits") or {}).get("paths") or ()
    programs = spark.table(qualified(PROGRAMS)) if lake.find_table(PROGRAMS) is not None else None
    counts = account(queries, events, requests, actions, impressions, interactions, quarantined, known, hits, programs)
    judgments, items, log = (_handed_in(lake, spark, name) for name in HANDED_IN)
    judgments, log = (frame and with_query(frame, settings.values) for frame in (judgments, log))
    counts |= account_of_handed_in(judgments, items, log, impressions)
    text = "  what became of the records\n" + to_text(counts)
    return text if rows_in(lake, SCORES) else f"{text}\n\n{_without_ranker(lake)}"


def _handed_in(lake: Lake, spark: SparkSession, dataset: str) -> DataFrame | None:
    """Return the table of an optional input; None if no record of it has landed."""
    from tidemark.engine.frames import qualified

    return spark.table(qualified(dataset)) if rows_in(lake, dataset) else None


def _without_ranker(lake: Lake) -> str:
    row = newest_row(lake, RANKERS, ("version", "verdict"))
    return f"  no ranker: {row['verdict'] if row else _NO_RUN}"


def _label_windows(lake: Lake) -> str:
    """Say how many days of behaviour labels count, and since when."""
    found = horizons.remark(lake)
    return f"  {found}" if found else ""


def _unclaimed_files(settings: Settings) -> str:
    """Report files in folders that no spec names; the folder's name may be mistyped."""
    unclaimed = find_unclaimed_files(settings.landing, load_specs(settings.schemas, settings.values).values())
    return f"  ignored: {unclaimed.describe()}" if unclaimed.files else ""


def _links(settings: Settings, client: Client) -> str:
    audits, model = settings.reports / "data-docs" / "index.html", current_page(settings)
    lines = [
        f"  Airflow         {client.url}",
        f"  login           {USER} / {password(password_file(settings))}",
    ]
    lines += [f"  status          {client.url}{PREFIX}/"]
    lines += [f"  data quality    {_link(settings, audits)}"] if audits.exists() else []
    lines += [f"  model report    {_link(settings, model)}"] if model.exists() else []
    lines += ["  make stop       stops the services; make run processes what is new"]
    return "\n".join(lines)


def _link(settings: Settings, path: Path) -> str:
    """Return the link to a report: at the home's server if it runs, otherwise to the file."""
    address = report_address(settings, path)
    return address if address != str(path) else to_link(path)
