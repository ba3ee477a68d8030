"""`tidemark ranker list` and `tidemark ranker show`: the rankers, who is champion, and what people decided."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ranking.training.champion import UNFREEZE, Run, Standing
from steering.registry import SCORES, Registry, read_registry, read_run, scores_now
from steering.since import champion_since
from tidemark.catalog import Lake
from tidemark.cli.as_json import print_json
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.remarks import Headline
from tidemark.operate.status_text import shown_instant
from tidemark.settings import load_settings
from tidemark.state.codec import encode
from tidemark.support.text import count, printable

JSON_COLUMNS = ("features", "metrics", "parameters", "snapshots")


def list_rankers(options: argparse.Namespace) -> int:
    """Print a line for each training run, newest first, then the decisions, the champion and what the scores say."""
    lake = open_existing_lake(load_settings())
    registry = read_registry(lake)
    if options.json:
        print_json(_listed(lake, registry))
        return 0
    for run in reversed(registry.runs):
        print(f"{run.version:>4}  {run.model_version:<24} {_mark(registry, run):<12} {printable(run.verdict)}")
    for decision in registry.decisions:
        by = printable(decision.describe())
        print(f"decision {decision.decision_id} after run {decision.after_version}: {decision.model_version} {by}")
    print("\n".join((*describe_standing(lake, registry), describe_scores(lake))))
    return 0


def show_ranker(options: argparse.Namespace) -> int:
    """Print what the registry knows of one ranker."""
    lake = open_existing_lake(load_settings())
    registry = read_registry(lake)
    run = registry.find(options.version)
    if options.json:
        print_json({"state": _mark(registry, run), **_row(read_run(lake, run))})
        return 0
    print("\n".join(f"{name:<18}{printable(text)}" for name, text in _facts(lake, registry, run)))
    return 0


def _listed(lake: Lake, registry: Registry) -> dict[str, Any]:
    champion, scores = registry.standing.champion, scores_now(lake)
    return {
        "champion": champion.model_version if champion else None,
        "because": registry.standing.explain() if champion else None,
        "since": champion_since(lake, registry.standing),
        "held": registry.standing.held,
        "rankers": [{**encode(run), "state": _mark(registry, run)} for run in registry.runs],
        "decisions": registry.decisions,
        "scores": dict(zip(("model_version", "served_because", "rows"), scores, strict=True)) if scores else None,
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the registry for a program: columns with JSON as values, days as text."""
    shown = {name: json.loads(value) if name in JSON_COLUMNS else value for name, value in row.items()}
    return {name: str(value) if isinstance(value, date) else value for name, value in shown.items()}


def describe_standing(lake: Lake, registry: Registry) -> Iterator[str]:
    """Yield lines that say who is champion, since when, why, and what has no effect."""
    standing = registry.standing
    if standing.champion is None:
        yield "champion: none yet"
    else:
        yield f"champion: {standing.champion.model_version}{_since(lake, standing)}, {printable(standing.explain())}"
        yield "the gate: " + ("promotes nothing until `tidemark ranker unfreeze`" if standing.held else "decides")
    yield from (f"without effect: {printable(each)}" for each in standing.ignored)


def _since(lake: Lake, standing: Standing) -> str:
    since = champion_since(lake, standing)
    return f" since {shown_instant(since)}" if since else ""


def describe_scores(lake: Lake) -> str:
    """Return what readers of the scores see now."""
    found = scores_now(lake)
    if found is None:
        return f"{SCORES}: no scores yet"
    version, why, rows = found
    return f"{SCORES}: {rows:,} scores of {version}" + (f", {printable(why)}" if why else "")


def remark(lake: Lake) -> str | None:
    """Return who is champion, why, and what the scores say if they are of another ranker yet; None without one."""
    registry, scores = read_registry(lake), scores_now(lake)
    champion = registry.standing.champion
    if champion is None:
        return None
    behind = scores is not None and scores[0] != champion.model_version
    parts = (*describe_standing(lake, registry), *([describe_scores(lake)] if behind else []))
    return "; ".join(part.rstrip(".") for part in parts)


def headline(lake: Lake) -> Headline | None:
    """Return which ranker serves, by what the published scores say; None before the first training run."""
    registry, scores = read_registry(lake), scores_now(lake)
    standing = registry.standing
    if scores is None:
        return Headline("no ranker", "serves yet") if registry.runs else None
    said = f"serves {count(scores[2], 'score')}"
    if standing.champion is not None and scores[0] != standing.champion.model_version:
        said += f"; the champion is {standing.champion.model_version}, and the next scores follow it"
    else:
        said += _since(lake, standing)
        said += "; the gate waits for unfreeze" if standing.held else "; the gate decides on the next"
    return Headline(scores[0], said)


def newest_run(lake: Lake) -> str | None:
    """Return the gate's verdict on the newest training run, or why it trained nothing; None without a run."""
    runs = read_registry(lake).runs
    return f"run {runs[-1].version}, {runs[-1].model_version}: {printable(runs[-1].verdict)}" if runs else None


def _mark(registry: Registry, run: Run) -> str:
    standing = registry.standing
    if run == standing.champion:
        return "champion"
    if run in standing.withdrawn:
        return "rolled back"
    if run in standing.earlier:
        return "earlier"
    return "no artifact" if run.sha256 is None else "-"


def _facts(lake: Lake, registry: Registry, run: Run) -> Iterator[tuple[str, str]]:
    row = read_run(lake, run)
    yield "ranker", run.model_version
    yield "training run", str(run.version)
    yield "state", _mark(registry, run)
    if run == registry.standing.champion:
        yield "since", shown_instant(champion_since(lake, registry.standing))
        yield "why", registry.standing.explain()
    yield "verdict", run.verdict
    yield "trained on", f"{row['training_rows']:,} examples of {row['trained_from']} to {row['trained_through']}"
    yield "tested through", str(row["tested_through"])
    yield "sha256", run.sha256 or "none: nothing was trained"
    snapshots = json.loads(row["snapshots"])["snapshots"]
    yield from ((f"input {name}", str(snapshot)) for name, snapshot in snapshots.items())
    for decision in registry.decisions:
        if decision.model_version == run.model_version and decision.action != UNFREEZE:
            yield "decision", f"{decision.decision_id}: {decision.describe()}"
