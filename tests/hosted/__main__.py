"""Checks against the Airflow of a home; used by `.ci/run` after `make run`.

python -m tests.hosted
"""

from __future__ import annotations

import sys

from infra.local.programs import POSTGRES
from infra.local.services import running_client
from tests.hosted import browser, cleared, hostile, pages, restate, steer, supervised
from tidemark.settings import load_settings


def main() -> int:
    """Print the problems. Return 1 if there are any."""
    settings = load_settings()
    client = running_client(settings)
    if client is None:
        print("Airflow is not running; start it with make run")
        return 1
    found = [
        *cleared.problems(settings, client),
        *hostile.problems(settings, client),
        *pages.problems(settings, client),
        *browser.problems(settings, client),
        *restate.problems(settings, client),
        *steer.problems(settings, client),
        *supervised.problems(settings, client, (POSTGRES,), hours=3),
    ]
    print(
        "\n".join(found)
        or "cleared tasks duplicate nothing, hostile requests are refused, the pages need a login and fit every "
        "screen, forms do what they say, and a killed database recovers by itself"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
