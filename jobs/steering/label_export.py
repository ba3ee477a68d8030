"""`tidemark labels export`: the labels of one application and cut as a file for another tool. Without Spark."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from steering import label_forms
from steering.label_forms import Label
from steering.new_files import write_new_files
from tidemark.catalog import Lake
from tidemark.catalog.filters import both, equals
from tidemark.errors import RequestRefused
from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import load_settings
from tidemark.support.text import printable

LABELS = "ranking.relevance_labels"
NO_LABELS = f"{LABELS}: there are no labels yet. `tidemark plan {LABELS}` says what they wait for"
FORMS: Mapping[str, Callable[[Iterable[Label], str], Mapping[str, str]]] = {
    "opensearch": label_forms.opensearch,
    "qrels": label_forms.qrels,
    "csv": label_forms.quepid,
}


def export(options: argparse.Namespace) -> int:
    """Write the labels of a cut to a new file, and say what was written.

    Raises RequestRefused if there is no such label, if the application is not clear, or if a file exists already.
    """
    lake = open_existing_lake(load_settings())
    application, cut = choose_cut(cuts_of(lake), options.application, options.cut)
    labels = read_labels(lake, application, cut, options.without_graded)
    texts = FORMS[options.form](labels, f"{application}, labels of {cut}")
    files = {options.out.with_name(options.out.name + more): text.encode("utf-8") for more, text in texts.items()}
    write_new_files(files)
    queries = len({each.query for each in labels})
    print(f"{len(labels):,} labels of {queries:,} queries of {printable(application)}, cut {cut}")
    for path in files:
        print(f"  {path}")
    return 0


def read_labels(lake: Lake, application: str, cut: date, without_graded: bool) -> list[Label]:
    """Return the labels of a cut by query, the best first. Raises RequestRefused if none is left."""
    where = both(equals("application", application), equals("window_end", cut.isoformat()))
    columns = ("query", "item_id", "grade", "human_grades", "source")
    rows = lake.table(LABELS).scan(where, selected_fields=columns).to_arrow().to_pylist()
    kept = [
        Label(row["query"], row["item_id"], row["grade"])
        for row in rows
        if row["source"] != "prior" and not (without_graded and row["human_grades"])
    ]
    if not kept:
        raise RequestRefused(f"without-graded: people graded all {len(rows):,} pairs of the cut; leave the option out")
    return sorted(kept, key=lambda each: (each.query, -each.grade, each.item_id))


def cuts_of(lake: Lake) -> Counter[tuple[str, date]]:
    """Return how many labels each application and cut has."""
    table = lake.find_table(LABELS)
    rows = table.scan(selected_fields=("application", "window_end")).to_arrow() if table is not None else None
    if rows is None or not rows.num_rows:
        raise RequestRefused(NO_LABELS)
    counted = rows.group_by(["application", "window_end"]).aggregate([([], "count_all")]).to_pylist()
    return Counter({(row["application"], row["window_end"]): row["count_all"] for row in counted})


def choose_cut(cuts: Counter[tuple[str, date]], application: str | None, cut: str | None) -> tuple[str, date]:
    """Return the application and the cut that are meant. Raises RequestRefused for one that has no labels."""
    applications = sorted({name for name, _ in cuts})
    if application is None and len(applications) > 1:
        raise RequestRefused(f"application: there are several; write --application and one of {_listed(applications)}")
    name = application if application is not None else applications[0]
    days = sorted(day for of, day in cuts if of == name)
    if not days:
        raise RequestRefused(
            f"application: '{printable(name[:80])}' has no labels; those that have are {_listed(applications)}"
        )
    wanted = days[-1] if cut is None else _day(cut)
    if wanted not in days:
        newest = ", ".join(str(day) for day in days[-5:])
        raise RequestRefused(f"cut: no label window ends on {wanted}; the newest cuts are {newest}")
    return name, wanted


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestRefused(f"cut: '{printable(text[:40])}' is not a day; write it as 2026-04-12") from None


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name[:80]) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
