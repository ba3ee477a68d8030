"""The browser of the checks: where it is, and how to get one.

python -m tests.hosted.chromium

Prints where the browser is. If there is none, installs Debian's (as root) or the one that Playwright fetches, and says
so. Returns 0 also without a browser: the check of the pages is then left out, and says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

VARIABLE = "CHROMIUM"
"""Names the browser's program, if it is none of PROGRAMS."""
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = (
    "as root on Debian or Ubuntu: apt-get install chromium fonts-dejavu-core; elsewhere: "
    f".venv/bin/python -m playwright install chromium; or name a program in {VARIABLE}"
)
_TIMEOUT = 600
"""Seconds that an installation may take."""


def find_browser() -> str | None:
    """Return the path of a Chromium; None if there is none."""
    named = os.environ.get(VARIABLE)
    found = (shutil.which(name) for name in ((named,) if named else PROGRAMS))
    return next((path for path in found if path), None) or _fetched()


def _fetched() -> str | None:
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return str(path) if path.exists() else None


def _installations() -> Iterator[list[list[str]]]:
    """Yield the commands of each way to install a browser that may work here."""
    if os.getuid() == 0 and shutil.which("apt-get"):
        packages = ["chromium", "fonts-dejavu-core"]
        yield [["apt-get", "update", "-qq"], ["apt-get", "install", "-yqq", "--no-install-recommends", *packages]]
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]


def install_browser() -> str | None:
    """Install a browser in the first way that works. Return its path, None if no way works."""
    for commands in _installations():
        if all(_run(command) for command in commands) and (found := find_browser()):
            return found
    return None


def _run(command: list[str]) -> bool:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}")
        return False
    if done.returncode:
        print(f"{' '.join(command[:3])}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.returncode == 0


def main() -> int:
    """Print which browser the checks use."""
    found = find_browser() or install_browser()
    print(f"the pages are opened in {found}" if found else f"no browser: the pages are not opened in one; {HOW}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
