"""Install the environment in `.venv`: exactly the packages of the lock file, each checked against its hash."""

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

from infra.local.setup_error import SetupError

_COMMAND = """\
#!/bin/sh
# Not `#!PYTHON`: such a line would end at the first blank in the path.
exec {python} -P -m tidemark "$@"
"""


def install(checkout: Path, folder: Path, share: Path) -> None:
    """Create or repair the environment. Raises SetupError with the last lines of the installer's output."""
    python = folder / "bin" / "python"
    if not _works(python):
        print(f"setup: creating {folder} with Python {sys.version.split()[0]}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
    share.mkdir(parents=True, exist_ok=True)
    print("setup: installing the packages of requirements.lock", flush=True)
    _install_packages(checkout, python, share)
    _add_to_path(checkout, python, folder)


def _works(python: Path) -> bool:
    """Whether the environment's Python runs, has a supported version, and belongs to this folder."""
    code = "import sys; print(*sys.version_info[:2], sys.prefix)"
    try:
        words = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split(
            maxsplit=2
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return words[:2] in (["3", "11"], ["3", "12"]) and Path(words[2].strip()) == python.parent.parent


def _install_packages(checkout: Path, python: Path, share: Path) -> None:
    """Install with uv, which takes half a minute. If uv is not available or fails, use pip, which takes minutes."""
    lock = checkout / "requirements.lock"
    uv = _uv(checkout, python, share)
    if uv is not None:
        synced: list[str | Path] = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock]
        if _run(synced).returncode == 0:
            return
        print("setup: uv failed; trying again with pip, which takes longer", flush=True)
    _require_success(_run([python, "-m", "ensurepip", "--upgrade"]))
    _require_success(_run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock]))


def _uv(checkout: Path, python: Path, share: Path) -> Path | None:
    """Return the pinned uv, or None. It is in a separate folder, because `uv pip sync` removes unlisted packages."""
    uv = share / "uv" / "bin" / "uv"
    if not uv.exists():
        _run([python, "-m", "ensurepip"])
        pinned = checkout / "infra" / "local" / "uv.lock"
        options: list[str | Path] = [
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--upgrade",
            "--target",
            share / "uv",
            "-r",
            pinned,
        ]
        _run([python, "-m", "pip", "install", *options])
    return uv if uv.exists() else None


def _add_to_path(checkout: Path, python: Path, folder: Path) -> None:
    """Make our packages importable and add the command `tidemark`, without building a package."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    paths = (checkout / "jobs", checkout, _write_metadata(checkout, folder / "share" / "tidemark" / "metadata"))
    (Path(packages) / "tidemark.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    command = folder / "bin" / "tidemark"
    command.write_text(command_text(python), encoding="utf-8")
    command.chmod(0o755)


def entry_points_text(checkout: Path) -> str:
    """Return the entry points of pyproject.toml in the form in which an installed package states them."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return "\n".join(
        f"[{group}]\n" + "".join(f"{name} = {entry}\n" for name, entry in entries.items())
        for group, entries in project["entry-points"].items()
    )


def _write_metadata(checkout: Path, folder: Path) -> Path:
    """Write the metadata by which Python finds our entry points, as for an installed package; return its folder.

    The folder is outside site-packages, because `uv pip sync` removes what the lock file does not list there.
    """
    metadata = folder / "tidemark-0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tidemark\nVersion: 0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(entry_points_text(checkout), encoding="utf-8")
    return folder


def command_text(python: Path) -> str:
    """Return the text of the script `tidemark`, which works whatever the path of the checkout contains."""
    return _COMMAND.format(python=shlex.quote(str(python)))


def _run(command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=env)


def _require_success(done: "subprocess.CompletedProcess[str]") -> None:
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise SetupError(
            f"the packages could not be installed; {done.args[0]} ended with\n{output}\n"
            "next: make sure that a package index is reachable, then run make setup again"
        )
