"""Spark's server dies while its client lives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.kill import oracle
from tests.kill.cases import Play
from tests.kill.child import FAILED
from tests.kill.faults import Fault
from tests.kill.lakes import Template
from tests.kill.points import MID_WRITE
from tidemark.engine.session import stop_server

pytestmark = [pytest.mark.loop, pytest.mark.spark, pytest.mark.usefixtures("quick_servers")]


def test_s33_a_server_that_died_fails_the_task_and_the_next_one_starts_another(
    template: Callable[[str], Template],
) -> None:
    play = Play(template("stateful"), None)
    play.lake.settings = replace(play.lake.settings, spark_remote=None, spark_memory="1g")
    try:
        failed = play.child("run", fault=Fault(MID_WRITE, play.gate, "kill the server"))
        assert failed.status == FAILED
        assert failed.error.startswith("EngineError"), failed.error
        assert list(oracle.at_death(play.lake, play.template, play.session())) == []

        assert play.child("write_audit_publish", play.session()).status == 0
        assert play.child("commit", play.session()).status == 0
    finally:
        stop_server(play.lake.settings)
    assert list(play.faults()) == []
    assert oracle.litter(play.lake, play.dataset) == []
