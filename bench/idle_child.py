"""The child process of the bench `idle`: runs idle sessions of every dataset, and reports the imported packages."""

from __future__ import annotations

import json
import sys

from bench.figures import measure
from bench.lake import CLOCK, keep_quiet
from tidemark import session
from tidemark.settings import load_settings

HEAVY = ("py4j", "pyspark", "great_expectations")


def main(repeats: int) -> None:
    """Print one line of JSON: each dataset's seconds and effect, and the heavy packages that were imported."""
    context = session.open_context(load_settings(), CLOCK)
    names = session.dependency_order(dict(context.specs))
    did = {name: str(session.run(context, name, say=keep_quiet).plan.how) for name in names}
    seconds = {
        name: [measure(lambda name=name: session.run(context, name, say=keep_quiet)) for _ in range(repeats)]  # type: ignore[misc]
        for name in names
    }
    loaded = [name for name in HEAVY if name in sys.modules]
    print(json.dumps({"seconds": seconds, "did": did, "heavy": loaded, "looked_for": HEAVY}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
