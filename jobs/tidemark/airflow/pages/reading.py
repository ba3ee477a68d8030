"""What the pages read: the specs, `ops`, table metadata, and which reports exist."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from tidemark.airflow.pages import html
from tidemark.airflow.pages.reports import find_report
from tidemark.catalog import Lake, ops
from tidemark.operate.accounts import read_account
from tidemark.operate.audit_history import MOST_SESSIONS, AuditedSession, read_history, read_sessions
from tidemark.operate.audit_nights import DatasetNight, read_nights
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.remarks import Headline, read_headlines
from tidemark.operate.service_deaths import ServiceDeath, read_deaths
from tidemark.operate.service_troubles import ServiceTrouble, present_troubles
from tidemark.operate.session_outcomes import Session, newest_sessions, read_plans, with_outcomes
from tidemark.operate.status import DatasetStatus, read_status
from tidemark.settings import Settings, load_settings
from tidemark.spec import DatasetSpec
from tidemark.spec.load import load_specs
from tidemark.state.account import Account
from tidemark.state.plan import Plan
from tidemark.state.watermark import Watermark
from tidemark.support.error_translation import translating_errors

OPEN_AT_MOST = 4
"""The most newest sessions of a dataset that are taken to have no audit yet."""


@dataclass(frozen=True)
class Reading:
    """The home as one request reads it."""

    settings: Settings
    specs: Mapping[str, DatasetSpec]
    lake: Lake

    def status(self, now: datetime) -> tuple[DatasetStatus, ...]:
        """Return the status of every dataset."""
        with self._translating():
            return read_status(self.lake, self.specs, now, self.settings.values)

    def headlines(self) -> tuple[Headline, ...]:
        """Return the cards of the domain."""
        with self._translating():
            return read_headlines(self.lake)

    def deaths(self, since: datetime) -> tuple[ServiceDeath, ...]:
        """Return which services died since an instant, newest first."""
        return read_deaths(self.settings.service_deaths, since)

    def troubles(self, now: datetime) -> tuple[ServiceTrouble, ...]:
        """Return the services that the host's watch found in trouble."""
        return present_troubles(self.settings.service_troubles, now)

    def sessions(self, dataset: str | None, most: int) -> list[Session]:
        """Return the latest sessions, newest first."""
        where = ops.of_dataset(dataset) if dataset is not None else None
        with self._translating():
            return with_outcomes(self.lake, newest_sessions(self.lake, where)[:most])

    def session(self, name: str) -> tuple[Session, Plan] | None:
        """Return a session with its plan; None if there is no such session."""
        with self._translating():
            found = with_outcomes(self.lake, newest_sessions(self.lake, ops.of_session(name)))
            return (found[0], read_plans(self.lake, (name,))[name]) if found else None

    def published(self, name: str) -> int | None:
        """Return the snapshot of its table that a session left on main; None if it is not closed."""
        with self._translating():
            rows = ops.rows(self.lake, "ops.high_watermarks", ops.of_session(name), ("current",))
            return Watermark.from_json(rows[0]["current"]).snapshot if rows else None

    def account(self, name: str) -> list[Account]:
        """Return what became of the records of a session, by file; empty if it has no account."""
        with self._translating():
            return read_account(self.lake, name)

    def audits(
        self, dataset: str, verdict: str | None, skip: int, most: int = MOST_SESSIONS
    ) -> tuple[tuple[AuditedSession, ...], bool]:
        """Return the latest audited sessions of a dataset, newest first, and whether there are older ones."""
        with self._translating():
            return read_history(self.lake, dataset, verdict, skip, most)

    def newest_audit(self, dataset: str) -> AuditedSession | None:
        """Return the newest audited session of a dataset. One that is in progress may not be audited yet."""
        return next(iter(self.audits(dataset, None, 0, OPEN_AT_MOST + 1)[0]), None)

    def nights(self, since: datetime, verdict: str | None) -> list[DatasetNight]:
        """Return the audits since an instant, by day and dataset."""
        with self._translating():
            return read_nights(self.lake, since, verdict)

    def audited(self, session: str) -> AuditedSession | None:
        """Return what the checks of a session found; None if it was not audited."""
        with self._translating():
            return read_sessions(self.lake, (session,)).get(session)

    def audit_page(self, session: Session) -> str | None:
        """Return the path of the page of a session's audit below the root of the pages; None if there is none."""
        name = f"data-docs/{session.dataset}/{session.session}/index.html"
        return f"reports/{name}" if find_report(self.settings.reports, name) else None

    def report_links(self) -> list[str]:
        """Return the paths of the reports that exist, of those that the navigation can name."""
        return existing_reports(self.settings)

    def _translating(self) -> AbstractContextManager[None]:
        return translating_errors(str(self.settings.lake))


def existing_reports(settings: Settings) -> list[str]:
    """Return the paths of the reports that exist, of those that the navigation can name."""
    return [path for path in html.report_links() if find_report(settings.reports, path.removeprefix("reports/"))]


def open_reading() -> Reading:
    """Open the home of the environment. Raises SettingsError if it has no lake."""
    settings = load_settings()
    return Reading(settings, load_specs(settings.schemas, settings.values), open_existing_lake(settings))
