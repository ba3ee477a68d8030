"""Which ranker is served, and why: the only place that answers this.

The registry says what the gate promoted, the decisions say what people changed. Both are replayed in their order: a
decision follows the training run that was the newest when it was made. The result depends on nothing else, so the gate,
the scores, the reports and the commands agree.

A promotion by the gate counts only while no decision holds the champion. So a training run that did not know of a
decision yet cannot undo it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

PROMOTE, ROLLBACK, FREEZE, UNFREEZE = ACTIONS = ("promote", "rollback", "freeze", "unfreeze")
_DONE = {
    PROMOTE: "promoted by hand",
    ROLLBACK: "served again after a rollback",
    FREEZE: "frozen",
    UNFREEZE: "left to the gate",
}


@dataclass(frozen=True)
class Run:
    """A row of `rankers`: one training run. `sha256` is None if nothing could be trained."""

    version: int
    model_version: str
    promoted: bool
    verdict: str
    sha256: str | None


@dataclass(frozen=True)
class Decision:
    """A row of `ranker_decisions`. It applies after the training run number `after_version`, and before the next."""

    decision_id: str
    decided_at: datetime
    action: str
    model_version: str
    after_version: int
    reason: str
    decided_by: str

    def describe(self) -> str:
        """Return what was done, by whom, when and why, in one sentence."""
        at = self.decided_at.astimezone(UTC)
        return f"{_DONE[self.action]} by {self.decided_by} at {at:%Y-%m-%dT%H:%MZ}: {self.reason}"


def model_version_of(session: str) -> str:
    """Return the model version of the ranker that a session of `rankers` trains."""
    return f"r{session}"


def session_of(run: Run) -> str:
    """Return the session of `rankers` that trained a run."""
    return run.model_version.removeprefix("r")


RUN_COLUMNS = tuple(field.name for field in fields(Run))
"""The columns of `rankers` that are read. They leave out the artifacts, which are large."""
DECISION_COLUMNS = tuple(field.name for field in fields(Decision))
"""The columns of `ranker_decisions` that are read."""


@dataclass(frozen=True)
class Standing:
    """The state after all runs and decisions.

    `why` says how the champion became the champion; it is empty if there is none. `earlier` are the champions before
    it, the latest last. `held` is the decision that keeps the gate from replacing the champion, or None. `withdrawn`
    are the runs that were rolled back and not promoted by hand since. `ignored` says which promotions and decisions
    have no effect. `placed_by` is the run or the decision that made the champion the champion. It stays the same if a
    later run only brings the same artifact again.
    """

    champion: Run | None = None
    why: str = ""
    placed_by: Run | Decision | None = None
    earlier: tuple[Run, ...] = ()
    held: Decision | None = None
    withdrawn: tuple[Run, ...] = ()
    ignored: tuple[str, ...] = ()

    def explain(self) -> str:
        """Return why the champion is served, for those who read its scores."""
        if self.held is None or self.held.describe() == self.why:
            return self.why
        return f"{self.why.rstrip('.')}; {self.held.describe()}"


def read_standing(rows: Iterable[Mapping[str, Any]], decisions: Iterable[Mapping[str, Any]]) -> Standing:
    """Return the state from rows of `rankers` and rows of `ranker_decisions`, which may have more columns."""
    runs = (Run(**{name: row[name] for name in RUN_COLUMNS}) for row in rows)
    return find_champion(runs, (Decision(**{name: row[name] for name in DECISION_COLUMNS}) for row in decisions))


def find_champion(runs: Iterable[Run], decisions: Iterable[Decision]) -> Standing:
    """Replay training runs and decisions, in whatever order they are given, and return the resulting state."""
    known = {run.model_version: run for run in runs}
    first = {each.decision_id: each for each in sorted(decisions, key=_order, reverse=True)}
    steps: list[Run | Decision] = [*known.values(), *first.values()]
    standing = Standing()
    for step in sorted(steps, key=_place):
        standing = _run(standing, step) if isinstance(step, Run) else _decide(standing, step, known)
    return standing


def _order(decision: Decision) -> tuple[int, datetime, str]:
    return decision.after_version, decision.decided_at, decision.decision_id


def _place(step: Run | Decision) -> tuple[Any, ...]:
    if isinstance(step, Run):
        return step.version, 0
    return step.after_version, 1, step.decided_at, step.decision_id


def _run(standing: Standing, run: Run) -> Standing:
    """Apply the gate's verdict. A promoted run with the champion's artifact takes its place instead of following it."""
    if not run.promoted:
        return standing
    if standing.held is not None:
        return _ignore(standing, f"the promotion of {run.model_version}: {standing.held.describe()}")
    if standing.champion is not None and standing.champion.sha256 == run.sha256:
        return replace(standing, champion=run, why=run.verdict)
    return _serve(standing, run, run, run.verdict)


def _decide(standing: Standing, decision: Decision, known: Mapping[str, Run]) -> Standing:
    if decision.action == UNFREEZE:
        return replace(standing, held=None)
    if decision.action == FREEZE:
        return _freeze(standing, decision)
    run = known.get(decision.model_version)
    if run is None or run.sha256 is None or run.version > decision.after_version:
        what = "has no artifact" if run is not None and run.sha256 is None else "was not in the registry then"
        return _ignore(standing, f"decision {decision.decision_id}: {decision.model_version} {what}")
    act = _roll_back if decision.action == ROLLBACK else _promote
    return replace(act(standing, run, decision), held=decision)


def _freeze(standing: Standing, decision: Decision) -> Standing:
    if standing.champion is None:
        return _ignore(standing, f"decision {decision.decision_id}: there is no champion to freeze")
    return replace(standing, held=decision)


def _promote(standing: Standing, run: Run, decision: Decision) -> Standing:
    withdrawn = tuple(each for each in standing.withdrawn if each.sha256 != run.sha256)
    return replace(_serve(standing, run, decision, decision.describe()), withdrawn=withdrawn)


def _roll_back(standing: Standing, run: Run, decision: Decision) -> Standing:
    """Serve an earlier champion again. It and those before it keep their order, so rolling back twice goes further."""
    left = (standing.champion,) if standing.champion is not None and standing.champion != run else ()
    withdrawn = (*standing.withdrawn, *left)
    if run not in standing.earlier:
        return replace(_serve(standing, run, decision, decision.describe()), withdrawn=withdrawn)
    earlier = standing.earlier[: standing.earlier.index(run)]
    return replace(
        standing, champion=run, why=decision.describe(), placed_by=decision, earlier=earlier, withdrawn=withdrawn
    )


def _serve(standing: Standing, run: Run, step: Run | Decision, why: str) -> Standing:
    """Make a run the champion. The one before it becomes the latest of the earlier ones."""
    if standing.champion == run:
        return replace(standing, why=why)
    earlier = (*standing.earlier, standing.champion) if standing.champion is not None else standing.earlier
    return replace(standing, champion=run, why=why, placed_by=step, earlier=earlier)


def _ignore(standing: Standing, what: str) -> Standing:
    return replace(standing, ignored=(*standing.ignored, what))
