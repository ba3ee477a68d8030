"""The names of the pages about rankers, and links between them. All lie in one folder, so links are relative."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote

CURRENT, OVER_TIME = "index.html", "rankers.html"


def page_of(model_version: str) -> str:
    """Return the name of the file of a ranker's report."""
    return f"{model_version}.html"


def link(page: str, words: str) -> str:
    """Return a link to a page of the folder, as HTML."""
    return f'<a href="{escape(quote(page))}">{escape(words)}</a>'


def navigation(links: Mapping[str, str]) -> str:
    """Return links by their words, as HTML; an empty text without links."""
    return f"<nav>{''.join(link(page, words) for words, page in links.items())}</nav>" if links else ""
