"""Parser of human grades: JSON, judgment lists, tables with a header, and TREC qrels."""

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
"""For each source in a file: the survey of its grades, and why all of them are refused (None if they are not)."""

parse_document = judgment_lists.records_of
parse_text = judgment_tables.LineReader


def parse(record: Record, place: Place) -> Rows:
    """Parse a human grade. Its source is the name of the file if the record has none.

    `ranking.logs.grades` maps `raw_grade` by the scales that are set when it is read; `grade` is mapped by the scales
    at landing and kept for information. Raises ValueError for a record that is not a judgment, and for each record of a
    list that is not on its scale (`parse_file`).
    """
    refuse_foreign(record, "JUDGMENTS")
    asked, source = query_of(record, place), _source(record, place)
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
    """Read a whole file before its first record is parsed, and find out whether each list is on its scale."""
    settings = place["settings"].get("grades") or {}
    surveys: dict[str, Survey] = {}
    for record in records:
        source = _source(record, place)
        if source not in surveys:
            surveys[source] = Survey(*find_scale(settings, str(place["file_path"]), source))
        try:
            surveys[source].add(read_raw(first(record, *GRADE)))
        except ValueError:
            continue  # `parse` refuses this record
    return {source: (survey, survey.refusal(str(place["file_path"]), source)) for source, survey in surveys.items()}


def _source(record: Record, place: Place) -> str:
    source = first(record, "source")
    return list_name(str(place["file_path"])) if source is None else str(source)
