"""Who may decide about rankers by the form: Airflow's own rules hold, since the form is a DAG like any other."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.pages.conftest import Answer, Pages
from tests.pages.lake import HOSTILE

pytestmark = [pytest.mark.dags, pytest.mark.services]

RUNS = "/api/v2/dags/steer_ranker/dagRuns"
ROLLBACK = {"action": "rollback", "reason": "buyers complained about shoes"}


def ask_for(pages: Pages, role: str | None, conf: dict[str, Any], kind: str = "application/json") -> Answer:
    body = json.dumps({"logical_date": None, "conf": conf})
    return pages.ask(RUNS, role, "POST", body=body, content_type=kind)


def runs_of(pages: Pages) -> int:
    return int(json.loads(pages.ask(RUNS, "admin").text)["total_entries"])


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("None", 403), ("viewer", 403)])
def test_who_may_not_trigger_a_dag_may_not_decide(pages: Pages, role: str | None, status: int) -> None:
    before = runs_of(pages)
    assert ask_for(pages, role, ROLLBACK).status == status
    assert runs_of(pages) == before


@pytest.mark.parametrize("role", ["user", "op", "admin"])
def test_who_may_trigger_a_dag_may_decide_and_is_named(pages: Pages, role: str) -> None:
    answer = ask_for(pages, role, ROLLBACK)
    assert answer.status == 200
    assert json.loads(answer.text)["triggering_user_name"] == "u"


@pytest.mark.parametrize(
    "conf",
    [
        {},
        {"action": "rollback"},
        {"action": "delete", "reason": "no such action exists"},
        {"action": ["rollback"], "reason": "a list for a text"},
        {"action": "promote", "version": 7, "reason": "a number for a text"},
        {"action": "promote", "version": "x" * 101, "reason": "a name too long"},
        {"action": "rollback", "reason": "x" * 501},
        {"action": "rollback", "reason": ""},
    ],
    ids=lambda conf: json.dumps(conf)[:40],
)
def test_the_form_refuses_what_it_does_not_offer(pages: Pages, conf: dict[str, Any]) -> None:
    before = runs_of(pages)
    assert ask_for(pages, "op", conf).status in (400, 422)
    assert runs_of(pages) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_of_another_site_starts_nothing(pages: Pages, kind: str) -> None:
    """A browser sends these kinds across sites without asking. The login's cookie is not sent across sites either."""
    before = runs_of(pages)
    assert ask_for(pages, "op", ROLLBACK, kind).status in (400, 415, 422)
    assert runs_of(pages) == before


def test_a_reason_that_is_markup_stays_text(pages: Pages) -> None:
    answer = ask_for(pages, "op", {"action": "rollback", "reason": HOSTILE})
    assert answer.status == 200
    assert json.loads(answer.text)["conf"]["reason"] == HOSTILE
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("role", ["viewer", "op"])
def test_the_status_page_leads_to_the_forms(pages: Pages, role: str) -> None:
    section = pages.ask("/tidemark/", role).text.partition('id="act"')[2].partition("</section>")[0]
    assert re.findall(r'href="([^"]*)"', section) == ["/dags/restate", "/dags/steer_ranker"]
    assert "Promote a ranker, roll back, freeze or unfreeze, with a reason" in section
