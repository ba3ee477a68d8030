"""What a person may give to a run, as the form in the Airflow UI shows it. The loop checks it once more."""

from __future__ import annotations

from airflow.sdk import Param

from tidemark.settings.run_parameters import REASON_LENGTH

_INSTANT = "an instant in UTC, like 2026-04-12 (its 00:00 in UTC) or 2026-04-12T07:00Z"


def _optional(title: str, description: str, longest: int = 40) -> Param:
    return Param(None, type=["null", "string"], maxLength=longest, title=title, description=description)


RANGE_PARAMS = {
    "from": _optional("From", f"Rebuild what lies from here on: {_INSTANT}. Empty: take in what is new"),
    "to": _optional("To", f"Up to here, exclusive: {_INSTANT}"),
    "reason": _optional("Reason", "Why the range is rebuilt; kept on record", REASON_LENGTH),
}
"""For DAGs whose tables have ranges: a run with `from` and `to` is a restatement."""

LANDING_PARAMS = {
    "clock": _optional("Clock", f"The instant that this landing stands at: {_INSTANT}. Empty: when it was started"),
}
"""For landing: what arrives is dated by the clock. One ahead of now is refused where sources complete by the clock."""
