"""The runbooks as pages: `docs/runbooks` of the checkout, rendered from Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tidemark.airflow.pages import html
from tidemark.settings import CHECKOUT

FOLDER = CHECKOUT / "docs" / "runbooks"
_INDEX = "README"


def runbook_page(name: str | None, root: str, reports: list[str], folder: Path = FOLDER) -> str | None:
    """Return the page of a runbook, or of the list of all if `name` is None; None if there is no such runbook.

    `name` is the name of a file in `folder` without its ending. `root` is the path of the pages, with `/` at its end.
    """
    known = {path.stem: path for path in folder.glob("*.md")}
    path = known.get(_INDEX if name is None else name)
    if path is None:
        return None
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ")
    return html.page(
        f"Tidemark: {title}", f'<section class="runbook">{_rendered(text, root, set(known))}</section>', root, reports
    )


def _rendered(text: str, root: str, known: set[str]) -> str:
    """Return Markdown as HTML. HTML in the text is escaped."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.children:
            for child in token.children:
                _lead_to_page(child, root, known)
    _label_cells(tokens)
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered


def _lead_to_page(token: Token, root: str, known: set[str]) -> None:
    """Let a link to another runbook lead to its page. A link to any other file of the checkout loses its address."""
    if token.type != "link_open":
        return
    address = urlsplit(str(token.attrs["href"]))
    if address.scheme or address.netloc:
        return
    stem = address.path.removesuffix(".md")
    if stem not in known:
        token.attrs = {}
    elif stem == _INDEX:
        token.attrs = {"href": f"{root}runbooks"}
    else:
        token.attrs = {"href": html.path(f"{root}runbooks/", stem)}


def _label_cells(tokens: Sequence[Token]) -> None:
    """Give tables the form of `html.table`: on a narrow screen, rows become cards that name each value."""
    titles: list[str] = []
    column = 0
    for token, following in pairwise(tokens):
        if token.type == "table_open":
            token.attrSet("class", "cards-on-phone")
            titles = []
        elif token.type == "th_open":
            titles.append(following.content)
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            token.attrSet("data-label", titles[column])
            column += 1
