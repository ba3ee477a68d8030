"""A session's plan as frozen data: printable, comparable, and stored as JSON in `ops.sessions`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from tidemark.state.codec import as_is, given, read_instant, read_ranges, write_instant, write_ranges
from tidemark.state.ranges import BEGINNING, END, Interval, Ranges, format_instant, from_on, parse_instant, union
from tidemark.state.watermark import Border, FileRef, How, Position, Request, Watermark, read_borders, write_borders


@dataclass(frozen=True)
class InputPlan:
    """One input of a plan: which snapshots are new, and what is read.

    `from_snapshot` is exclusive (None: a first, full read), `to_snapshot` inclusive. `read_snapshot` is the
    snapshot whose rows are read, `reads` the event times (None: all). `position` is what the watermark will
    say of this input. `changes` is a line for people.
    """

    dataset: str
    uuid: str
    from_snapshot: int | None
    to_snapshot: int
    read_snapshot: int
    complete_through: datetime | None
    final_through: datetime | None
    reads: Ranges | None
    changes: str
    held_from: datetime | None = None

    @property
    def position(self) -> Position:
        """Where the watermark stands on this input once the plan is published."""
        return Position(self.uuid, self.to_snapshot, self.complete_through, self.held_from)


@dataclass(frozen=True)
class Plan:
    """Everything a session will do, fixed before anything is written.

    `session` is derived from the content (not from the clock). `ranges` are the target's event times to
    rebuild (empty for an append of added rows); `base_snapshot` is the target's main it is built upon;
    `previous` the watermark it starts from; `completeness` what the target's completeness follows: its
    `inputs`, the `clock`, or the `data` that was handed in (known only once it is staged). `logic` is what the
    rows follow from; `takes_up_logic` says that the table is built by it from this session on. `sets` is
    a watermark taken up as it stands; `reason` says why, where a person moves it by command or resyncs. `notes` are
    sentences for people and take no part in the id.
    """

    dataset: str
    table_uuid: str
    how: How
    base_snapshot: int
    schema_id: int
    fingerprint: str
    logic: str
    clock: datetime
    inputs: Mapping[str, InputPlan] = field(default_factory=dict)
    ranges: Ranges = ()
    owed: Ranges = ()
    overdue: Ranges = ()
    held_back: Ranges = ()
    complete_through: datetime | None = None
    final_through: datetime | None = None
    previous: Watermark | None = None
    files: tuple[FileRef, ...] = ()
    history: bool = False
    completeness: str = "inputs"
    request: Request | None = None
    resync: bool = False
    takes_up_logic: bool = False
    borders: tuple[Border, ...] = ()
    sets: Watermark | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    session: str = ""

    @property
    def writes(self) -> bool:
        """Whether the session stages rows."""
        return self.how in (How.append, How.overwrite)

    @property
    def replaces_all(self) -> bool:
        """Whether every row of the target is replaced, those outside any range included."""
        return self.resync and (not self.ranges or self.ranges[0].start == BEGINNING)

    @property
    def replaced(self) -> Ranges:
        """The event times whose rows are replaced: of a resync also those after its ranges, where it builds none."""
        if not self.resync or not self.ranges or self.ranges[-1].end == END:
            return self.ranges
        return union(self.ranges, from_on(self.ranges[-1].end))

    def watermark(self, snapshot: int) -> Watermark:
        """The watermark that publishing `snapshot` for this plan sets."""
        if self.sets is not None:
            return replace(self.sets, session=self.session, snapshot=snapshot)
        return Watermark(
            session=self.session,
            snapshot=snapshot,
            complete_through=self.complete_through,
            final_through=self.final_through,
            inputs=self._positions,
            owed=self.owed,
            overdue=self.overdue,
            logic=self._built_by,
            borders=self.borders,
        )

    @property
    def _positions(self) -> Mapping[str, Position]:
        """Where the watermark will stand on the inputs: a request leaves it in its place."""
        if self.request is None or self.previous is None:
            return {name: i.position for name, i in self.inputs.items()}
        return {name: self._with_read(name, position) for name, position in self.previous.inputs.items()}

    def _with_read(self, name: str, position: Position) -> Position:
        """A position that stays, with what this session reads ahead of it; its own rows are no input's."""
        read = self.inputs.get(name)
        if read is None or read.dataset == self.dataset or read.read_snapshot == position.snapshot:
            return position
        return replace(position, read_ahead=read.read_snapshot)

    @property
    def _built_by(self) -> str:
        """The logic that built the table, or is owed to it: a session that rebuilds a part does not change it."""
        if self.previous is None or self.takes_up_logic:
            return self.logic
        return self.previous.logic

    def to_json(self) -> str:
        """The whole plan; `from_json` gives an equal one."""
        return json.dumps(plan_to_dict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Plan:
        """Read what `to_json` wrote, in this version or one before."""
        return Plan(**given(json.loads(text), _PLAN))


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values."""
    return {
        "dataset": plan.dataset,
        "table_uuid": plan.table_uuid,
        "how": plan.how.value,
        "base_snapshot": plan.base_snapshot,
        "schema_id": plan.schema_id,
        "fingerprint": plan.fingerprint,
        "logic": plan.logic,
        "clock": write_instant(plan.clock),
        "inputs": {name: _input_to_dict(i) for name, i in plan.inputs.items()},
        "ranges": write_ranges(plan.ranges),
        "owed": write_ranges(plan.owed),
        "overdue": write_ranges(plan.overdue),
        "held_back": write_ranges(plan.held_back),
        "complete_through": write_instant(plan.complete_through),
        "final_through": write_instant(plan.final_through),
        "previous": plan.previous.to_json() if plan.previous else None,
        "files": [[f.path, f.size, f.sha256, write_instant(f.written_at)] for f in plan.files],
        "history": plan.history,
        "completeness": plan.completeness,
        "request": _request_to_dict(plan.request),
        "resync": plan.resync,
        "takes_up_logic": plan.takes_up_logic,
        "borders": write_borders(plan.borders),
        "sets": plan.sets.to_json() if plan.sets else None,
        "reason": plan.reason,
        "notes": list(plan.notes),
        "session": plan.session,
    }


def _input_to_dict(i: InputPlan) -> dict[str, Any]:
    return {
        "dataset": i.dataset,
        "uuid": i.uuid,
        "from": i.from_snapshot,
        "to": i.to_snapshot,
        "read": i.read_snapshot,
        "complete_through": write_instant(i.complete_through),
        "final_through": write_instant(i.final_through),
        "reads": None if i.reads is None else write_ranges(i.reads),
        "changes": i.changes,
        "held_from": write_instant(i.held_from),
    }


def _read_inputs(raw: Mapping[str, Any]) -> dict[str, InputPlan]:
    return {name: _input_from_dict(i) for name, i in raw.items()}


def _input_from_dict(raw: Mapping[str, Any]) -> InputPlan:
    snapshots = {"from_snapshot": raw["from"], "to_snapshot": raw["to"], "read_snapshot": raw["read"]}
    return InputPlan(**snapshots, **given(raw, _INPUT))


def _read_watermark(raw: str | None) -> Watermark | None:
    return Watermark.from_json(raw) if raw else None


def _read_reads(raw: list[list[str]] | None) -> Ranges | None:
    return None if raw is None else read_ranges(raw)


def _read_files(raw: list[list[Any]]) -> tuple[FileRef, ...]:
    return tuple(_read_file(*file) for file in raw)


def _read_file(path: str, size: int, sha256: str, written_at: str | None = None) -> FileRef:
    return FileRef(path, size, sha256, read_instant(written_at))


def _request_to_dict(request: Request | None) -> dict[str, str] | None:
    if request is None:
        return None
    return {
        "start": format_instant(request.range.start),
        "end": format_instant(request.range.end),
        "request_id": request.request_id,
        "reason": request.reason,
    }


def _request_from_dict(raw: Mapping[str, str] | None) -> Request | None:
    if raw is None:
        return None
    interval = Interval(parse_instant(raw["start"]), parse_instant(raw["end"]))
    return Request(interval, raw["request_id"], raw["reason"])


_INPUT: Final[Mapping[str, Callable[[Any], Any]]] = {
    "dataset": as_is,
    "uuid": as_is,
    "complete_through": read_instant,
    "final_through": read_instant,
    "reads": _read_reads,
    "changes": as_is,
    "held_from": read_instant,
}

_PLAN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "dataset": as_is,
    "table_uuid": as_is,
    "how": How,
    "base_snapshot": as_is,
    "schema_id": as_is,
    "fingerprint": as_is,
    "logic": as_is,
    "clock": parse_instant,
    "inputs": _read_inputs,
    "ranges": read_ranges,
    "owed": read_ranges,
    "overdue": read_ranges,
    "held_back": read_ranges,
    "complete_through": read_instant,
    "final_through": read_instant,
    "previous": _read_watermark,
    "files": _read_files,
    "history": as_is,
    "completeness": as_is,
    "request": _request_from_dict,
    "resync": as_is,
    "takes_up_logic": as_is,
    "borders": read_borders,
    "sets": _read_watermark,
    "reason": as_is,
    "notes": tuple,
    "session": as_is,
}
