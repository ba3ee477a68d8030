"""Run the named benches, or all of them, and print the figures of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

from bench import fixed, history, housekeeping, idle, incremental, init, lookback, ranking, wap
from bench.command import WrongArguments, read_command, written
from bench.figures import Figures
from bench.lake import Place, open_place

BENCHES: dict[str, ModuleType] = {
    "idle": idle,
    "fixed": fixed,
    "wap": wap,
    "init": init,
    "incremental": incremental,
    "lookback": lookback,
    "housekeeping": housekeeping,
    "history": history,
    "ranking": ranking,
}


def main(arguments: Sequence[str]) -> int:
    """Return 0 if all benches ran, and 2 for wrong arguments, with a message on stderr."""
    try:
        chosen = read_command(arguments, {name: module.Sizes() for name, module in BENCHES.items()})
    except WrongArguments as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    with open_place() as place:
        for name, sizes in chosen.items():
            print(f"\n{run_bench(place, name, sizes)}", flush=True)
    return 0


def run_bench(place: Place, name: str, sizes: object) -> Figures:
    """Run one bench and return its figures."""
    bench = BENCHES[name]
    title = (bench.__doc__ or name).splitlines()[0]
    figures = Figures(f"{name}: {title}", f"python -m bench {name} {written(sizes)}")
    bench.run(place, sizes, figures)
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
