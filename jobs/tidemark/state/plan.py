"""A session's plan as frozen data: printable, comparable, and stored as JSON in `ops.sessions`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tidemark.state import effect as effects
from tidemark.state.cause import NEWS, Adoption, Cause, News, Restatement, Resync
from tidemark.state.codec import decode, encode
from tidemark.state.earlier_plans import upgrade
from tidemark.state.effect import Effect, FileRef, How
from tidemark.state.ranges import Ranges
from tidemark.state.watermark import Border, Position, Watermark


@dataclass(frozen=True)
class InputPlan:
    """One input of a plan: which snapshots are new, and which rows are read.

    The new snapshots are those after `from_snapshot` (None: a first, full read) up to and including `to_snapshot`.
    With `added_only`, the session reads the rows that these snapshots added. Otherwise it reads the rows as of
    `read_snapshot` whose event times lie in `reads` (None: all rows). `changes` is a line for people.
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
    added_only: bool = False

    @property
    def position(self) -> Position:
        """The position on this input once the plan is published."""
        return Position(self.uuid, self.to_snapshot, self.complete_through, self.held_from)


@dataclass(frozen=True)
class Plan:
    """Everything that a session will do, fixed before anything is written.

    `cause` says why the session runs, `effect` what it does to the target. `session` is the id, derived from the
    content and not from the clock. `base_snapshot` is the snapshot of the target's main when the plan was made,
    `schema_id` its schema and `previous` its watermark at that time. `logic` is a hash of what the rows follow from
    (code, columns, windows, parameters), `fingerprint` a hash of that and of the rest of the spec.

    `complete_through`, `final_through`, `owed`, `overdue` and `borders` go into the watermark, which explains them.
    `held_back` are times that changed but lie after the instant through which all inputs are complete, for people
    only. `notes` are sentences for people and take no part in the session's id.
    """

    dataset: str
    table_uuid: str
    base_snapshot: int
    schema_id: int
    fingerprint: str
    logic: str
    clock: datetime
    effect: Effect
    cause: Cause = NEWS
    inputs: Mapping[str, InputPlan] = field(default_factory=dict)
    owed: Ranges = ()
    overdue: Ranges = ()
    held_back: Ranges = ()
    complete_through: datetime | None = None
    final_through: datetime | None = None
    previous: Watermark | None = None
    borders: tuple[Border, ...] = ()
    notes: tuple[str, ...] = ()
    session: str = ""

    @property
    def how(self) -> How:
        """The word for the effect in `ops`."""
        return effects.how(self.effect)

    @property
    def ranges(self) -> Ranges:
        """The event times that the session rebuilds; empty if the effect has none or is not limited by event time."""
        return effects.built_ranges(self.effect)

    @property
    def files(self) -> tuple[FileRef, ...]:
        """The files that the session lands."""
        return effects.files_of(self.effect)

    def watermark(self, snapshot: int) -> Watermark:
        """Return the watermark that the session sets when it publishes `snapshot`."""
        if isinstance(self.cause, Adoption):
            return replace(self.cause.watermark, session=self.session, snapshot=snapshot)
        return Watermark(
            session=self.session,
            snapshot=snapshot,
            complete_through=self.complete_through,
            final_through=self.final_through,
            inputs=self._positions,
            owed=self.owed,
            overdue=self.overdue,
            logic=self._target_logic,
            borders=self.borders,
        )

    @property
    def _positions(self) -> Mapping[str, Position]:
        """The positions on the inputs after the session. A restatement leaves them, but may add `read_ahead`."""
        if not isinstance(self.cause, Restatement) or self.previous is None:
            return {name: i.position for name, i in self.inputs.items()}
        return {name: self._with_read_ahead(name, position) for name, position in self.previous.inputs.items()}

    def _with_read_ahead(self, name: str, position: Position) -> Position:
        """Return the position, with the snapshot that this session read if it is newer than the position.

        If the dataset reads its own rows, that is not recorded.
        """
        read = self.inputs.get(name)
        if read is None or read.dataset == self.dataset or read.read_snapshot == position.snapshot:
            return position
        return replace(position, read_ahead=read.read_snapshot)

    @property
    def _target_logic(self) -> str:
        """The logic that built the table, apart from owed ranges and borders. Only news and a resync change it."""
        if self.previous is None or isinstance(self.cause, News | Resync):
            return self.logic
        return self.previous.logic

    def to_json(self) -> str:
        """Return the whole plan as JSON; `from_json` reads it back as an equal plan."""
        return json.dumps(encode(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Plan:
        """Read what `to_json` wrote, in this version or an earlier one."""
        raw: dict[str, Any] = json.loads(text)
        return decode(Plan, upgrade(raw))
