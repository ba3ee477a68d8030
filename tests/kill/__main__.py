"""Run the kill matrix, or only the cases whose description contains all given words, and print the results."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.accounts.world import SCHEMAS
from tests.kill.cases import Case, Play, faults_of
from tests.kill.lakes import templates
from tests.kill.matrix import whole
from tests.kill.worlds import WORLDS
from tests.postgres import new_database, serving
from tidemark.engine.session import ensure_server, stop_server
from tidemark.settings import Settings


class Place:
    """Where cases run: a folder, a Spark server, and a Postgres that is started when it is first needed."""

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tidemark-kill-")))
        server = Settings(home=folder / "server", schemas=SCHEMAS)
        remote = os.environ.get("TIDEMARK_SPARK_REMOTE") or ensure_server(server)
        stack.callback(stop_server, server)
        self.template = templates(folder, remote, WORLDS)
        self._postgres = lru_cache(lambda: stack.enter_context(serving()))

    def play(self, case: Case) -> list[str]:
        """Run a case and return its faults."""
        uri = None if case.catalog == "sqlite" else new_database(self._postgres())
        try:
            return list(faults_of(case, Play(self.template(case.world), uri)))
        except Exception:
            return [traceback.format_exc(limit=-3)]


def main(words: Sequence[str]) -> int:
    """Return 0 if every case converged, and 1 otherwise."""
    cases = [case for case in whole() if all(word in str(case) for word in words)]
    results: Counter[str] = Counter()
    begun = time.monotonic()
    with ExitStack() as stack:
        place = Place(stack)
        for number, case in enumerate(cases, 1):
            since = time.monotonic()
            faults = place.play(case)
            results["fault" if faults else "ok"] += 1
            word = "FAULT" if faults else "ok   "
            print(f"{number:4}/{len(cases)} {word} {time.monotonic() - since:5.1f} s  {case}", flush=True)
            for fault in faults:
                print(f"        {fault}", flush=True)
    print(f"\n{len(cases)} cases in {time.monotonic() - begun:.0f} s: {results['ok']} ok, {results['fault']} faults")
    return 1 if results["fault"] or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
