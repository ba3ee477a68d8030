"""The pages: they name every check, ask no other server for anything, and show data as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.audit.conftest import CLOCK, EXPECTATIONS, Bench, good_row, good_rows
from tidemark.audit.offline import body_of
from tidemark.audit.report import CheckResult, Report
from tidemark.audit.site import page_path, write_expectations, write_page
from tidemark.errors import AuditError

HOSTILE = "<script>alert('x')</script><img src=http://example.org/a.png onerror=alert(1)>"


class _References(HTMLParser):
    """All tags of a page, and every address in it that a browser might follow."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for key, value in attrs if key in ("href", "src", "action", "data", "srcset")]
        self.handlers += [key for key, _ in attrs if key.startswith("on") or key == "style"]


def _read(page: Path) -> _References:
    found = _References()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def _check(name: str, passed: bool = True, severity: str = "fail", example: str = "") -> CheckResult:
    examples = (example,) if example else ()
    return CheckResult(name, "floor", severity, passed, "3", "0", 0 if passed else 3, examples, "a reason")  # type: ignore[arg-type]


def _report(reports: Path, session: str = "s-1", checks: tuple[CheckResult, ...] = (_check("a"),)) -> Report:
    return Report("accounts.seen", session, 77, checks, 20, page_path(reports, "accounts.seen", session))


def _assert_offline(root: Path) -> None:
    pages = list(root.rglob("*.html"))
    assert pages
    for page in pages:
        found = _read(page)
        assert not found.tags & {"script", "img", "iframe", "style", "object", "form"}, page
        assert not found.handlers, page
        for address in found.addresses:
            assert ":" not in address and not address.startswith("//"), (page, address)
            target = page.parent / address.partition("#")[0]
            assert target.exists(), (page, address)


def test_hostile_values_are_text(tmp_path: Path) -> None:
    checks = (_check(HOSTILE, False, example=HOSTILE), replace(_check("b"), because=HOSTILE, observed=HOSTILE))
    write_page(_report(tmp_path, checks=checks), CLOCK, tmp_path)
    _assert_offline(tmp_path)
    text = page_path(tmp_path, "accounts.seen", "s-1").read_text(encoding="utf-8")
    assert text.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;") == 5


def test_the_library_page_loses_all_that_loads_or_runs() -> None:
    page = (
        "<html><head><script src='https://cdn.example.org/a.js'></script><style>x{}</style></head><body>"
        "<nav class='navbar sticky-top'><img src='https://example.org/logo.png'/></nav>"
        "<div class='row' style='color:red' onclick='go()'><a href='https://example.org'>suite</a>"
        "<a href='#section-1'>one</a>a &lt; b &amp; c<script>if (a < b) { '</div>' }</script></div></body></html>"
    )
    assert body_of(page) == ('<div class="row"><a>suite</a><a href="#section-1">one</a>a &lt; b &amp; c</div>')


def test_the_index_lists_sessions_newest_first(tmp_path: Path) -> None:
    write_page(_report(tmp_path, "s-1"), CLOCK, tmp_path)
    failed = (_check("a", False), _check("b", False, "warn"))
    write_page(_report(tmp_path, "s-2", failed), CLOCK + timedelta(hours=1), tmp_path)
    text = (tmp_path / "data-docs" / "index.html").read_text(encoding="utf-8")
    assert text.index("s-2/index.html") < text.index("s-1/index.html")
    assert '<td class="number bad">1</td><td class="number warned">1</td>' in text
    _assert_offline(tmp_path)


def test_the_oldest_pages_go(tmp_path: Path) -> None:
    for hour in range(4):
        write_page(_report(tmp_path, f"s-{hour}"), CLOCK + timedelta(hours=hour), tmp_path, kept=2)
    sessions = sorted(page.parent.name for page in tmp_path.glob("data-docs/*/*/index.html"))
    assert sessions == ["s-2", "s-3"]
    _assert_offline(tmp_path)


def test_a_session_audited_again_is_listed_once(tmp_path: Path) -> None:
    for _ in range(2):
        write_page(_report(tmp_path), CLOCK, tmp_path)
    assert (tmp_path / "data-docs" / "index.html").read_text(encoding="utf-8").count("s-1/index.html") == 1


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a\nb", "<b>", "x" * 300])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuditError, match="cannot name a report"):
        write_expectations("<p>", tmp_path, "accounts.seen", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spark
def test_a_real_session_reads_offline(bench: Bench) -> None:
    bench.spec = replace(bench.spec, expectations=EXPECTATIONS)
    report = bench.stage_and_audit([*good_rows(), good_row(3, account=HOSTILE, plan="free", logins=101)])
    assert report.site is not None
    _assert_offline(bench.reports)
    shown = report.site.with_name("expectations.html").read_text(encoding="utf-8")
    assert "rows where plan = &#x27;free&#x27; and logins &gt; 50: at most 10% of rows" in shown
    text = report.site.read_text(encoding="utf-8")
    for check in report.checks:
        assert check.check.replace("'", "&#x27;").replace(">", "&gt;") in text
