"""The jars that Spark needs beside its own, resolved by Spark itself and checked against pinned checksums."""

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
        """The file's name."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    @property
    def resolved_name(self) -> str:
        """The file's name as Spark resolves it: with its group."""
        return f"{self.coordinates.split(':')[0]}_{self.name}"


def fetch(pinned: Path, venv: Path, kept: Path, java_home: Path) -> None:
    """Put the jars into `jars/` beside the environment. Raises SetupError naming what is not as pinned."""
    wanted = read(pinned)
    folder = kept / "jars"
    if folder.exists() and {p.name for p in folder.iterdir()} == {jar.name for jar in wanted}:
        for jar in wanted:
            check(folder / jar.name, jar)
        return
    print(f"setup: {len(wanted)} jars, 60 MB the first time", flush=True)
    fresh = kept / "jars.new"
    for leftover in (fresh, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    # Not beside the environment: the resolver takes paths for URIs and patterns, and a checkout may look like one.
    with tempfile.TemporaryDirectory(prefix="tidemark-ivy-") as temporary:
        ivy = Path(temporary)
        _resolve(wanted, venv, ivy, java_home)
        for jar in wanted:
            check(ivy / "jars" / jar.resolved_name, jar)
            shutil.move(ivy / "jars" / jar.resolved_name, fresh / jar.name)
    fresh.rename(folder)


def read(pinned: Path) -> list[Jar]:
    """The jars of the checksum file."""
    lines = pinned.read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return [Jar(coordinates, digest) for digest, coordinates in pairs]


def check(file: Path, jar: Jar) -> None:
    """Raises SetupError unless the file is there and is the pinned one."""
    if not file.exists():
        raise SetupError(f"{jar.coordinates} was not resolved; put {jar.name} into ~/.m2, or reach a Maven repository")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise SetupError(
            f"{file}: sha256 is {found}, but infra/local/jars.sha256 pins {jar.sha256} for {jar.coordinates}; "
            "it is not used. Remove it (also from ~/.m2 and ~/.ivy2), then make setup"
        )


def _resolve(wanted: list[Jar], venv: Path, ivy: Path, java_home: Path) -> None:
    """Spark looks into ~/.m2 and ~/.ivy2 first, then asks its repositories."""
    ask = "import pyspark, os; print(os.path.dirname(pyspark.__file__))"
    python = venv / "bin" / "python"
    home = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    nothing = ivy / "nothing.py"
    nothing.write_text("", encoding="utf-8")
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
        str(nothing),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise SetupError(
            f"Spark could not resolve the jars; it says\n{said}\nnext: see that a Maven repository is reachable"
        )


def _trust(python: Path, folder: Path) -> str:
    """Options that make the packaged Java trust whom this machine trusts; none where that cannot be found."""
    pem = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    store = folder / "trusted.p12"
    if not pem:
        return ""
    command: list[str | Path] = [python, "-m", "infra.local.truststore", pem, store]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return ""
    options = {"": str(store), "Type": "PKCS12", "Password": "changeit"}
    return " ".join(f"-Djavax.net.ssl.trustStore{name}={value}" for name, value in options.items())
