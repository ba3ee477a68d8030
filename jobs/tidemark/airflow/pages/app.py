"""The routes of the pages. Every path, known or not, first asks for Airflow's login."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from tidemark.airflow.pages import html, reports
from tidemark.airflow.pages.access import may_see, refuse
from tidemark.airflow.pages.attention import attention_lines, attention_section
from tidemark.airflow.pages.host import (
    asked_by,
    asking_runs,
    busy_dags,
    failed_runs,
    forms_on_request,
    nightly_runs,
    run_states,
    silent_services,
)
from tidemark.airflow.pages.night import night_section
from tidemark.airflow.pages.quality import dataset_page, nights_page
from tidemark.airflow.pages.reading import existing_reports, open_reading
from tidemark.airflow.pages.runbooks import runbook_page
from tidemark.airflow.pages.running import find_open, forms_section, progress_section, services_section
from tidemark.airflow.pages.sessions import MOST_LISTED, SessionParts, session_page, sessions_page
from tidemark.airflow.pages.status import Overview, status_page
from tidemark.errors import TidemarkError
from tidemark.operate.audit_history import MOST_SESSIONS, VERDICTS
from tidemark.operate.status import LOOK_BACK
from tidemark.settings import load_settings
from tidemark.settings.addresses import PREFIX

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
REPORT_POLICY = html.POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""The policy of reports: the model report keeps its style sheet in the page."""

NIGHTS = 14
"""How many days the page of data quality shows."""

router = APIRouter()


def make_app() -> FastAPI:
    """Return the app. It has no page about its own routes, which FastAPI would serve without login."""
    app = FastAPI(
        title="Tidemark",
        dependencies=[Depends(may_see)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(router)
    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(TidemarkError, explain)
    app.middleware("http")(harden)
    return app


@router.get("/", response_class=HTMLResponse)
def show_status(request: Request) -> str:
    """Answer with the status of every dataset."""
    reading, now, root = open_reading(), datetime.now(UTC), root_of(request)
    found = reading.status(now)
    airflow, night = airflow_of(request), nightly_runs()
    states = run_states(each.last.run for each in found if each.progress and each.last)
    sessions = find_open(found, states, busy_dags())
    lines = attention_lines(found, failed_runs(), asking_runs(), root, airflow)
    overview = Overview(len(lines), len(sessions.running), night, reading.headlines())
    above = attention_section(lines) + progress_section(sessions, now, root, airflow) + night_section(night, airflow)
    above += services_section(reading.deaths(now - LOOK_BACK), silent_services(), reading.troubles(now))
    below = forms_section(forms_on_request(), airflow) + own_address(request)
    return status_page(found, now, root, reading.report_links(), overview, above, below)


@router.get("/sessions", response_class=HTMLResponse)
def list_sessions(request: Request, dataset: str | None = None) -> str:
    """Answer with the latest sessions, of one dataset if it is named."""
    reading = open_reading()
    if dataset is not None and dataset not in reading.specs:
        raise HTTPException(404, "There is no such dataset.")
    found = reading.sessions(dataset, MOST_LISTED)
    return sessions_page(found, dataset, root_of(request), reading.report_links())


@router.get("/sessions/{session}", response_class=HTMLResponse)
def show_session(request: Request, session: str) -> str:
    """Answer with one session and its whole plan."""
    reading = open_reading()
    found = reading.session(session)
    if found is None:
        raise HTTPException(404, "There is no such session.")
    root, airflow = root_of(request), airflow_of(request)
    parts = SessionParts(
        reading.account(session),
        reading.audited(session),
        reading.audit_page(found[0]),
        reading.newest_audit(found[0].dataset),
        reading.published(session),
        asked_by(found[0].run),
    )
    return session_page(*found, parts, reading.specs.get(found[0].dataset), root, airflow, reading.report_links())


@router.get("/quality", response_class=HTMLResponse)
def show_nights(request: Request, verdict: str | None = None) -> str:
    """Answer with what the audits of the latest days found, by day and dataset; of one verdict if it is named."""
    reading = open_reading()
    nights = reading.nights(datetime.now(UTC) - timedelta(days=NIGHTS), _verdict(verdict))
    return nights_page(nights, verdict, NIGHTS, root_of(request), reading.report_links())


@router.get("/quality/{dataset}", response_class=HTMLResponse)
def show_quality(
    request: Request,
    dataset: str,
    verdict: str | None = None,
    check: str | None = None,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> str:
    """Answer with the checks of a dataset over time; one of them, and sessions of one verdict, if they are named."""
    reading = open_reading()
    if dataset not in reading.specs:
        raise HTTPException(404, "There is no such dataset.")
    found, more = reading.audits(dataset, _verdict(verdict), skip)
    chosen = {name: value for name, value in (("verdict", verdict), ("check", check)) if value is not None}
    older = skip + MOST_SESSIONS if more else None
    newest = reading.newest_audit(dataset)
    return dataset_page(reading.specs[dataset], found, newest, chosen, older, root_of(request), reading.report_links())


def _verdict(word: str | None) -> str | None:
    if word not in (None, *VERDICTS):
        raise HTTPException(404, "There is no such verdict.")
    return word


@router.get("/runbooks", response_class=HTMLResponse)
def list_runbooks(request: Request) -> str:
    """Answer with the list of the runbooks."""
    return _runbook(request, None)


@router.get("/runbooks/{name}", response_class=HTMLResponse)
def show_runbook(request: Request, name: str) -> str:
    """Answer with a runbook."""
    return _runbook(request, name)


def _runbook(request: Request, name: str | None) -> str:
    """Return the page of a runbook. It needs no lake, so that a home whose lake cannot be opened has runbooks."""
    shown = runbook_page(name, root_of(request), existing_reports(load_settings()))
    if shown is None:
        raise HTTPException(404, "There is no such runbook.")
    return shown


@router.get("/reports/{name:path}")
def show_report(request: Request, name: str) -> Response:
    """Answer with a file of the folder `reports`; a page with our navigation on top."""
    settings = load_settings()
    found = reports.find_report(settings.reports, name)
    if found is None:
        raise HTTPException(404, "There is no such report.")
    text = found.read_text(encoding="utf-8")
    if found.suffix == ".html":
        text = reports.with_navigation(text, name, root_of(request), existing_reports(settings))
    kind = reports.MEDIA_TYPES[found.suffix]
    return Response(text, media_type=kind, headers={"Content-Security-Policy": REPORT_POLICY})


@router.get("/style.css")
def style() -> Response:
    """Answer with the style sheet of our pages: that of the audits, and what these pages add."""
    here = Path(__file__).parent
    sheets = (here.parents[1] / "audit" / "style.css", here / "style.css")
    return Response("\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets), media_type="text/css")


@router.api_route("/{rest:path}", methods=METHODS, include_in_schema=False)
def unknown(rest: str) -> None:
    """Answer 404 to every other request, after the login was checked."""
    raise HTTPException(404, "There is no such page.")


def own_address(request: Request) -> str:
    """Return a remark with the page's own address. In Airflow's frame, which no link can leave, people need it."""
    address = str(request.url.replace(query="", fragment=""))
    remark = "In Airflow's frame, links to Airflow open inside the frame. This page stands alone at"
    return f'<p id="address"><small>{remark} {escape(address)}</small></p>'


def root_of(request: Request) -> str:
    """Return the path of the pages as the browser sees it, with `/` at its end."""
    return f"{request.scope.get('root_path', '')}/"


def airflow_of(request: Request) -> str:
    """Return the path of Airflow as the browser sees it, with `/` at its end."""
    return root_of(request).removesuffix(f"{PREFIX[1:]}/")


async def explain(request: Request, error: Exception) -> Response:
    """Answer with the message of one of our errors, for example if there is no lake yet."""
    text = f"<header><h1>No status</h1></header><pre>{escape(f'{type(error).__name__}: {error}')}</pre>"
    return HTMLResponse(html.page("Tidemark", text, root_of(request)), status_code=503)


async def harden(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Add the headers that keep pages from running scripts, from being framed by others, and from being stored."""
    answer = await call_next(request)
    answer.headers.setdefault("Content-Security-Policy", html.POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer
