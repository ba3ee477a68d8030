"""Visit every state of the model, breadth first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from tests.model.protocol import ARRIVALS, Plan, Runner, State, fault, moves


@dataclass(frozen=True)
class Explored:
    """The number of visited states, and the first fault with the path that leads to it, if there was one."""

    states: int
    fault: str | None = None
    path: tuple[State, ...] = ()


def explore(flaw: str = "") -> Explored:
    """Visit every reachable state, breadth first, so that a fault is found on the shortest path.

    It is also a fault if no further step is possible from a state, but not all arrivals were taken in.
    """
    seen: dict[State, State | None] = {State(): None}
    ahead = deque(seen)
    while ahead:
        state = ahead.popleft()
        found, last = None, True
        for after in moves(state, flaw):
            last = False
            found = fault(after, state)
            if found is not None:
                return Explored(len(seen), found, _path(seen, state, after))
            known = _forget(after)
            if known not in seen:
                seen[known] = state
                ahead.append(known)
        if last and state.watermark[1] != len(ARRIVALS):
            return Explored(len(seen), "something was never taken in", _path(seen, state, state))
    return Explored(len(seen))


def _path(seen: dict[State, State | None], state: State | None, last: State) -> tuple[State, ...]:
    path = [last]
    while state is not None:
        path.append(state)
        state = seen[state]
    return tuple(reversed(path))


def _forget(state: State) -> State:
    """The state without what nobody can reach any more, so that states which differ in that alone are one."""
    plans = [*state.late, *(runner.plan for runner in state.runners if runner.plan)]
    alive = {plan.session for plan in plans} | {state.watermark[0]}
    branches = [(name, at) for name, at in state.branches if name in alive]
    used = {state.main, *(runner.staged for runner in state.runners if runner.plan)}
    used |= {plan.base for plan in plans} | {at for _, at in branches}
    new = {old: number for number, old in enumerate(sorted(used))}

    def moved(plan: Plan) -> Plan:
        return replace(plan, base=new[plan.base])

    def settled(runner: Runner) -> Runner:
        return replace(runner, plan=moved(runner.plan), staged=new[runner.staged]) if runner.plan else Runner()

    kept = (replace(s, parent=new.get(s.parent, -1)) for n, s in enumerate(state.snapshots) if n in used)
    return replace(
        state,
        snapshots=tuple(kept),
        main=new[state.main],
        runners=tuple(sorted(map(settled, state.runners), key=repr)),
        branches=tuple((name, new[at]) for name, at in branches),
        closed=state.closed & alive,
        late=tuple(sorted(map(moved, state.late), key=repr)),
    )
