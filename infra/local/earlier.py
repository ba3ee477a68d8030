"""Services that an earlier version of Tidemark started: it kept a file for each and had no supervisor."""

from __future__ import annotations

from infra.local.processes import Leader, end, members_of, recall_leader
from infra.local.programs import AIRFLOW
from tidemark.settings import Settings


def earlier_services(settings: Settings) -> list[str]:
    """Return the names of the services that are running."""
    return [name for name in AIRFLOW if _lives(recall_leader(settings.run / f"{name}.json"))]


def stop_earlier(settings: Settings) -> list[str]:
    """Stop these services with all their processes, and return the names of those that were running."""
    names = earlier_services(settings)
    for name in names:
        file = settings.run / f"{name}.json"
        _stop(recall_leader(file))
        file.unlink(missing_ok=True)
    return names


def _stop(leader: Leader | None) -> None:
    if leader is not None and leader.lives:
        end(lambda: members_of(leader))


def _lives(leader: Leader | None) -> bool:
    return leader is not None and leader.lives
