"""A table in HTML whose rows become cards on a narrow screen; audit/style.css holds its look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

DASH = "–"
"""What a cell shows that holds nothing."""


def table(head: Mapping[str, str], rows_html: Iterable[Iterable[str]]) -> str:
    """Return a table.

    `head` maps the title of each column to a remark under it, such as which clock it shows. Cells are HTML. Empty
    cells, and those with a dash, are left out of a card.
    """
    top = "".join(f"<th>{escape(title)}{_small(remark)}</th>" for title, remark in head.items())
    labels = [f"{title}, {remark}" if remark else title for title, remark in head.items()]
    body = "".join(
        "<tr>" + "".join(_cell(label, cell_html) for label, cell_html in zip(labels, row, strict=True)) + "</tr>"
        for row in rows_html
    )
    return f'<table class="cards-on-phone"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _small(remark: str) -> str:
    return f"<small>{escape(remark)}</small>" if remark else ""


def _cell(label: str, cell_html: str) -> str:
    kind = ' class="empty"' if cell_html in ("", DASH) else ""
    return f'<td data-label="{escape(label)}"{kind}>{cell_html}</td>'
