"""`make setup`: the environment from the lock file, a Java, and the jars. Once: what is there stays.

Runs under any Python 3.11 or 3.12 with nothing installed: it and what it imports use the standard library.
"""

import hashlib
import sys
from pathlib import Path

from infra.local import checkout, environment, jars, java
from infra.local.setup_error import SetupError

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
KEPT = VENV / "share" / "tidemark"
"""Beside the environment: the jars, the Java that was chosen, the stamp."""


def main() -> int:
    """Set up what is missing; 1 with a sentence where it cannot be done."""
    why = checkout.why_unfit(CHECKOUT)
    if why is not None:
        print(f"setup: {why}", file=sys.stderr)
        return 1
    stamp, wanted = KEPT / "stamp", _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted and java.still_there(KEPT):
        return 0
    try:
        environment.install(CHECKOUT, VENV, KEPT)
        home = java.choose(VENV, KEPT)
        jars.fetch(CHECKOUT / "infra" / "local" / "jars.sha256", VENV, KEPT, home)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    stamp.write_text(wanted, encoding="utf-8")
    return 0


def _fingerprint() -> str:
    """What the environment is made from: lock files, jars, where it lies, and the code that makes it."""
    own = [Path(module.__file__ or "") for module in (environment, jars, java)]
    files = [
        CHECKOUT / "requirements.lock",
        *(CHECKOUT / "infra" / "local" / name for name in ("uv.lock", "jars.sha256", "bootstrap.py")),
        *own,
    ]
    digest = hashlib.sha256(str(VENV).encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
