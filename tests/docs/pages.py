"""What the pages of the repository hold: links, marked snippets, commands."""

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
    """A page's path below the checkout."""
    return page.relative_to(CHECKOUT).as_posix()


def links(page: Path) -> list[str]:
    """Targets of links and pictures that lie in the repository, without anchors."""
    found = (link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8")))
    return [link for link in found if link and "://" not in link]


def marked(page: Path, kind: str) -> dict[str, str]:
    """Fenced blocks under a comment `<!-- kind: name -->`, by name."""
    found = _MARKED.findall(page.read_text(encoding="utf-8"))
    return {name: text for of_kind, name, text in found if of_kind == kind}


def spans(page: Path) -> list[str]:
    """Pieces of code inside sentences."""
    return _SPAN.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def commands(page: Path) -> Iterable[str]:
    """Everything on a page that may be typed: lines of fenced blocks, and code inside sentences."""
    for block in _FENCE.findall(page.read_text(encoding="utf-8")):
        yield from block.splitlines()
    yield from spans(page)
