"""The nightly report: one self-contained page for one row of the model registry."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ranking.report import charts
from ranking.report.page import facts, figure, grid, page, section
from ranking.report.yardsticks import random_split, worth
from ranking.training.summary import FORMAT

LEARNS_FROM = (
    "Labels of behaviour corrected for position, mixed with human grades where there are any. Every example "
    "is learnt twice, once with behaviour masked, so that it can rank what nobody saw."
)
PARTS = ("train", "valid", "gap", "test")
MOST_FEATURES = 25
DRAWN_PLACES = 20
MOST_LISTS = 20


def render_report(row: Mapping[str, Any], propensities: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page of a row of `rankers`. `propensities` are rows of that dataset for one day, where at hand.

    Raises ValueError for a row whose metrics have another format than this code writes.
    """
    told = json.loads(row["metrics"])
    if told.get("format") != FORMAT:
        raise ValueError(f"{row['model_version']}: metrics of format {told.get('format')}, not {FORMAT}")
    trained = row.get("sha256") is not None
    parts = [_verdict(row, told), _trained_on(row, told), _split(told)]
    if trained:
        parts += [worth(told), random_split(told), _curve(told), _importance(told)]
    parts += [_labels(told), _propensities(propensities), _card(row, told)]
    title = f"Ranker {row['model_version']}"
    return page(title, "".join(parts))


def _verdict(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    word, _, reason = str(row["verdict"]).partition(": ")
    kind = "good" if row["promoted"] else "bad" if word == "Refused" else "unsure"
    power = told["gate"]["power"]
    asked = power is not None and word == "Cannot tell"
    note = f"<p class=note>A true gain of .02 would pass here with a chance of {power:.0%}.</p>" if asked else ""
    return (
        f"<header><p class=kicker>Ranker {row['version']}</p><h1>{escape(str(row['model_version']))}</h1>"
        f"<div class='verdict {kind}'><strong>{escape(word)}</strong><p>{escape(_sentence(reason))}</p>{note}</div>"
        "</header>"
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text and not text.startswith("nDCG") else text


def _trained_on(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    kept = json.loads(row["snapshots"])
    inputs = [
        [name, snapshot, kept["complete_through"].get(name) or "not bounded"]
        for name, snapshot in kept["snapshots"].items()
    ]
    said = {
        "Learnt from": f"{row['training_rows']:,} examples" if row["training_rows"] else "nothing",
        "Features of": _days(row["trained_from"], "on"),
        "Labels until": _days(row["trained_through"], "(exclusive)"),
        "Tested on": f"{row['test_rows']:,} examples until {_days(row['tested_through'], '(exclusive)')}",
        "Champion before": told["champion"] or "none",
    }
    table = grid(["input", "snapshot", "complete through"], inputs) if inputs else ""
    return section("Trained on", facts(said) + table)


def _days(day: object, word: str) -> str:
    return f"{day} {word}" if day else "no day"


def _split(told: Mapping[str, Any]) -> str:
    split = told["split"]
    if not split["cuts"]:
        return section("Split", "<p>No cut yet.</p>")
    rows = [
        [name, *(f"{part[key]:,}" for key in ("rows", "groups", "queries", "relevant_queries"))]
        for name, part in sorted(split["parts"].items(), key=lambda entry: PARTS.index(entry[0]))
    ]
    table = grid(["part", "examples", "lists", "queries", "with a label ≥ 1"], rows)
    why = (
        "Each bar is the window that a label counts; the dot is the day of its features. Training ends "
        "before the test window begins; what reaches into it is gap. <em>valid</em> are training windows of "
        "held-out queries, which say when to stop."
    )
    body = figure(charts.timeline(split["cuts"]), why) + table + _left_out(told.get("left_out") or [])
    return section(f"Split: {split['scheme']}", body)


def _left_out(lists: Sequence[Mapping[str, Any]]) -> str:
    """The lists that were too long to learn from, longest first. Rows of before version 0.2 tell nothing of it."""
    if not lists:
        return ""
    total = sum(each["left_out"] for each in lists)
    longest = sorted(lists, key=lambda each: (-each["rows"], each["application"], each["query"], each["window_end"]))
    rows = [
        [f"{each['query']}\n{each['application']}, window until {each['window_end']}", f"{each['rows']:,}",
         f"{each['left_out']:,}"]
        for each in longest[:MOST_LISTS]
    ]  # fmt: skip
    more = f" The longest {MOST_LISTS} of them:" if len(lists) > MOST_LISTS else ""
    why = (
        f"<h3>Left out</h3><p>{len(lists):,} list(s) have more examples than LightGBM takes in one; the {total:,} with "
        f"the least evidence were not learnt from. Tests and scores see all.{more}</p>"
    )
    return why + grid(["query", "examples", "left out"], rows)


def _curve(told: Mapping[str, Any]) -> str:
    curves = {name: list(enumerate(curve, 1)) for name, curve in told["curves"].items() if curve}
    if not curves:
        return ""
    drawn = charts.lines(curves, "Learning curve", "trees", mark=float(told["rounds"]))
    why = f"nDCG@10 by our labels. {told['rounds']} trees kept, {told['valid_queries']} held-out lists watched."
    return section("Learning curve", figure(drawn, why))


def _importance(told: Mapping[str, Any]) -> str:
    gain = {name: value for name, value in told["importance"].items() if value > 0}
    shown = dict(sorted(gain.items(), key=lambda entry: (-entry[1], entry[0]))[:MOST_FEATURES])
    unused = sorted(set(told["importance"]) - set(gain))
    if not shown:
        return section("Features by gain", "<p>No tree found a split: the ranker orders nothing.</p>")
    kinds = {name: "behaviour" if name.startswith("f_") else "content" for name in shown}
    key = "<span class='key behaviour'>behaviour</span> <span class='key content'>content</span>"
    note = f"<p class=note>Never used: {escape(', '.join(unused))}.</p>" if unused else ""
    return section("Features by gain", figure(charts.bars(shown, kinds), f"Share of the total gain. {key}") + note)


def _labels(told: Mapping[str, Any]) -> str:
    found = {name: part for name, part in told["labels"].items() if sum(part["counts"])}
    if not found:
        return ""
    edges = next(iter(found.values()))["edges"]
    drawn = charts.histogram(edges, {name: found[name]["counts"] for name in PARTS if name in found})
    return section("Labels", figure(drawn, "Share of the examples of a part by grade."))


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
    why = f"How likely a click is at a position, the item being equal: {escape(sources)}."
    return section("Position propensities", figure(charts.lines(series, "Propensity by position", "position"), why))


def _card(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    features = json.loads(row["features"])
    unseen = (told.get("unseen_in_top") or {}).get("ours")
    said = {
        "What it is": "LambdaMART (LightGBM text model) that orders the items of a query; scores compare within one.",
        "Meant for": "Re-ranking what the engine retrieved. Not for retrieval or for comparing queries.",
        "Learns from": LEARNS_FROM,
        "Cannot know": "Wants that leave no click; clicks that mislead and are long; items never shown.",
        "No evidence": f"{unseen:.0%} of its top tens had no traffic when tested"
        if unseen is not None
        else "not measured",
        "Features": f"{len(features)}: {', '.join(features)}" if features else "none",
        "Recipe": ", ".join(f"{name} {value}" for name, value in json.loads(row["parameters"]).items()),
        "Artifact": f"sha256 {row['sha256']}" if row.get("sha256") else "none: nothing was trained",
    }
    return section("Model card", facts(said))
