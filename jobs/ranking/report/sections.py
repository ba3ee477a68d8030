"""The nightly report: one self-contained page for one row of the model registry."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ranking.labels.horizon import SETTING
from ranking.report import charts
from ranking.report.changes import changes
from ranking.report.drift import drift
from ranking.report.links import navigation
from ranking.report.online import online
from ranking.report.page import facts, figure, grid, page, section
from ranking.report.reliability import reliability
from ranking.report.segments import segments
from ranking.report.split import PARTS, split
from ranking.report.yardsticks import random_split, yardsticks
from ranking.training.summary import FORMAT

LEARNS_FROM = (
    "Labels from behaviour, corrected for position and combined with human grades if there are any. Each example is "
    "used twice, once with its behaviour features masked, so that the ranker can order items that nobody has seen."
)
MOST_FEATURES = 25
DRAWN_PLACES = 20
MEGABYTE = 1 << 20


def render_report(
    row: Mapping[str, Any],
    propensities: Sequence[Mapping[str, Any]] = (),
    titles: Mapping[tuple[str, str], str] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the page of a row of `rankers`.

    `propensities` are the rows of that dataset for one day, if available. `titles` are the titles of items by
    application and item, as far as they are known. `links` are other pages of the folder, by the words of
    the link.

    Raises ValueError if the metrics of the row have another format than this code writes.
    """
    results = json.loads(row["metrics"])
    found = results.get("format")
    if found != FORMAT:
        raise ValueError(
            f"{row['model_version']}: its metrics have format {found}, but this version reads {FORMAT}; "
            "render the report with the version that trained the ranker"
        )
    trained = row.get("sha256") is not None
    parts = [navigation(links or {}), _verdict(row, results), _trained_on(row, results), split(results)]
    if trained:
        parts.append(yardsticks(results))
    parts += [segments(results), changes(results, titles or {}), online(results, propensities), reliability(results)]
    parts.append(drift(results))
    if trained:
        parts += [random_split(results), _curve(results), _importance(results)]
    parts += [_labels(results), _propensities(propensities), _card(row, results)]
    title = f"Ranker {row['model_version']}"
    return page(title, "".join(parts))


def _verdict(row: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    word, _, reason = str(row["verdict"]).partition(": ")
    kind = "good" if row["promoted"] else "bad" if word == "Refused" else "unsure"
    power = results["gate"]["power"]
    asked = power is not None and word == "Cannot tell"
    note = (
        f"<p class=note>A true gain of .02 would be promoted here with a probability of {power:.0%}.</p>"
        if asked
        else ""
    )
    return (
        f"<header><p class=kicker>Ranker {row['version']}</p><h1>{escape(str(row['model_version']))}</h1>"
        f"<div class='verdict {kind}'><strong>{escape(word)}</strong><p>{escape(_sentence(reason))}</p>{note}</div>"
        "</header>"
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text and not text.startswith("nDCG") else text


def _trained_on(row: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    kept = json.loads(row["snapshots"])
    inputs = [
        [name, snapshot, kept["complete_through"].get(name) or "not bounded"]
        for name, snapshot in kept["snapshots"].items()
    ]
    values = {
        "Trained on": f"{row['training_rows']:,} examples" if row["training_rows"] else "nothing",
        "Label windows": _horizon(results.get("horizon")),
        "Features from": _days(row["trained_from"], "on"),
        "Labels until": _days(row["trained_through"], "(exclusive)"),
        "Tested on": f"{row['test_rows']:,} examples until {_days(row['tested_through'], '(exclusive)')}",
        "Champion before": _champion(results),
    }
    table = grid(["input", "snapshot", "complete through"], inputs) if inputs else ""
    return section("Trained on", facts(values) + table)


def _horizon(found: Mapping[str, Any] | None) -> str:
    """Return the label horizon, why and since when. Rows from before version 0.3 do not have it."""
    if found is None:
        return "not recorded"
    why = (
        "set in search.yaml"
        if found["found_by"] == SETTING
        else f"the longest for {found['history_days']} days of logs"
    )
    return f"{found['days']} days since {found['since']}, {why}"


def _champion(results: Mapping[str, Any]) -> str:
    """Return the champion that the run met, and why it was served. Rows from before version 0.2 do not say why."""
    return ": ".join(filter(None, (results["champion"], results.get("champion_why")))) or "none"


def _days(day: object, word: str) -> str:
    return f"{day} {word}" if day else "no day"


def _curve(results: Mapping[str, Any]) -> str:
    curves = {name: list(enumerate(curve, 1)) for name, curve in results["curves"].items() if curve}
    if not curves:
        return ""
    drawn = charts.lines(curves, "Learning curve", "trees", mark=float(results["rounds"]))
    why = (
        f"nDCG@10 by our labels. {results['rounds']} trees are kept; {results['valid_queries']} held-out lists have "
        "a relevant label."
    )
    return section("Learning curve", figure(drawn, why))


def _importance(results: Mapping[str, Any]) -> str:
    gain = {name: value for name, value in results["importance"].items() if value > 0}
    shown = dict(sorted(gain.items(), key=lambda entry: (-entry[1], entry[0]))[:MOST_FEATURES])
    unused = sorted(set(results["importance"]) - set(gain))
    if not shown:
        return section("Features by gain", "<p>No tree has a split, so all items get the same score.</p>")
    kinds = {name: "behaviour" if name.startswith("f_") else "content" for name in shown}
    key = "<span class='key behaviour'>behaviour</span> <span class='key content'>content</span>"
    note = f"<p class=note>Never used: {escape(', '.join(unused))}.</p>" if unused else ""
    return section("Features by gain", figure(charts.bars(shown, kinds), f"Share of the total gain. {key}") + note)


def _labels(results: Mapping[str, Any]) -> str:
    found = {name: part for name, part in results["labels"].items() if sum(part["counts"])}
    if not found:
        return ""
    edges = next(iter(found.values()))["edges"]
    drawn = charts.histogram(edges, {name: found[name]["counts"] for name in PARTS if name in found})
    return section("Labels", figure(drawn, "Share of the examples of each part by grade."))


def _propensities(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    devices = sorted({(row["application"], row["device"] or "unknown") for row in rows})
    single = len({application for application, _ in devices}) == 1
    series = {
        device if single else f"{application}, {device}": sorted(
            (float(row["position"]), float(row["propensity"]))
            for row in rows
            if (row["application"], row["device"] or "unknown") == (application, device)
            and row["position"] <= DRAWN_PLACES
        )
        for application, device in devices
    }
    sources = ", ".join(sorted({str(row["source"]) for row in rows}))
    why = f"How likely a click is at each position, for an equally attractive item. Source: {escape(sources)}."
    return section("Position propensities", figure(charts.lines(series, "Propensity by position", "position"), why))


def _card(row: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    features = json.loads(row["features"])
    unseen = (results.get("unseen_in_top") or {}).get("ours")
    values = {
        "What it is": "A LambdaMART ranker (LightGBM text model) that orders the items of a query.",
        "Intended use": "Re-ranking the items that a search engine retrieved. Compare scores only within a query.",
        "Labels and examples": LEARNS_FROM,
        "Limits": "It does not see needs without a click, items never shown, or long clicks on misleading items.",
        "No evidence": f"{unseen:.0%} of the items in its top tens had no traffic in the test window"
        if unseen is not None
        else "not measured",
        "Features": f"{len(features)}: {', '.join(features)}" if features else "none",
        "Recipe": ", ".join(f"{name} {value}" for name, value in json.loads(row["parameters"]).items()),
        "Memory": _memory(results.get("memory")),
        "Artifact": f"sha256 {row['sha256']}" if row.get("sha256") else "none: nothing was trained",
    }
    return section("Model card", facts(values))


def _memory(budget: Mapping[str, int] | None) -> str:
    """Return how the run was fitted into memory, or that nothing fitted it, as in rankers of earlier versions."""
    if budget is None:
        return "not planned"
    need, limit = (f"{budget[name] / MEGABYTE:,.0f} MB" for name in ("need", "limit"))
    sizes = (
        f"bins chosen by a sample of {budget['sample']:,} rows, features read {budget['row_group']:,} rows at a time"
    )
    return f"about {need} of the {limit} of training_memory; {sizes}"
