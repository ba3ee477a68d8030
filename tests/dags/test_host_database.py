"""Airflow's database: the home's own server, which only its owner can reach, or the server that a variable names."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy.engine import make_url

from infra.local import database, postgres
from infra.local.airflow_home import prepare
from infra.local.errors import HostError
from infra.local.sockets import LONGEST, make_sockets_folder, sockets_folder
from tidemark.settings import Settings

pytestmark = pytest.mark.services


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A home that only its owner can enter. Its path contains a blank and is short enough for sockets."""
    with TemporaryDirectory() as folder:
        home = Path(folder).resolve() / "a home"
        home.mkdir(mode=0o700)
        yield Settings(home=home, schemas=home)


@contextmanager
def serving(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    make_sockets_folder(settings)
    postgres.make_cluster(settings)
    postgres.clear_stale_locks(settings)
    server = subprocess.Popen(postgres.server_command(settings), stderr=subprocess.DEVNULL, cwd="/")
    try:
        until = time.monotonic() + 60
        while postgres.make_database(settings) is not None and time.monotonic() < until:
            time.sleep(0.05)
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


def test_the_database_of_a_home_answers_its_owner(settings: Settings) -> None:
    address = database.airflow_database(settings, {})
    with serving(settings):
        prepare(settings, 8123, address)
        assert database.configured_database(settings) == address
        assert database.is_embedded(settings, address)
        assert database.why_unreachable(address) is None
        assert postgres.make_database(settings) is None, "made once"
    assert (database.why_unreachable(address) or "").startswith("connection to server on socket")


def test_nobody_else_reaches_the_database(settings: Settings) -> None:
    with serving(settings) as server:
        for folder in (sockets_folder(settings), postgres.folder_of(settings), postgres.folder_of(settings) / "data"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert sockets_folder(settings).stat().st_uid == postgres.folder_of(settings).stat().st_uid == os.getuid()
        inodes = {str(link.readlink()) for link in Path(f"/proc/{server.pid}/fd").iterdir()}
        tcp = "".join(Path(f"/proc/{server.pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
        assert not [name for name in inodes if name.startswith("socket:") and f" {name[8:-1]} " in tcp]
        hba = (postgres.folder_of(settings) / "data" / "pg_hba.conf").read_text()
        assert hba.split() == ["local", "all", "all", "peer", "map=owner"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can ask as another user")
def test_the_server_asks_the_kernel_who_is_there(settings: Settings) -> None:
    with serving(settings):
        sockets = sockets_folder(settings)
        for path in (sockets, *sockets.parents):
            if path.is_relative_to(settings.home.parent):
                path.chmod(0o755)
        (sockets / ".s.PGSQL.5432").chmod(0o777)
        code = f"import psycopg2; psycopg2.connect(host={str(sockets)!r}, user='airflow', dbname='airflow')"
        done = _as_nobody(code)
        assert done.returncode != 0
        assert "peer authentication failed" in done.stderr.lower()


def _as_nobody(code: str) -> subprocess.CompletedProcess[str]:
    """Run code as a user who is not the owner. It starts as root, because packages may be in root's folders."""
    user = pwd.getpwnam("nobody")
    drop = f"import os, psycopg2; os.setgroups([]); os.setgid({user.pw_gid}); os.setuid({user.pw_uid})\n"
    return subprocess.run([sys.executable, "-c", drop + code], capture_output=True, text=True, check=False)


def test_a_server_that_was_killed_starts_again_whoever_has_its_id_now(settings: Settings) -> None:
    with serving(settings) as server:
        server.kill()
        server.wait()
        pid_file = postgres.folder_of(settings) / "data" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with serving(settings):
        assert postgres.make_database(settings) is None


def test_a_cluster_of_another_version_is_refused_with_the_command(settings: Settings) -> None:
    data = postgres.folder_of(settings) / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(HostError, match=rf"mv {data} {data}-16"):
        postgres.make_cluster(settings)


def test_sockets_of_a_deep_home_lie_in_a_short_folder_of_their_owner(tmp_path: Path) -> None:
    deep = Settings(home=tmp_path / ("x" * 120), schemas=tmp_path)
    folder = make_sockets_folder(deep)
    try:
        assert len(os.fsencode(folder)) <= LONGEST
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder == sockets_folder(deep) != sockets_folder(Settings(home=tmp_path / ("y" * 120), schemas=tmp_path))
    finally:
        folder.rmdir()


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_folder_that_somebody_else_prepared_is_refused(tmp_path: Path, kind: str) -> None:
    deep = Settings(home=tmp_path / ("z" * 120), schemas=tmp_path)
    folder = sockets_folder(deep)
    if kind == "link":
        folder.symlink_to(tmp_path)
    else:
        folder.touch()
    try:
        with pytest.raises((HostError, FileExistsError), match=str(folder)):
            make_sockets_folder(deep)
    finally:
        folder.unlink()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_a_named_server_is_taken_and_its_password_is_in_one_file_only(settings: Settings, scheme: str) -> None:
    address = database.airflow_database(settings, {database.VARIABLE: f"{scheme}://me:p%40ss@db.example:5433/af"})
    assert make_url(address).password == "p@ss"
    assert make_url(address).drivername == "postgresql+psycopg2"
    assert not database.is_embedded(settings, address)
    prepare(settings, 8123, address)
    assert database.configured_database(settings) == address
    assert stat.S_IMODE((settings.airflow / "airflow.cfg").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["sqlite:////tmp/secret.db", "mysql://me:secret@host/db", "secret", "postgresql://me:secret@host", "a://["]
)
def test_what_cannot_carry_airflow_is_refused_without_showing_it(settings: Settings, text: str) -> None:
    with pytest.raises(HostError, match=database.VARIABLE) as caught:
        database.airflow_database(settings, {database.VARIABLE: text})
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    why = database.why_unreachable("postgresql+psycopg2://me:secret@127.0.0.1:1/airflow")
    assert why is not None
    assert "secret" not in why
