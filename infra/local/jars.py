"""Fetch the additional jars that Spark needs: Spark resolves them, and setup checks their pinned checksums."""

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.local.setup_error import SetupError


@dataclass(frozen=True)
class Jar:
    """A jar by its Maven coordinates (group:artifact:version), with its sha256 in hex."""

    coordinates: str
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    @property
    def resolved_name(self) -> str:
        """The name that Spark gives the file when it resolves it: with the group as a prefix."""
        return f"{self.coordinates.split(':')[0]}_{self.name}"


def fetch(pinned: Path, venv: Path, share: Path, java_home: Path) -> None:
    """Put the pinned jars into the folder `jars` in `share`, unless they are there.

    Raises SetupError if a jar cannot be resolved or does not match its checksum; the message names the jar.
    """
    wanted = read(pinned)
    folder = share / "jars"
    if folder.exists() and {p.name for p in folder.iterdir()} == {jar.name for jar in wanted}:
        for jar in wanted:
            check(folder / jar.name, jar)
        return
    print(f"setup: fetching {len(wanted)} jars (60 MB if they are not cached)", flush=True)
    fresh = share / "jars.new"
    for leftover in (fresh, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    # Not inside the checkout: the resolver reads paths as URIs and patterns, and a checkout's path may look like one.
    with tempfile.TemporaryDirectory(prefix="tidemark-ivy-") as temporary:
        ivy = Path(temporary)
        _resolve(wanted, venv, ivy, java_home)
        for jar in wanted:
            check(ivy / "jars" / jar.resolved_name, jar)
            shutil.move(ivy / "jars" / jar.resolved_name, fresh / jar.name)
    fresh.rename(folder)


def read(pinned: Path) -> list[Jar]:
    """Read the jars from the checksum file."""
    lines = pinned.read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return [Jar(coordinates, digest) for digest, coordinates in pairs]


def check(file: Path, jar: Jar) -> None:
    """Check that the file exists and has the pinned checksum. Raises SetupError otherwise."""
    if not file.exists():
        raise SetupError(
            f"{jar.coordinates} was not resolved; put {jar.name} into ~/.m2, or connect to a Maven repository"
        )
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise SetupError(
            f"{file}: sha256 is {found}, but infra/local/jars.sha256 pins {jar.sha256} for {jar.coordinates}; "
            "it is not used. Remove it (also from ~/.m2 and ~/.ivy2), then run make setup"
        )


def _resolve(wanted: list[Jar], venv: Path, ivy: Path, java_home: Path) -> None:
    """Let Spark resolve the jars: from ~/.m2 and ~/.ivy2 first, then from its repositories."""
    code = "import pyspark, os; print(os.path.dirname(pyspark.__file__))"
    python = venv / "bin" / "python"
    home = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    empty = ivy / "nothing.py"
    empty.write_text("", encoding="utf-8")
    env = {
        **os.environ,
        "JAVA_HOME": str(java_home),
        "SPARK_HOME": home,
        "PYSPARK_PYTHON": str(python),
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    if java_home.is_relative_to(venv):
        env["SPARK_SUBMIT_OPTS"] = f"{os.environ.get('SPARK_SUBMIT_OPTS', '')} {_trust(python, ivy)}".strip()
    packages = ",".join(jar.coordinates for jar in wanted)
    command = [
        f"{home}/bin/spark-submit",
        "--packages",
        packages,
        "--conf",
        f"spark.jars.ivy={ivy}",
        str(empty),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise SetupError(
            f"Spark could not resolve the jars; its output ends with\n{output}\n"
            "next: make sure that a Maven repository is reachable, then run make setup again"
        )


def _trust(python: Path, folder: Path) -> str:
    """Return options that make the packaged Java trust this machine's certificates; empty if none are found."""
    pem = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    store = folder / "trusted.p12"
    if not pem:
        return ""
    command: list[str | Path] = [python, "-m", "infra.local.truststore", pem, store]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return ""
    options = {"": str(store), "Type": "PKCS12", "Password": "changeit"}
    return " ".join(f"-Djavax.net.ssl.trustStore{name}={value}" for name, value in options.items())
