"""The pages name every check, load nothing from other servers, and show data as text."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.audit.conftest import CLOCK, EXPECTATIONS, Bench, good_row, good_rows
from tidemark.audit import site
from tidemark.audit.offline import body_of
from tidemark.audit.report import CheckResult, Report
from tidemark.audit.site import page_path, write_pages
from tidemark.audit.summaries import KEEP_FOR, KEPT_PER_DATASET

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


FAILED = (_check("a", False),)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _report(
    session: str = "s-1", checks: tuple[CheckResult, ...] = (_check("a"),), dataset: str = "accounts.seen"
) -> Report:
    return Report(dataset, session, 77, checks, 20)


def _write(reports: Path, report: Report, now: datetime = NOW, clock: datetime = CLOCK) -> Report:
    """Write a report's pages at a given time of the machine's clock."""
    return write_pages(report, clock, reports, now=lambda: now)


def _index(reports: Path) -> str:
    return (reports / "data-docs" / "index.html").read_text(encoding="utf-8")


def _sessions(reports: Path) -> list[str]:
    """Return the sessions that have a page."""
    return sorted(page.parent.name for page in reports.glob("data-docs/*/*/index.html"))


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
    _write(tmp_path, _report(checks=checks))
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


def test_the_index_lists_sessions_latest_first_whatever_the_clocks_of_their_runs(tmp_path: Path) -> None:
    _write(tmp_path, _report("s-1"), NOW, CLOCK + timedelta(days=365))
    failed = (_check("a", False), _check("b", False, "warn"))
    _write(tmp_path, _report("s-2", failed), NOW + timedelta(hours=1))
    text = _index(tmp_path)
    assert text.index("s-2/index.html") < text.index("s-1/index.html")
    assert '<span class="bad">1</span>' in text and '<span class="warned">1</span>' in text
    _assert_offline(tmp_path)


def test_a_session_audited_again_is_listed_once(tmp_path: Path) -> None:
    for _ in range(2):
        _write(tmp_path, _report())
    assert _index(tmp_path).count("s-1/index.html") == 1


def _write_old(reports: Path, report: Report) -> None:
    """Write a page that is old enough to be removed, and newer pages of its dataset that push it out."""
    _write(reports, report, NOW - KEEP_FOR - timedelta(seconds=1))
    for number in range(KEPT_PER_DATASET):
        _write(reports, _report(f"later-{number:02d}", dataset=report.dataset), NOW - KEEP_FOR)


def test_a_page_goes_by_its_age_on_the_clock_of_the_machine(tmp_path: Path) -> None:
    _write_old(tmp_path, _report("old"))
    assert "old" in _sessions(tmp_path)
    _write(tmp_path, _report("new"), NOW, CLOCK - timedelta(days=3650))
    assert "old" not in _sessions(tmp_path)
    assert len(_sessions(tmp_path)) == KEPT_PER_DATASET + 1
    assert "old" not in _index(tmp_path)
    assert not (tmp_path / "data-docs" / "accounts.seen" / "old").exists()
    _assert_offline(tmp_path)


def test_the_pages_of_one_dataset_push_out_none_of_another(tmp_path: Path) -> None:
    _write(tmp_path, _report("weekly", dataset="accounts.weekly"), NOW - timedelta(days=300))
    _write_old(tmp_path, _report("old"))
    _write(tmp_path, _report("new"))
    assert "weekly" in _sessions(tmp_path)


def test_a_page_that_a_failure_names_stays(tmp_path: Path) -> None:
    _write_old(tmp_path, _report("failed", FAILED))
    _write(tmp_path, _report("new"), NOW + timedelta(days=1000))
    assert page_path(tmp_path, "accounts.seen", "failed").exists()


def test_a_page_is_never_removed_by_the_session_that_writes_it(tmp_path: Path) -> None:
    for number in range(KEPT_PER_DATASET):
        _write(tmp_path, _report(f"s-{number}"), NOW + timedelta(days=1))
    done = _write(tmp_path, _report("slow"), NOW - timedelta(days=3650))
    assert done.site is not None and done.site.exists()
    assert "slow/index.html" in _index(tmp_path)


def test_a_page_whose_removal_was_cut_short_goes_the_next_time(tmp_path: Path) -> None:
    _write_old(tmp_path, _report("old"))
    folder = tmp_path / "data-docs" / "accounts.seen" / "old"
    folder.joinpath("index.html").unlink()
    _write(tmp_path, _report("new"))
    assert not folder.exists()
    _assert_offline(tmp_path)


STORED = {
    "an older version": '{"dataset": "a", "session": "s", "audited_at": "2026-01-01T00:00Z", "verdict": "passed", '
    '"rows": 1, "checks": 2, "failed": 0, "warned": 0}',
    "a newer version": '{"dataset": "a", "session": "s", "audited_at": {"run": 1}, "verdict": "blocked", "rows": "1k", '
    '"checks": 2, "failed": null, "extra": [1], "written_at": "2026-05-31T00:00Z"}',
    "no object": "[1, 2]",
    "no JSON": "{",
    "no text": b"\xff\xfe".decode("latin-1"),
    "nothing": "",
    "too deep": "[" * 100_000,
    "an absurd time": '{"written_at": "0001-01-01T00:00+14:00", "audited_at": "-", "rows": true, "checks": -1}',
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_an_entry_of_another_version_is_read_as_far_as_it_is_understood(tmp_path: Path, stored: str) -> None:
    other = _write(tmp_path, _report("other")).site
    assert other is not None
    other.with_name("summary.json").write_text(stored, encoding="latin-1")
    done = _write(tmp_path, _report("ours"))
    assert (done.page_fault, done.site) == ("", page_path(tmp_path, "accounts.seen", "ours"))
    text = _index(tmp_path)
    assert "ours/index.html" in text and "accounts.seen/other/index.html" in text
    _assert_offline(tmp_path)


def test_an_entry_says_what_it_knows(tmp_path: Path) -> None:
    other = _write(tmp_path, _report("other")).site
    assert other is not None
    other.with_name("summary.json").write_text(STORED["a newer version"], encoding="utf-8")
    _write(tmp_path, _report("ours"))
    (row,) = [row for row in _index(tmp_path).split("<tr>") if "other/index.html" in row]
    assert '<span class="mark ">unknown</span>' in row
    assert 'data-label="Rows">unknown</td><td data-label="Checks">2</td>' in row
    assert "2026-05-31 00:00Z" in row


def test_an_entry_of_an_older_version_ages_by_its_file(tmp_path: Path) -> None:
    """Summaries of the first version have no `written_at`."""
    _write_old(tmp_path, _report("old"))
    summary = tmp_path / "data-docs" / "accounts.seen" / "old" / "summary.json"
    summary.write_text(STORED["an older version"])
    at = (NOW - KEEP_FOR).timestamp()
    os.utime(summary, (at, at))
    _write(tmp_path, _report("new"), NOW + timedelta(seconds=1))
    assert "old" not in _sessions(tmp_path)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a\nb", "<b>", "x" * 300])
def test_a_name_that_leaves_the_folder_gets_no_page(tmp_path: Path, name: str) -> None:
    done = _write(tmp_path, _report(name))
    assert done.site is None
    assert "cannot be the name of a report" in done.page_fault
    assert [path.name for path in tmp_path.rglob("*")] == ["data-docs", ".lock"]


def _fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "replace_file", _fail)
    done = _write(tmp_path, _report())
    assert done.passed and done.site is None
    assert done.page_fault == "no page of this session was written: OSError: [Errno 28] No space left on device"


def test_an_index_that_cannot_be_written_leaves_the_page_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data-docs" / "index.html").mkdir(parents=True)
    done = _write(tmp_path, _report())
    assert done.site is not None and done.site.exists()
    assert done.page_fault.startswith("the index of audits was not written: IsADirectoryError: ")
    assert "the index of audits was not written" in caplog.text


def test_an_index_that_somebody_holds_is_not_waited_for_forever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "LOCK_PATIENCE", 0.0)
    (tmp_path / "data-docs").mkdir()
    with (tmp_path / "data-docs" / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = _write(tmp_path, _report())
    assert done.site is None
    assert "another process has held" in done.page_fault


def test_a_folder_that_cannot_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, _report("theirs", dataset="accounts.theirs"))
    closed = tmp_path / "data-docs" / "accounts.theirs"
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    done = _write(tmp_path, _report("ours"))
    assert done.page_fault == ""
    assert "ours/index.html" in _index(tmp_path)


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
