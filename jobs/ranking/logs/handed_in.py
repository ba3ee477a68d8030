"""What people hand in beside the logs: human grades, the catalogue, features that the engine logged."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ranking.logs.grades import on_scale
from ranking.logs.text import normalise
from ranking.logs.ubi import NO_APPLICATION, to_json

Place = Mapping[str, Any]
Rows = Iterator[tuple[str, dict[str, Any]]]


def judgments(record: Mapping[str, Any], place: Place) -> Rows:
    """A human grade, brought to 0-4 by the setting `grades`. One without `source` has its file's name."""
    source = str(record.get("source") or PurePosixPath(place["file_path"]).name.split(".")[0])
    raw = _first(record, "grade", "rating")
    row = {
        **_query_of(record),
        "item_id": _first(record, "object_id", "docId", "doc_id", "item_id"),
        "grade": on_scale(raw, source, record.get(RANGE), place["settings"].get("grades") or {}),
        "raw_grade": str(raw),
        "source": source,
        "weight": 1.0 if record.get("weight") is None else record["weight"],
        "judged_at": record.get("judged_at"),
    }
    yield from _for_applications("judgments", row, record, place)


def judgments_text(line: str) -> Mapping[str, Any]:
    """A line of TREC qrels: topic, iteration (may be left out), document, grade. The topic is the query."""
    fields = line.split()
    if len(fields) not in (3, 4):
        raise ValueError("no judgment: neither JSON nor a line of TREC qrels (topic, iteration, document, grade)")
    return {"user_query": fields[0], "object_id": fields[-2], "grade": fields[-1]}


def judgments_document(value: Mapping[str, Any]) -> Iterable[Mapping[str, Any]] | None:
    """The judgments of an OpenSearch judgment list; None for a record that is a judgment itself."""
    value = value["_source"] if isinstance(value.get("_source"), dict) else value
    if not isinstance(value.get("judgmentRatings"), list):
        return None
    listed = list(_of_list(value))
    grades = [grade for one in listed if (grade := _number(one.get("rating"))) is not None]
    extent = (min(grades), max(grades)) if grades else None
    return [{**one, RANGE: extent} for one in listed]


def items(record: Mapping[str, Any], place: Place) -> Rows:
    """An item with all its attributes as JSON; `valid_from` says since when they hold."""
    own = ("application", "object_id", "item_id", "valid_from")
    row = {
        "item_id": _first(record, "object_id", "item_id"),
        "attributes": to_json({name: value for name, value in record.items() if name not in own}),
        "valid_from": record.get("valid_from"),
    }
    yield from _for_applications("catalog_items", row, record, place)


def features(record: Mapping[str, Any], place: Place) -> Rows:
    """What the search engine computed for a query and an item: a map or list of name and number."""
    row = {
        **_query_of(record),
        "item_id": _first(record, "object_id", "docId", "doc_id", "item_id"),
        "logged_at": _first(record, "logged_at", "timestamp"),
        "features": _features_of(record.get("features")),
    }
    yield from _for_applications("feature_log", row, record, place)


RANGE = "grades of the list"
"""Under this name each judgment of a list carries the least and the greatest grade in it."""


def _for_applications(dataset: str, row: dict[str, Any], record: Mapping[str, Any], place: Place) -> Rows:
    """A record without an application is of every application that the setting `handed_in` names."""
    stated = record.get("application")
    named = (place["settings"].get("handed_in") or {}).get("applications") or [NO_APPLICATION]
    for application in [stated] if stated else named:
        yield dataset, {"application": application, **row}


def _query_of(record: Mapping[str, Any]) -> dict[str, Any]:
    text = _first(record, "user_query", "query")
    if not isinstance(text, str):
        raise ValueError("user_query is missing" if text is None else "user_query is wrong: it is no text")
    return {"user_query": text, "query": normalise(text)}


def _of_list(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for rated in value["judgmentRatings"]:
        ratings = rated.get("ratings") if isinstance(rated, dict) else None
        if not isinstance(ratings, list):
            yield {"rated": rated}
            continue
        for rating in ratings:
            about = rating if isinstance(rating, dict) else {"rated": rating}
            yield {"query": rated.get("query"), "source": value.get("name"), **about}


def _features_of(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if not all(isinstance(one, dict) and "name" in one for one in value):
        raise ValueError("features is wrong: neither a map from name to number nor a list of name and value")
    return {one["name"]: one.get("value") for one in value}


def _first(record: Mapping[str, Any], *names: str) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
