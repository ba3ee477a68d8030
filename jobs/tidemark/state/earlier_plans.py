"""Stored plans of version 0.1, which had one field for each kind of session, in the form of now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_SNAPSHOTS = {"from": "from_snapshot", "to": "to_snapshot", "read": "read_snapshot"}
_BEGINNING, _END = "1900-01-01T00:00Z", "2200-01-01T00:00Z"


def upgrade(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stored plan in the form of now; one that has it is returned as it is.

    A plan of 0.1 that appends does not say whether it reads added rows or whole inputs. It loses its fingerprint,
    so that an unfinished session of it is planned again instead of being read one way or the other.
    """
    if "effect" in raw:
        return raw
    effect, adds_rows = _effect(raw), raw["how"] == "append" and not raw.get("files")
    return {
        **raw,
        "fingerprint": "" if adds_rows else raw["fingerprint"],
        "cause": _cause(raw),
        "effect": effect,
        "inputs": {name: _renamed(i) for name, i in raw.get("inputs", {}).items()},
        "previous": _watermark(raw.get("previous")),
    }


def _renamed(raw: Mapping[str, Any]) -> dict[str, Any]:
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
    """A resync also cleared what lay after its ranges; one that began at the beginning replaced all rows."""
    if resync and (not ranges or ranges[0][0] == _BEGINNING):
        return {"kind": "replace_all", "ranges": ranges}
    if resync and ranges[-1][1] != _END:
        return {"kind": "replace_ranges", "ranges": ranges, "cleared": [*ranges[:-1], [ranges[-1][0], _END]]}
    return {"kind": "replace_ranges", "ranges": ranges, "cleared": ranges}
