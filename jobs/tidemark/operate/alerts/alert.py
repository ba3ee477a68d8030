"""One alert, and its text. Every channel sends the same facts in the same order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tidemark.support.text import printable

LONGEST_SUBJECT, LONGEST_LINE, MOST_LINES = 150, 500, 12
"""Limits of a message in characters and lines. An error says what happened in at most ten lines."""


class Kind(StrEnum):
    """What an alert is about, in the words that people read."""

    audit_failed = "audit failed"
    failed = "task failed"
    stuck = "session stuck"
    late = "freshness deadline missed"
    overdue = "data overdue"
    blocked = "input blocked"
    unread = "records refused"
    went_on = "went on without an input"
    refused = "promotion refused"
    died = "service died"
    down = "service down"
    test = "test"

    @property
    def is_event(self) -> bool:
        """Whether it happens at one moment, so that its end is never told."""
        return self in (Kind.refused, Kind.went_on, Kind.died, Kind.test)


RUNBOOKS: Final[dict[Kind, str]] = {
    Kind.audit_failed: "audit-failed",
    Kind.failed: "task-failed",
    Kind.stuck: "session-stuck",
    Kind.late: "deadline-missed",
    Kind.overdue: "overdue",
    Kind.blocked: "input-stalled",
    Kind.unread: "quarantined",
    Kind.went_on: "input-stalled",
    Kind.refused: "promotion-refused",
    Kind.died: "service-dies",
    Kind.down: "service-dies",
    Kind.test: "alerts",
}
"""The runbook of each kind: a page of `docs/runbooks`."""


@dataclass(frozen=True)
class Alert:
    """One message.

    `where` is a dataset, a task or a service. `what` may have several lines, and may contain values of rows, which are
    unescaped. `page` is a path below the root of the pages, such as `sessions?dataset=search.interactions`. `runbook`
    replaces the runbook of the kind. `over` is true if the message says that something ended that was told before.
    `rehearsal` is true if an operator tries how the message would look, and nothing has happened.
    """

    kind: Kind
    where: str
    what: str
    next_command: str
    page: str = ""
    runbook: str | None = None
    over: bool = False
    rehearsal: bool = False

    @property
    def subject(self) -> str:
        """One printable line, such as `audit failed: search.interactions`: the kind and the first part of the place."""
        state = ("rehearsal: " if self.rehearsal else "") + ("over: " if self.over else "")
        return printable(f"{state}{self.kind}: {self.where.partition(', ')[0]}")[:LONGEST_SUBJECT]

    @property
    def runbook_name(self) -> str:
        """The name of the runbook: a page of `docs/runbooks`, without its ending."""
        return self.runbook or RUNBOOKS[self.kind]

    @property
    def runbook_page(self) -> str:
        """The path of the runbook in the checkout."""
        return f"docs/runbooks/{self.runbook_name}.md"

    def facts(self, pages: str | None) -> dict[str, str]:
        """Return the facts by name, in their order. `pages` is the address of the pages; None if there is none.

        All values are printable; only `what` has several lines.
        """
        lines = [printable(line)[:LONGEST_LINE] for line in self.what.split("\n") if line.strip()]
        return {
            "where": printable(self.where)[:LONGEST_LINE],
            "what": "\n".join(lines[:MOST_LINES]),
            "next": printable(self.next_command)[:LONGEST_LINE],
            "page": f"{pages}{printable(self.page)}" if pages else "none: Airflow of this home does not run",
            "runbook": f"{self.runbook_page}, {pages}runbooks/{self.runbook_name}" if pages else self.runbook_page,
        }

    def text(self, pages: str | None) -> str:
        """Return the whole message as plain text."""
        facts = (f"{name:<9}{fact.replace(chr(10), chr(10) + ' ' * 9)}" for name, fact in self.facts(pages).items())
        return "\n".join((f"Tidemark, {self.subject}", *facts))


def trial_alert(sender: str) -> Alert:
    """Return the message by which an operator tries the channels."""
    return Alert(Kind.test, sender, "this is a test; nothing is wrong", ".venv/bin/tidemark status")
