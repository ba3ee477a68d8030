"""The rows that a lake's tables should hold, followed plan by plan, and compared with the tables after each event."""

from __future__ import annotations

from pyiceberg.table.snapshots import Snapshot

from tests.accounts.world import Accounts, Event, hour
from tests.histories.engines import ENGINES
from tests.histories.feeds import Feeds
from tests.histories.oracle import Rows, as_rows
from tests.histories.tables import (
    AROUND,
    DAYS,
    FACTS,
    FEEDS,
    STATES,
    TARGETS,
    Setup,
    cell_of,
    expected_rows,
    outside,
    unit_of,
    with_histories_specs,
)
from tidemark.catalog import ops
from tidemark.catalog.manifests import ancestors
from tidemark.catalog.properties import SESSION, audited_snapshot, property_of
from tidemark.lineage.history import keeps_content
from tidemark.lineage.publish_commit import watermark_of
from tidemark.state.cause import Adoption, Restatement, Resync
from tidemark.state.plan import Plan
from tidemark.state.ranges import Unit, before, from_on, intersect, round_out, union
from tidemark.state.watermark import Watermark


class Model:
    """One lake, and the rows that its tables should hold."""

    def __init__(self, accounts: Accounts, setup: Setup | None = None) -> None:
        self.accounts = accounts
        self.setup = setup = setup or Setup()
        with_histories_specs(accounts, setup)
        self.engine = ENGINES[setup.engine](accounts)
        self.feeds = Feeds(accounts, self.engine)
        self.version = dict.fromkeys(TARGETS, 1)
        self.built_version: dict[str, int] = {}
        self.expected: dict[str, Rows] = {target: Rows() for target in TARGETS}
        self.at_snapshot: dict[int, tuple[Rows, int]] = {}
        self.mark: dict[str, Watermark | None] = dict.fromkeys(TARGETS)
        self.head: dict[str, int] = {target: accounts.head(target) for target in TARGETS}
        self.furthest = dict.fromkeys(TARGETS, 0)
        self.answered: dict[tuple[str, str], str] = {}
        self.undone: set[tuple[str, str]] = set()
        self.foreign: set[int] = set()

    def _observe(self, dataset: str) -> None:
        """Follow what an event did to a table: take the expected rows from its plan, and compare them."""
        table = self.accounts.table(dataset)
        new, old = watermark_of(table), self.mark[dataset]
        self.head[dataset] = self.accounts.head(dataset)
        if new is not None and (old is None or new.session != old.session):
            plan = self._plan_of(new.session)
            self._follow(dataset, plan, new)
            self.mark[dataset] = new
            if not isinstance(plan.cause, Adoption):
                self._check_completeness(dataset, new)
                self._check_forward(plan, old or new, new)
        assert self.mark[dataset] == new, "the watermark changed without a session"
        self._remember(dataset)
        self._compare(dataset)

    def _plan_of(self, name: str) -> Plan:
        stored = ops.rows(self.accounts.context.lake, "ops.sessions", ops.of_session(name), ("plan",))
        assert len(stored) == 1, f"session {name} is {len(stored)} times in ops.sessions"
        return Plan.from_json(stored[0]["plan"])

    def _follow(self, dataset: str, plan: Plan, new: Watermark) -> None:
        if isinstance(plan.cause, Adoption):
            self.expected[dataset], self.built_version[dataset] = self.at_snapshot[plan.base_snapshot]
            return
        contents = {name: self._content(i.dataset, i.read_snapshot) for name, i in plan.inputs.items()}
        if not isinstance(plan.cause, Restatement):
            version = self.version[dataset]
            self.built_version[dataset] = version
            self.expected[dataset] = expected_rows(dataset, contents, new.complete_through, version)
            return
        self.answered[dataset, plan.cause.request_id] = plan.session
        self.undone.discard((dataset, plan.cause.request_id))
        unit: Unit = "day" if dataset == DAYS else "hour"
        asked = intersect(round_out((plan.cause.range,), unit), before(new.complete_through))
        assert plan.ranges == asked, f"asked for {asked}, rebuilt {plan.ranges}"
        fresh = expected_rows(dataset, contents, new.complete_through, self.version[dataset])
        rest = union(*(from_on(asked[-1].end), before(asked[0].start)))
        self.expected[dataset] = outside(dataset, self.expected[dataset], asked) + outside(dataset, fresh, rest)

    def _content(self, dataset: str, snapshot: int) -> tuple[Event, ...]:
        if dataset in FEEDS:
            return self.feeds.at_snapshot.get(snapshot, ())
        rows, _ = self.at_snapshot.get(snapshot, (Rows(), 0))
        return tuple(Event(row[1], row[0], (row[2] - hour(0)).total_seconds() / 3600) for _, row in rows.elements())

    def _check_forward(self, plan: Plan, old: Watermark, new: Watermark) -> None:
        """Check that completeness does not go back, except in a resync after an input was rolled back."""
        known = [i.complete_through for i in plan.inputs.values() if i.complete_through]
        if (
            isinstance(plan.cause, Resync)
            and old.complete_through
            and min(known, default=old.complete_through) < old.complete_through
        ):
            return
        assert old.complete_through is None or (new.complete_through and new.complete_through >= old.complete_through)
        assert old.final_through is None or (new.final_through and new.final_through >= old.final_through)

    def _check_completeness(self, dataset: str, mark: Watermark) -> None:
        through = cell_of(mark.complete_through) if mark.complete_through else 0
        self.furthest[dataset] = max(self.furthest[dataset], through)
        assert through <= max(self.limit(dataset), 0), f"complete through {through}, inputs allow {self.limit(dataset)}"

    def limit(self, dataset: str) -> int:
        """Return the hour up to which the inputs have ever allowed the target to be complete."""
        if dataset == DAYS:
            return self.feeds.complete[FEEDS[0]] // 24 * 24 + 24
        if dataset == STATES:
            return min(self.feeds.complete.values())
        if dataset == AROUND and self.setup.around_reads == FACTS:
            return self.furthest[FACTS]
        return self.feeds.complete[FEEDS[0]]

    def _remember(self, dataset: str) -> None:
        self.at_snapshot[self.head[dataset]] = (self.expected[dataset], self.built_version.get(dataset, 0))

    def _compare(self, dataset: str) -> None:
        mark = self.mark[dataset]
        excepted = union(mark.owed, mark.overdue) if mark else ()
        spec = self.accounts.context.specs[dataset]
        assert spec.event_time is not None
        found = as_rows(self.accounts.table(dataset).scan().to_arrow().to_pylist(), spec.event_time)
        wanted = outside(dataset, self.expected[dataset], excepted)
        there = outside(dataset, found, excepted)
        missing, extra = wanted - there, there - wanted
        assert not missing and not extra, f"{dataset}: missing {list(missing)[:5]}, not expected {list(extra)[:5]}"
        if dataset != FACTS and mark and mark.complete_through:
            beyond = [row for row in found if row[0] >= cell_of(mark.complete_through)]
            assert not beyond, f"{dataset}: rows beyond {mark.complete_through}: {beyond[:5]}"

    def _position_is_lost(self, dataset: str) -> bool:
        mark = self.mark[dataset]
        assert mark is not None
        windows = self.accounts.context.specs[dataset].inputs
        return any(
            all(s.snapshot_id != position.snapshot for s in self._line(windows[name].dataset))
            for name, position in mark.inputs.items()
        )

    def _line(self, dataset: str) -> list[Snapshot]:
        table = self.accounts.table(dataset)
        head = table.current_snapshot()
        return list(ancestors(table, head)) if head else []

    def check_untouched(self) -> None:
        """Check that no table's main or watermark changed except by the events of the history."""
        for dataset in TARGETS:
            table = self.accounts.context.lake.table(dataset)
            assert table.metadata.current_snapshot_id == self.head[dataset], f"{dataset}: main moved by itself"
            assert watermark_of(table) == self.mark[dataset], f"{dataset}: the watermark moved by itself"

    def check_explained(self) -> None:
        """Check that `ops` explains every snapshot on main, except foreign ones: its session is closed and audited."""
        lake = self.accounts.context.lake
        sessions = {row["session"] for row in ops.rows(lake, "ops.sessions")}
        closed = [row["session"] for row in ops.rows(lake, "ops.high_watermarks")]
        audits = ops.rows(lake, "ops.audit_results")
        assert len(closed) == len(set(closed)), "a session was closed twice"
        for dataset in TARGETS:
            for snapshot in self._line(dataset):
                if keeps_content(snapshot) or snapshot.snapshot_id in self.foreign:
                    continue
                name = property_of(snapshot, SESSION)
                seen = [row for row in audits if row["snapshot_id"] == audited_snapshot(snapshot)]
                assert name in sessions, f"{dataset}: snapshot {snapshot.snapshot_id} is no session's"
                assert name in closed, f"{dataset}: session {name} was not closed"
                assert seen and all(row["passed"] or row["severity"] != "fail" for row in seen), "not audited"

    def _check_full(self, dataset: str) -> None:
        """Check that the table equals a clean rebuild from its inputs' heads, and is complete as far as they allow."""
        mark = self.mark[dataset]
        windows = self.accounts.context.specs[dataset].inputs
        if mark is None:
            return
        inputs = {name: self._content(w.dataset, self.accounts.head(w.dataset)) for name, w in windows.items()}
        wanted = expected_rows(dataset, inputs, mark.complete_through, self.version[dataset])
        there, wanted = (outside(dataset, rows, mark.overdue) for rows in (self.expected[dataset], wanted))
        assert there == wanted, f"{dataset}: not a rebuild: {list((there - wanted) + (wanted - there))[:5]}"
        self._check_completeness(dataset, mark)
        if mark.complete_through is not None:
            assert cell_of(mark.complete_through) == self.limit(dataset) // unit_of(dataset) * unit_of(dataset)
