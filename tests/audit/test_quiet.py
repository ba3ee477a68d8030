"""An audit adds nothing of the library's own to the log of a task, unless somebody asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.audit.conftest import EXPECTATIONS, Bench, good_rows
from tidemark.audit import gx

LIBRARY = "great_expectations"


@pytest.fixture
def level() -> Iterator[None]:
    """Put the level of the library's logger back."""
    before = logging.getLogger(LIBRARY).level
    yield
    logging.getLogger(LIBRARY).setLevel(before)


def test_a_level_that_somebody_has_set_stays(level: None) -> None:
    for chosen in (logging.DEBUG, logging.ERROR):
        logging.getLogger(LIBRARY).setLevel(chosen)
        gx._quieten()
        assert logging.getLogger(LIBRARY).level == chosen


@pytest.mark.spark
def test_an_audit_logs_and_prints_nothing_of_its_own(
    bench: Bench, level: None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger(LIBRARY).setLevel(logging.NOTSET)
    bench.spec = replace(bench.spec, expectations=EXPECTATIONS)
    capfd.readouterr()
    with caplog.at_level(logging.INFO):
        assert bench.stage_and_audit(good_rows()).passed
    assert [record.getMessage() for record in caplog.records if record.name.startswith(LIBRARY)] == []
    assert capfd.readouterr() == ("", "")
