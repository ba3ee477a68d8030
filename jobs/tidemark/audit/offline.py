"""Make a page of Great Expectations readable without a network, by keeping only its text and structure.

The library's pages load about fifteen assets from public servers, and contain names without escaping. Only the tags and
attributes listed below are kept, so that the page sends no request and runs no code.
"""

from __future__ import annotations

import html
from html.parser import HTMLParser

_TEXT = {"b", "br", "code", "em", "i", "p", "pre", "small", "span", "strong", "h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = {"a", "div", "hr", "li", "nav", "ol", "ul", "table", "tbody", "td", "th", "thead", "tr"}
_KEPT = frozenset(_TEXT | _BLOCKS)
_EMPTY = frozenset({"br", "hr"})
_DROPPED = frozenset({"script", "style", "head", "button", "label", "svg", "iframe", "title", "footer"})
_ATTRIBUTES = frozenset({"id", "class", "href", "title", "colspan", "rowspan"})


def body_of(page: str) -> str:
    """Return the body of a rendered page, with known tags and attributes only. Links within the page stay."""
    stripper = _Stripper()
    stripper.feed(page)
    stripper.close()
    return stripper.text()


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._dropped: list[str] = []

    def text(self) -> str:
        lines = (line.strip() for line in "".join(self._parts).splitlines())
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.append(tag)
        elif tag in _DROPPED or _is_banner(tag, attrs):
            self._dropped.append(tag)
        elif tag in _KEPT:
            self._parts.append(f"<{tag}{_attributes(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _EMPTY:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.pop()
        elif tag in _KEPT and tag not in _EMPTY:
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self._parts.append(html.escape(data))


def _is_banner(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    """Return whether a tag is the library's top bar, which has a remote logo."""
    return tag == "nav" and "sticky-top" in (dict(attrs).get("class") or "").split()


def _attributes(attrs: list[tuple[str, str | None]]) -> str:
    kept = [(k, v) for k, v in attrs if k in _ATTRIBUTES and v and (k != "href" or v.startswith("#"))]
    return "".join(f' {key}="{html.escape(value or "")}"' for key, value in kept)
