"""Bin and boost in processes of their own, whose memory is small and is given back when they end.

    python -m ranking.training.separate build FOLDER
    python -m ranking.training.separate boost FOLDER

LightGBM imports pandas and scikit-learn if they are there, which costs four seconds and 100 MB. These processes need
neither, so the imports are blocked before LightGBM is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BUILD, BOOST = "build", "boost"
_UNUSED = ("pandas", "sklearn", "matplotlib", "dask")
_ROOT = Path(__file__).resolve().parents[2]
_KILLED = -9
_SHOWN = 2_000
"""Characters of a process's last words that an error shows."""


def run(what: str, folder: Path, say: Callable[[str], None]) -> None:
    """Bin or boost the task of a folder in a process of its own, and pass each line that it prints to `say`.

    Raises RuntimeError with the end of its stderr if it fails.
    """
    errors = folder / f"{what}.err"
    command = [sys.executable, "-m", "ranking.training.separate", what, str(folder)]
    known = os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), known]))}
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=stderr, encoding="utf-8", errors="replace"
        ) as process,
    ):
        for line in process.stdout or ():
            say(line.rstrip("\n"))
    if process.returncode == _KILLED:
        raise RuntimeError(
            f"the process that should {what} was killed, probably because memory ran out. Set training_memory in "
            "search.yaml to what the machine has left, then run the session again"
        )
    if process.returncode:
        told = errors.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]
        raise RuntimeError(f"the process that should {what} ended with {process.returncode}: {told}")


def main() -> int:
    """Do the work that the command line names, and print a line whenever a tenth of it is done."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    for name in _UNUSED:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of the name now fails as if it were not there
    from ranking.training.learner import builder, trainer

    work = {BUILD: builder.build, BOOST: trainer.boost}[what]
    work(folder, lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
