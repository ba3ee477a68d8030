"""Upgrade stored plans of version 0.1, which had one field for each kind of session, to today's form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_SNAPSHOTS = {"from": "from_snapshot", "to": "to_snapshot", "read": "read_snapshot"}
_BEGINNING, _END = "1900-01-01T00:00Z", "2200-01-01T00:00Z"


def upgrade(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a stored plan in today's form; a plan that already has it is returned unchanged.

    If a plan of 0.1 appends rows, it does not say whether it reads only added rows or whole inputs. Such a plan loses
    its fingerprint, so that an unfinished session is planned again instead of guessing.
    """
    if "effect" in raw:
        return raw
    appends_rows = raw["how"] == "append" and not raw.get("files")
    return {
        **raw,
        "fingerprint": "" if appends_rows else raw["fingerprint"],
        "cause": _cause(raw),
        "effect": _effect(raw),
        "inputs": {name: _rename_snapshots(i) for name, i in raw.get("inputs", {}).items()},
        "previous": _watermark(raw.get("previous")),
    }


def _rename_snapshots(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {_SNAPSHOTS.get(key, key): value for key, value in raw.items()}


def _watermark(text: str | None) -> Any:
    return json.loads(text) if text else None


def _cause(raw: Mapping[str, Any]) -> dict[str, Any]:
    request, reason = raw.get("request"), raw.get("reason", "")
    if request is not None:
        asked = {"range": [request["start"], request["end"]], "request_id": request["request_id"]}
        return {"kind": "restatement", **asked, "reason": request["reason"]}
    if raw.get("resync"):
        return {"kind": "resync", "reason": reason}
    if raw.get("sets"):
        return {"kind": "adoption", "watermark": _watermark(raw["sets"]), "reason": reason}
    if reason:
        return {"kind": "declaration", "through": raw["complete_through"], "reason": reason}
    return {"kind": "news"}


def _effect(raw: Mapping[str, Any]) -> dict[str, Any]:
    if raw["how"] == "append":
        if not raw.get("files"):
            return {"kind": "append_rows"}
        by_rows = raw.get("completeness") == "data"
        history = raw.get("history", False)
        return {"kind": "append_files", "files": raw["files"], "history": history, "complete_by_rows": by_rows}
    if raw["how"] == "overwrite":
        return _replacement(raw.get("ranges", []), bool(raw.get("resync")))
    return {"kind": raw["how"]}


def _replacement(ranges: list[list[str]], resync: bool) -> dict[str, Any]:
    """Return the effect of an overwrite.

    A resync also removed the rows after its ranges. If its ranges began at the beginning of time, it replaced all rows.
    """
    if resync and (not ranges or ranges[0][0] == _BEGINNING):
        return {"kind": "replace_all", "ranges": ranges}
    if resync and ranges[-1][1] != _END:
        return {"kind": "replace_ranges", "ranges": ranges, "cleared": [*ranges[:-1], [ranges[-1][0], _END]]}
    return {"kind": "replace_ranges", "ranges": ranges, "cleared": ranges}
