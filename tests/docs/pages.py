"""Read links, marked snippets and commands from the pages of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(r"<!-- (\w+): ([^>]+?) -->\n```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    """Return a page's path relative to the checkout."""
    return page.relative_to(CHECKOUT).as_posix()


def links(page: Path) -> list[str]:
    """Return the targets of links and pictures inside the repository, without anchors."""
    found = (link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8")))
    return [link for link in found if link and "://" not in link]


def marked(page: Path, kind: str) -> dict[str, str]:
    """Return the fenced blocks that follow a comment `<!-- kind: name -->`, by name."""
    found = _MARKED.findall(page.read_text(encoding="utf-8"))
    return {name: text for of_kind, name, text in found if of_kind == kind}


def spans(page: Path) -> list[str]:
    """Return the inline code of a page."""
    return _SPAN.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def commands(page: Path) -> Iterable[str]:
    """Yield everything that may be a command: the lines of fenced blocks, and inline code."""
    for block in _FENCE.findall(page.read_text(encoding="utf-8")):
        yield from block.splitlines()
    yield from spans(page)
