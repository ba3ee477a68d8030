"""What a page looks like in a browser: what overflows, what is too small to read, and what the browser complains of."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

LEAST_TEXT = 8.5
"""The least height in pixels of a letter's box. Smaller text cannot be read on a phone."""
SHOWN = 3
"""The most parts of a page that are named in a problem."""

# A figure may be wider than a phone, and is moved by the finger: smaller, its letters could not be read.
_OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth + 1, found = [];
  for (const part of document.body.querySelectorAll('*')) {
    if (part.parentElement.closest('figure')) continue;
    const box = part.getBoundingClientRect();
    if (box.width && (box.right > wide || box.left < -1))
      found.push(part.tagName.toLowerCase() + (part.className.baseVal ?? part.className ?? '').toString().slice(0, 30)
        + ' to ' + Math.round(box.right) + ' px: ' + (part.textContent || '').trim().slice(0, 40));
  }
  if (document.documentElement.scrollWidth > wide) found.push('the page: ' + document.documentElement.scrollWidth);
  return found;
}"""
_CUT = """() => [...document.body.querySelectorAll('td, th, dd, a, p, h1, h2, h3, span')]
  .filter(part => part.clientWidth && part.scrollWidth > part.clientWidth + 1
    && getComputedStyle(part).overflowX !== 'visible' && getComputedStyle(part).display !== 'inline')
  .map(part => part.tagName.toLowerCase() + ': ' + part.textContent.trim().slice(0, 40))"""
_SMALL = """(least) => [...document.querySelectorAll('svg text, small, td, p, li, span, a')]
  .filter(part => part.textContent.trim() && part.getClientRects().length
    && (part.closest('svg') ? part.getBoundingClientRect().height
                            : parseFloat(getComputedStyle(part).fontSize)) < least)
  .map(part => part.textContent.trim().slice(0, 40))"""


def faults(page: Page) -> Iterator[str]:
    """Yield what is wrong with the page as it is shown now."""
    for what, parts in (
        ("reaches beyond the screen", page.evaluate(_OVERFLOWING)),
        ("is cut off", page.evaluate(_CUT)),
        ("is too small to read", page.evaluate(_SMALL, LEAST_TEXT)),
    ):
        if parts:
            more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
            yield f"{what}: {'; '.join(map(str, parts[:SHOWN]))}{more}"
