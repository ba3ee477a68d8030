"""`make setup`: install the environment of the lock file, a Java, and the jars, unless they are installed.

It runs under any Python 3.11 or 3.12 without packages: this module and its imports use only the standard library.
"""

import hashlib
import sys
from pathlib import Path

from infra.local import checkout, environment, jars, java
from infra.local.setup_error import SetupError

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
SHARE = VENV / "share" / "tidemark"
"""Holds the jars, the path of the chosen Java, and the stamp of the last setup."""


def main() -> int:
    """Install what is missing and return 0. If that fails, print the reason and return 1."""
    why = checkout.why_unfit(CHECKOUT)
    if why is not None:
        print(f"setup: {why}", file=sys.stderr)
        return 1
    stamp, wanted = SHARE / "stamp", _fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted and java.is_java_present(SHARE):
        return 0
    try:
        environment.install(CHECKOUT, VENV, SHARE)
        home = java.choose(VENV, SHARE)
        jars.fetch(CHECKOUT / "infra" / "local" / "jars.sha256", VENV, SHARE, home)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    stamp.write_text(wanted, encoding="utf-8")
    return 0


def _fingerprint() -> str:
    """Return a hash of lock files, jars, the environment's path, entry points, and the code that installs it."""
    own = [Path(module.__file__ or "") for module in (environment, jars, java)]
    files = [
        CHECKOUT / "requirements.lock",
        *(CHECKOUT / "infra" / "local" / name for name in ("uv.lock", "jars.sha256", "bootstrap.py")),
        *own,
    ]
    digest = hashlib.sha256(f"{VENV}\n{environment.entry_points_text(CHECKOUT)}".encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
