"""Human grades as people hand them in: JSON, judgment lists, tables with a header, TREC qrels."""

from collections.abc import Iterable, Mapping

from ranking.logs import judgment_lists, judgment_tables
from ranking.logs.handed_in import (
    ITEM,
    Place,
    Record,
    Rows,
    first,
    for_applications,
    is_missing,
    query_of,
    refuse_foreign,
)
from ranking.logs.scales import Survey, find_scale, list_name, read_raw

GRADE = ("grade", "rating")
Lists = Mapping[str, tuple[Survey, str | None]]
"""For each source of a file: what its grades are, and why all of them are refused."""

parse_document = judgment_lists.records_of
parse_text = judgment_tables.LineReader


def parse(record: Record, place: Place) -> Rows:
    """A human grade. One without a `source` has its file's name.

    The raw grade is what counts: `ranking.logs.grades` maps it by the scales of the day on which it is read. `grade`
    is what it meant when it landed. A list that is not on its scale is refused whole (`parse_file`).
    """
    refuse_foreign(record, "JUDGMENTS")
    asked, source = query_of(record), _source(record, place)
    raw = first(record, *GRADE)
    value = read_raw(raw)
    survey, refusal = place["file"][source]
    if refusal is not None:
        raise ValueError(refusal)
    row = {
        **asked,
        "item_id": first(record, *ITEM),
        "grade": survey.scale.grade(value),
        "raw_grade": str(raw),
        "source": source,
        "weight": 1.0 if is_missing(record.get("weight")) else record["weight"],
        "judged_at": first(record, "judged_at"),
    }
    yield from for_applications("judgments", row, record, place)


def parse_file(records: Iterable[Record], place: Place) -> Lists:
    """What has to be known of a whole file before its first record is parsed: whether its lists are on their scales."""
    settings = place["settings"].get("grades") or {}
    surveys: dict[str, Survey] = {}
    for record in records:
        source = _source(record, place)
        if source not in surveys:
            surveys[source] = Survey(*find_scale(settings, str(place["file_path"]), source))
        try:
            surveys[source].add(read_raw(first(record, *GRADE)))
        except ValueError:
            continue  # the record is refused by itself, when it is parsed
    return {source: (survey, survey.refusal(str(place["file_path"]), source)) for source, survey in surveys.items()}


def _source(record: Record, place: Place) -> str:
    source = first(record, "source")
    return list_name(str(place["file_path"])) if source is None else str(source)
