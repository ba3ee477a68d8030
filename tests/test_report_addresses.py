"""A message names a report by its http address while the home's server runs, and by its file otherwise."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.services import name_pages
from tidemark.audit.report import CheckResult, Report
from tidemark.settings import Settings, addresses
from tidemark.settings.addresses import report_address, running_pages


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "run").mkdir()
    return Settings(home=tmp_path, schemas=tmp_path)


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server that listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def page_of(settings: Settings) -> Path:
    return settings.reports / "data-docs" / "a b" / "index.html"


def test_while_the_server_runs_a_report_has_an_http_address(settings: Settings, port: int) -> None:
    name_pages(settings, f"http://127.0.0.1:{port}")
    expected = f"http://127.0.0.1:{port}/tidemark/reports/data-docs/a%20b/index.html"
    assert report_address(settings, page_of(settings)) == expected


def test_without_a_server_the_file_is_named(settings: Settings, port: int) -> None:
    assert report_address(settings, page_of(settings)) == str(page_of(settings))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        name_pages(settings, f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert report_address(settings, page_of(settings)) == str(page_of(settings))


def test_a_file_outside_of_the_reports_is_named_as_a_file(settings: Settings, port: int) -> None:
    name_pages(settings, f"http://127.0.0.1:{port}")
    assert report_address(settings, settings.home / "x.html") == str(settings.home / "x.html")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "http://127.0.0.1:99999/tidemark/",
        "http://[::1]:PORT/",
        "http://elsewhere:PORT/",
        "http://127.0.0.1:PORT",
    ],
)
def test_what_names_no_server_of_this_machine_counts_as_none(settings: Settings, port: int, text: str) -> None:
    (settings.run / addresses.FILE).write_text(text.replace("PORT", str(port)), encoding="utf-8")
    assert running_pages(settings) is None


def test_a_failed_audit_names_the_address_of_its_page_or_else_its_file() -> None:
    check = CheckResult("rows", "floor", "fail", False, "0", "1")
    report = Report("search.a", "s1", 1, (check,), 0, site=Path("/home/reports/x.html"))
    assert "  report: /home/reports/x.html\n" in report.describe()
    served = Report("search.a", "s1", 1, (check,), 0, site=Path("/x.html"), address="http://127.0.0.1:1/x.html")
    assert "  report: http://127.0.0.1:1/x.html\n" in served.describe()
