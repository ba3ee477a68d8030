"""Find out from the names of tests which numbered scenario they prove."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.docs.pages import CHECKOUT

_TEST = re.compile(r"^def test((?:_s\d\d)+)_\w+", re.MULTILINE)
_HOSTED = re.compile(r'^"""((?:S\d\d(?:, )?)+): ')
_ROW = re.compile(r"^\| S(\d\d) \| .+? \| (.+?) \| (.+?) \|$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]+\]\(\.\./([^)]+)\) (\d+)")


def shown() -> dict[int, Counter[str]]:
    """Return for each scenario the test files with its number, and how many of their tests have it."""
    found: dict[int, Counter[str]] = {}
    for path in sorted((CHECKOUT / "tests").rglob("*.py")):
        name = path.relative_to(CHECKOUT).as_posix()
        text = path.read_text(encoding="utf-8")
        for number in (int(n) for names in _TEST.findall(text) for n in re.findall(r"\d\d", names)):
            found.setdefault(number, Counter())[name] += 1
        hosted = _HOSTED.match(text) if path.parent.name == "hosted" else None
        for number in (int(n) for n in re.findall(r"\d\d", hosted.group(1))) if hosted else ():
            found.setdefault(number, Counter())[name] += 1
    return found


def stated(page: Path) -> dict[int, tuple[Counter[str], str]]:
    """Return for each scenario of the page the tests and the result that the page names."""
    rows = _ROW.findall(page.read_text(encoding="utf-8"))
    return {
        int(number): (Counter({name: int(count) for name, count in _LINK.findall(tests)}), result)
        for number, tests, result in rows
    }
