"""The environment in `.venv`: exactly what the lock file names, each file checked against its hash."""

import os
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from infra.local.setup_error import SetupError

_COMMAND = """\
#!/bin/sh
# Not `#!PYTHON`: such a line ends at the first blank of a path.
exec {python} -P -m tidemark "$@"
"""


def install(checkout: Path, folder: Path, kept: Path) -> None:
    """Make or mend the environment. Raises SetupError with the end of what the installer said."""
    python = folder / "bin" / "python"
    if not _works(python):
        print(f"setup: Python {sys.version.split()[0]} into {folder}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
    kept.mkdir(parents=True, exist_ok=True)
    print("setup: packages of requirements.lock", flush=True)
    _install_packages(checkout, python, kept)
    _put_on_path(checkout, python, folder)


def _works(python: Path) -> bool:
    """Whether the environment's Python runs, is one of ours, and belongs to this folder."""
    ask = "import sys; print(*sys.version_info[:2], sys.prefix)"
    try:
        said = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.split(maxsplit=2)
    except (OSError, subprocess.CalledProcessError):
        return False
    return said[:2] in (["3", "11"], ["3", "12"]) and Path(said[2].strip()) == python.parent.parent


def _install_packages(checkout: Path, python: Path, kept: Path) -> None:
    """With uv, which takes half a minute; with pip, which takes minutes, where uv cannot be had."""
    lock = checkout / "requirements.lock"
    uv = _uv(checkout, python, kept)
    if uv is not None:
        synced: list[str | Path] = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock]
        if _run(synced).returncode == 0:
            return
        print("setup: uv did not succeed; once more with pip, which takes longer", flush=True)
    _need(_run([python, "-m", "ensurepip", "--upgrade"]))
    _need(_run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock]))


def _uv(checkout: Path, python: Path, kept: Path) -> Path | None:
    """The pinned uv, in a folder of its own: it removes from the environment what the lock does not name."""
    uv = kept / "uv" / "bin" / "uv"
    if not uv.exists():
        _run([python, "-m", "ensurepip"])
        pinned = checkout / "infra" / "local" / "uv.lock"
        options: list[str | Path] = [
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--upgrade",
            "--target",
            kept / "uv",
            "-r",
            pinned,
        ]
        _run([python, "-m", "pip", "install", *options])
    return uv if uv.exists() else None


def _put_on_path(checkout: Path, python: Path, folder: Path) -> None:
    """Our packages and the command `tidemark`, without building anything."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    (Path(packages) / "tidemark.pth").write_text(f"{checkout / 'jobs'}\n{checkout}\n", encoding="utf-8")
    command = folder / "bin" / "tidemark"
    command.write_text(command_text(python), encoding="utf-8")
    command.chmod(0o755)


def command_text(python: Path) -> str:
    """The script `tidemark`, which runs wherever the checkout lies."""
    return _COMMAND.format(python=shlex.quote(str(python)))


def _run(command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=env)


def _need(done: "subprocess.CompletedProcess[str]") -> None:
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise SetupError(
            f"the packages cannot be installed; {done.args[0]} says\n{said}\n"
            "next: see that a package index is reachable"
        )
