"""Checks against the Airflow of a home; used by `.ci/run` after `make run`.

python -m tests.hosted
"""

from __future__ import annotations

import sys

from infra.local.programs import POSTGRES
from infra.local.services import running_client
from tests.hosted import cleared, hostile, supervised
from tidemark.settings import load_settings


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    settings = load_settings()
    client = running_client(settings)
    if client is None:
        print("Airflow does not run; make run first")
        return 1
    found = [
        *cleared.problems(settings, client),
        *hostile.problems(settings, client),
        *supervised.problems(settings, client, (POSTGRES,), hours=3),
    ]
    print(
        "\n".join(found)
        or "cleared tasks double nothing, hostile requests are refused, and a killed database costs no hands"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
