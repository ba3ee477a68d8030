"""The frame of a page and its building blocks. Arguments are escaped here unless their name ends in `html`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from tidemark.support.html_table import DASH, table

__all__ = ["DASH", "table"]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The Content-Security-Policy of our pages: no script, nothing from elsewhere, framed by nobody but Airflow."""

_LINKS = {
    "": "Status",
    "sessions": "Sessions",
    "quality": "Data quality",
    "runbooks": "Runbooks",
    "reports/data-docs/index.html": "Audits",
    "reports/models/index.html": "Model report",
    "reports/models/rankers.html": "Rankers",
}


START = "<main>"
"""The element that holds the content of a page, also of a report."""


def page(title: str, content_html: str, root: str, reports: Iterable[str] = ()) -> str:
    """Return a whole page. `root` is the path of the pages, with `/` at its end.

    `reports` names the links to reports that exist; the others are left out.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="{escape(root)}style.css"></head>\n'
        f"<body>{START}{navigation(root, reports)}{content_html}</main></body></html>\n"
    )


def navigation(root: str, reports: Iterable[str] = (), more: Mapping[str, str] | None = None) -> str:
    """Return the links to our pages, those to the reports in `reports`, and `more`, words by their paths."""
    known = {path: word for path, word in _LINKS.items() if not path.startswith("reports/") or path in set(reports)}
    links = (f'<a href="{escape(root + path)}">{escape(word)}</a>' for path, word in {**known, **(more or {})}.items())
    return f'<nav class="path">{" ".join(links)}</nav>'


def report_links() -> list[str]:
    """Return the paths of the reports that the navigation of a page can name."""
    return [path for path in _LINKS if path.startswith("reports/")]


def link(href: str, text: str) -> str:
    """Return a link. `href` has to be a path of our own or of Airflow, made with `path`."""
    return link_html(href, escape(text))


def link_html(href: str, text_html: str) -> str:
    """Return a link whose text is HTML."""
    return f'<a href="{escape(href)}">{text_html}</a>'


def path(root: str, *parts: str) -> str:
    """Return a path below `root`, with each part encoded."""
    return root + "/".join(quote(part, safe="") for part in parts)


def badge(word: str, tone: str) -> str:
    """Return a word in the colour of a tone: good, warned, bad, or none of these."""
    return f'<span class="mark {escape(tone)}">{escape(word)}</span>'


def tile(number: str, words: str, tone: str = "") -> str:
    """Return a large number with what it counts. If it is a name, give the tone `named`: it gets a line on a phone."""
    return f'<div class="tile {escape(tone)}"><strong>{escape(number)}</strong><span>{name(words)}</span></div>'


def name(dotted: str) -> str:
    """Return the name of a dataset, or words with one. A name may break after a dot or an underscore."""
    return escape(dotted).replace(".", ".<wbr>").replace("_", "_<wbr>")


def folded(summary: str, content_html: str) -> str:
    """Return content that a click opens, without a script."""
    return f"<details><summary>{escape(summary)}</summary>{content_html}</details>"


def facts(values_html: Mapping[str, str]) -> str:
    """Return a list of names with their values. The values are HTML; empty ones are left out."""
    items = (f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in values_html.items() if value)
    return f'<dl class="facts">{"".join(items)}</dl>'


def items(texts: Iterable[str]) -> str:
    """Return a list of texts; an empty string if there are none."""
    listed = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<ul>{listed}</ul>" if listed else ""


def small(text: str) -> str:
    """Return a remark in small print, on a line of its own."""
    return f"<small>{escape(text)}</small>" if text else ""


def time(instant: datetime | None) -> str:
    """Return an instant in UTC to the minute, or a dash."""
    if instant is None:
        return DASH
    utc = instant.astimezone(UTC)
    return f'<time datetime="{utc.isoformat()}">{utc:%Y-%m-%d %H:%M}</time>'
