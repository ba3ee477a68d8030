"""Without a login nobody sees anything; every role that may see assets sees every page, and nobody acts."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from tests.pages.audits import DRIFTING
from tests.pages.conftest import Pages

pytestmark = [pytest.mark.dags, pytest.mark.services]

PLACES = {
    "{session}": "rebuilt-1",
    "{dataset}": DRIFTING,
    "{name:path}": "data-docs/index.html",
    "{name}": "audit-failed",
    "{rest:path}": "no/such/page",
}
PATHS = (
    "/",
    "/sessions",
    "/sessions/{session}",
    "/quality",
    "/quality/{dataset}",
    "/runbooks",
    "/runbooks/{name}",
    "/reports/{name:path}",
    "/style.css",
    "/{rest:path}",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def filled(route: str) -> str:
    for place, value in PLACES.items():
        route = route.replace(place, value)
    return f"/tidemark{route}"


def test_the_routes_of_this_module_are_those_of_the_app(pages: Pages) -> None:
    assert sorted(pages.routes) == sorted(PATHS)


@pytest.mark.parametrize("route", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_no_route_answers_without_a_login(pages: Pages, route: str, method: str) -> None:
    answer = pages.ask(filled(route), method=method)
    assert answer.status == 401
    assert "search" not in answer.text


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect"])
def test_the_routes_themselves_are_not_described_without_a_login(pages: Pages, path: str) -> None:
    assert pages.ask(f"/tidemark{path}").status == 401
    assert pages.ask(f"/tidemark{path}", "admin").status == 404


@pytest.mark.parametrize("route", PATHS)
def test_a_browser_without_a_login_is_sent_to_airflows_login_page_and_from_there_back(pages: Pages, route: str) -> None:
    answer = pages.ask(f"{filled(route)}?dataset=a%26b", accept="text/html,*/*")
    assert answer.status == 303
    place, _, following = answer.headers["location"].partition("?next=")
    assert place == "/api/v2/auth/login"
    assert unquote(following) == f"{filled(route)}?dataset=a%26b"


@pytest.mark.parametrize("token", ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1Iiwicm9sZSI6ImFkbWluIn0."])
def test_a_forged_login_is_refused(pages: Pages, token: str) -> None:
    forged = Pages(pages.port, pages.routes, {"forged": token}, pages.home)
    assert forged.ask("/tidemark/", "forged").status in (401, 403)


@pytest.mark.parametrize("role", ["viewer", "user", "op", "admin"])
@pytest.mark.parametrize("route", PATHS[:-1])
def test_every_role_sees_every_page(pages: Pages, role: str, route: str) -> None:
    assert pages.ask(filled(route), role).status == 200


@pytest.mark.parametrize("route", PATHS)
def test_a_user_without_a_role_sees_nothing(pages: Pages, route: str) -> None:
    assert pages.ask(filled(route), "None").status == 403


@pytest.mark.parametrize("route", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_page_takes_a_change(pages: Pages, route: str, method: str) -> None:
    assert pages.ask(filled(route), "admin", method).status == 404


@pytest.mark.parametrize("route", PATHS)
def test_no_page_runs_a_script_or_is_framed_by_others(pages: Pages, route: str) -> None:
    answer = pages.ask(filled(route), "viewer")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
