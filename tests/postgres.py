"""A real Postgres for tests: a server of its own in a temporary folder, with a password, on 127.0.0.1."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.local.postgres import PACKAGE, PROGRAMS

USER = "tidemark"


@contextmanager
def serving() -> Iterator[str]:
    """Start a server and give its address, without a database; at the end it stops and leaves nothing."""
    with TemporaryDirectory(prefix="tidemark-postgres-") as folder:
        yield from _serving(Path(folder))


def _serving(folder: Path) -> Iterator[str]:
    programs, data, password = _programs(folder), folder / "data", secrets.token_urlsafe(16)
    data.mkdir(mode=0o700)
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    for path in (folder, data, secret):
        _give(path)
    _run(programs / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8")
    port = _free_port()
    said = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
    options = " ".join(f"-c {name}={value}" for name, value in {**said, "max_connections": 500}.items())
    _run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg2://{USER}:{password}@127.0.0.1:{port}"
    finally:
        _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def new_database(address: str) -> str:
    """The address of a fresh, empty database on a server."""
    from sqlalchemy import create_engine, text

    name = f"lake_{secrets.token_hex(6)}"
    engine = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return f"{address}/{name}"


def _programs(folder: Path) -> Path:
    """The server's programs, where the user that runs them can reach them: it refuses to be run by root."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        pytest.skip("no Postgres is packaged for this platform; the tests on it run on Linux and on macOS with arm64")
    package = Path(found.origin).parent
    programs = Path(package.name) / PROGRAMS
    if os.getuid() != 0:
        return package.parent / programs
    for name in (package.name, f"{package.name}.libs"):  # the programs look for their libraries beside them
        shutil.copytree(package.parent / name, folder / name, symlinks=True)
    return folder / programs


def _user() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None


def _give(path: Path) -> None:
    user = _user()
    if user is not None:
        os.chown(path, user, -1)


def _run(program: Path, *arguments: str | Path) -> None:
    done = subprocess.run([program, *arguments], user=_user(), cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program.name} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
