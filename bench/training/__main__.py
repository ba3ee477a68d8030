"""Measure builder and trainer beside a plain fit: python -m bench.training [rows=300000 features=200 rounds=50 ...]."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.command import WrongArguments, read_command, written
from bench.figures import machine
from bench.training.measured import Measured, measured
from bench.training.sizes import Sizes

LEAST_NOISE, ERRORS = 0.002, 3.0
SMALL, LARGE = 0.2, 0.25
"""Goals for the ratio of memory, up to and above half a million rows."""


def main(arguments: Sequence[str]) -> int:
    """Return 0 with the figures printed, 1 if the rankers are not equally good, and 2 for wrong arguments."""
    try:
        sizes: Sizes = read_command(["training", *arguments], {"training": Sizes()})["training"]
    except (WrongArguments, ValueError) as error:
        print(f"bench.training: {error}", file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="tidemark-training-") as folder:
        return _run(Path(folder), sizes)


def _run(folder: Path, sizes: Sizes) -> int:
    made = measured(["-m", "bench.training.made", str(folder), json.dumps(asdict(sizes))])
    budget = json.loads(made.output.splitlines()[-1])
    parts = {f"plain, {kind}": _plain(folder, kind, sizes) for kind in ("double", "float")}
    for work, name in (("build", "builder"), ("boost", "trainer")):
        parts[name] = measured(["-m", "ranking.training.separate", work, str(folder / "task")])
    models = [folder / "double.txt", folder / "float.txt", folder / "task" / "model.txt"]
    test = folder / "test-float" / "rows.parquet"
    judged = measured(["-m", "bench.training.judged", str(test), str(sizes.features), *map(str, models)])
    means, gained, errors = json.loads(judged.output.splitlines()[-1])
    quality = ", ".join(f"{mean:.4f}" for mean in means)
    if not are_equal(gained, errors):
        print(f"nDCG@10 of plain (double), plain (float) and ours differ beyond noise: {quality}", file=sys.stderr)
        return 1
    print(_table(sizes, parts, budget, f"nDCG@10 {quality} (difference {gained[-1]:+.4f}, se {errors[-1]:.4f})"))
    return 0


def are_equal(gained: Sequence[float], errors: Sequence[float]) -> bool:
    """Return whether all gains in nDCG@10 over the first ranker are noise. `errors` are their standard errors."""
    return all(abs(gain) <= max(LEAST_NOISE, ERRORS * error) for gain, error in zip(gained, errors, strict=True))


def _plain(folder: Path, kind: str, sizes: Sizes) -> Measured:
    rows, model = folder / f"train-{kind}" / "rows.parquet", folder / f"{kind}.txt"
    return measured(["-m", "bench.training.plain", str(rows), str(model), str(sizes.rounds)])


def _table(sizes: Sizes, parts: dict[str, Measured], budget: dict[str, int], quality: str) -> str:
    plain, float32 = parts["plain, double"], parts["plain, float"]
    ours = Measured(
        parts["builder"].seconds + parts["trainer"].seconds,
        max(parts["builder"].peak, parts["trainer"].peak),
        "",
    )
    goal = SMALL if sizes.rows <= 500_000 else LARGE
    lines = [f"training: {sizes.rows:,} rows x {sizes.features} features, {sizes.rounds} rounds; {quality}"]
    lines += [f"  {name:<14}  {each.peak >> 20:>6,} MB  {each.seconds:>7.1f} s" for name, each in parts.items()]
    for name, beside in (("double", plain), ("float", float32)):
        wanted = f"  (goals: {goal:.2f} x, 1.00 x)" if beside is plain else ""
        memory, seconds = ours.peak / beside.peak, ours.seconds / beside.seconds
        lines.append(f"  ours beside plain, {name}: {memory:.2f} x the memory, {seconds:.2f} x the time{wanted}")
    lines.append(
        f"  sample of {budget['sample']:,} rows, row groups of {budget['row_group']:,}; reckoned need "
        f"{budget['need'] >> 20:,} MB with the task's columns, of training_memory {sizes.memory:,} MB"
    )
    return "\n".join([*lines, f"  again: python -m bench.training {written(sizes)}   ({machine()})"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
