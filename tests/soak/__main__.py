"""`python -m tests.soak [SEED=1] [KILLS=200] [SCHEDULE=file] [FOLDER=folder]`, or the same as environment variables."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.soak.decisions import decide
from tests.soak.eras import SoakFailed, soak
from tests.soak.schedule import Schedule
from tidemark.engine.session import ensure_server, stop_server
from tidemark.settings import Settings

DEFAULTS = {"SEED": "1", "KILLS": "200", "SCHEDULE": "", "FOLDER": ""}


def main(arguments: Sequence[str]) -> int:
    """Return 0 if the lake was right after every round, 1 if it was not, and 2 for wrong arguments."""
    given = dict(argument.partition("=")[::2] for argument in arguments)
    wrong = [name for name in given if name not in DEFAULTS]
    if wrong:
        print(f"soak: {wrong[0][:60]!r} is not known; the arguments are {', '.join(DEFAULTS)}", file=sys.stderr)
        return 2
    chosen = {name: given.get(name) or os.environ.get(name) or default for name, default in DEFAULTS.items()}
    schedule = _schedule(chosen)
    folder = Path(chosen["FOLDER"] or tempfile.mkdtemp(prefix="tidemark-soak-"))
    return _run(schedule, folder)


def _schedule(chosen: dict[str, str]) -> Schedule:
    if chosen["SCHEDULE"]:
        return Schedule.from_json(Path(chosen["SCHEDULE"]).read_text(encoding="utf-8"))
    return decide(int(chosen["SEED"]), int(chosen["KILLS"]))


def _run(schedule: Schedule, folder: Path) -> int:
    server = Settings(home=folder / "server", schemas=folder, spark_remote=os.environ.get("TIDEMARK_SPARK_REMOTE"))
    print(f"soak: seed {schedule.seed}, {schedule.kills} kills; the schedule and the lakes are in {folder}", flush=True)
    try:
        figures = soak(schedule, folder, ensure_server(server), say=lambda text: print(text, flush=True))
    except SoakFailed as failed:
        print(f"soak: {failed}\nagain: make soak SCHEDULE={folder / 'schedule.json'}", file=sys.stderr)
        return 1
    finally:
        stop_server(server)
    print(figures.describe())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
