"""The supervisor of a home: it starts the services, restarts those that die, and reports their state.

It is the program `supervisor` (supervisord.org). Its control socket is in a folder that only the owner of the home can
enter. Its configuration contains no path inside the home, because such a path may contain any character.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.errors import HostError
from infra.local.processes import Leader, end, members_of, recall_leader, remember_leader, tail
from infra.local.sockets import make_sockets_folder, remove_sockets_folder, sockets_folder
from tidemark.settings import CHECKOUT, Settings

PYTHON = "TIDEMARK_PYTHON"
"""Name of the variable that holds the interpreter of the services."""
STEADY = 30
"""Seconds after which a service counts as started. If it dies earlier, it is restarted after a pause that grows by a
second each time."""
TRIES = 1000
"""Failed starts in a row before the supervisor gives up, which takes about a week."""
_START_TIMEOUT = 20.0
_ANSWER_TIMEOUT = 10.0
"""Seconds. No call waits for a service, so an answer takes milliseconds."""
_ALIVE = ("RUNNING", "STARTING")
_SUPERVISED = (*_ALIVE, "BACKOFF")


@dataclass(frozen=True)
class Program:
    """A service as the supervisor runs it. Groups with a lower `order` start first and stop last."""

    name: str
    group: str
    order: int
    stop_signal: str = "TERM"
    stop_group: bool = True
    """Whether the stop signal also goes to the other processes of its process group."""


@dataclass(frozen=True)
class State:
    """The state of a service: supervisor's name for the state, process id, Unix time of the start, and description."""

    name: str
    word: str
    pid: int
    since: float
    description: str

    @property
    def runs(self) -> bool:
        """Whether the process of the service exists."""
        return self.word in _ALIVE


def start_supervisor(settings: Settings, programs: Mapping[str, Program], env: Mapping[str, str]) -> None:
    """Start the supervisor if it is not running, and wait until it answers. It starts no service yet.

    Raises HostError if the supervisor does not start.
    """
    if is_running(settings):
        return
    end_session(settings)
    make_sockets_folder(settings)
    for folder in (settings.logs, settings.run):
        folder.mkdir(parents=True, exist_ok=True)
    config = settings.run / "supervisor.conf"
    config.write_text(configuration(settings, programs), encoding="utf-8")
    with (settings.logs / "supervisor.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", str(config)],
            env={**env, PYTHON: sys.executable},
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    remember_leader(_leader_file(settings), process.pid)
    until = time.monotonic() + _START_TIMEOUT
    while not is_running(settings):
        if process.poll() is not None or time.monotonic() > until:
            printed = tail(settings.logs / "supervisor.out")
            raise HostError(
                f"the supervisor does not start; its output ends with\n{printed}\n"
                f"next: correct that (its log is {log_of(settings)}), then run make run"
            )
        time.sleep(0.05)


def stop_supervisor(settings: Settings) -> list[str]:
    """Stop all services and the supervisor, wait for their end, and return the names of the services that ran."""
    names = [state.name for state in states(settings) if state.runs]
    if is_running(settings):
        _call(settings, "shutdown")
        _wait_for_end(settings)
    end_session(settings)
    _leader_file(settings).unlink(missing_ok=True)
    remove_sockets_folder(settings)
    return names


def end_session(settings: Settings) -> None:
    """End the processes that are left: tasks of the services and, if the supervisor was killed, the services too."""
    leader = recall_leader(_leader_file(settings))
    if leader is not None:
        end(lambda: members_of(leader))


def start_service(settings: Settings, program: Program) -> None:
    """Start a service if it is not running. From then on the supervisor restarts it when it dies."""
    if not any(state.name == program.name and state.word in _SUPERVISED for state in states(settings)):
        _call(settings, "startProcess", f"{program.group}:{program.name}", False)


def states(settings: Settings) -> list[State]:
    """Return the state of each service, in the order of starting; an empty list if the supervisor is not running."""
    try:
        found = _call(settings, "getAllProcessInfo")
    except HostError:
        return []
    return [State(info["name"], info["statename"], info["pid"], info["start"], _describe(info)) for info in found]


def running(settings: Settings) -> set[str]:
    """Return the names of the services that are running."""
    return {state.name for state in states(settings) if state.runs}


def is_running(settings: Settings) -> bool:
    """Whether the supervisor of the home runs and accepts commands."""
    try:
        return bool(_call(settings, "getState")["statename"] == "RUNNING")
    except HostError:
        return False


def supervisor_process(settings: Settings) -> Leader | None:
    """Return the supervisor's process, alive or not; None if none was started."""
    return recall_leader(_leader_file(settings))


def log_of(settings: Settings, name: str = "supervisor") -> Path:
    """Return the log file of a service, or of the supervisor itself."""
    return settings.logs / f"{name}.log"


def configuration(settings: Settings, programs: Mapping[str, Program]) -> str:
    """Return the text of the supervisor's configuration file, which belongs in the folder `run` of the home."""
    parts = [
        "; Written at each start by infra/local/supervision.py; changes made here are overwritten.\n"
        f"[unix_http_server]\nfile={_socket_in_configuration(settings)}\nchmod=0700\n",
        "[supervisord]\nlogfile=%(here)s/../logs/supervisor.log\nlogfile_maxbytes=5MB\nlogfile_backups=2\n"
        "pidfile=%(here)s/supervisord.pid\nchildlogdir=%(here)s/../logs\n"
        + ("user=root\n" if os.getuid() == 0 else ""),
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
    ]
    groups = dict.fromkeys(program.group for program in programs.values())
    parts += [_group([program for program in programs.values() if program.group == name]) for name in groups]
    return "\n".join([*parts, *(_program(program) for program in programs.values())])


def _group(members: Sequence[Program]) -> str:
    """Those of a group stop at the same time, and groups one after the other."""
    names = ",".join(program.name for program in members)
    return f"[group:{members[0].group}]\nprograms={names}\npriority={members[0].order}\n"


def _program(program: Program) -> str:
    group = "true" if program.stop_group else "false"
    return (
        f"[program:{program.name}]\n"
        f'command="%(ENV_{PYTHON})s" -m infra.local.launch {program.name}\n'
        f"autostart=false\nautorestart=true\nstartsecs={STEADY}\nstartretries={TRIES}\n"
        f"stopsignal={program.stop_signal}\nstopwaitsecs=20\nstopasgroup={group}\nkillasgroup=true\n"
        f"stdout_logfile=%(here)s/../logs/{program.name}.log\nstdout_logfile_maxbytes=10MB\nstdout_logfile_backups=2\n"
        "redirect_stderr=true\n"
    )


def _describe(info: Mapping[str, Any]) -> str:
    return str(info["spawnerr"] or info["description"])


def _call(settings: Settings, method: str, *arguments: Any) -> Any:
    from supervisor.xmlrpc import SupervisorTransport

    transport = SupervisorTransport(None, None, f"unix://{_socket(settings)}")
    connect = transport._get_connection
    transport._get_connection = lambda: _with_timeout(connect())
    proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport)
    try:
        return getattr(proxy.supervisor, method)(*arguments)
    except xmlrpc.client.Fault as fault:
        raise HostError(
            f"the supervisor refuses {method}: {fault.faultString}; run make doctor to see its state"
        ) from fault
    except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
        raise HostError(
            f"the supervisor of {settings.home} does not answer ({error}); start it with make run"
        ) from error
    finally:
        transport.close()


def _with_timeout(connection: Any) -> Any:
    """Make a connection fail if the supervisor does not answer in time, for example because it was stopped."""
    connect = connection.connect

    def connect_with_timeout() -> None:
        connect()
        connection.sock.settimeout(_ANSWER_TIMEOUT)

    connection.connect = connect_with_timeout
    return connection


def _wait_for_end(settings: Settings) -> None:
    leader = recall_leader(_leader_file(settings))
    until = time.monotonic() + 60
    while leader is not None and leader.lives and time.monotonic() < until:
        time.sleep(0.1)


def _socket_in_configuration(settings: Settings) -> str:
    """Return the path of the control socket as the configuration writes it."""
    own = settings.run == sockets_folder(settings).parent
    return f"%(here)s/{sockets_folder(settings).name}/supervisor" if own else str(_socket(settings))


def _socket(settings: Settings) -> Path:
    return sockets_folder(settings) / "supervisor"


def _leader_file(settings: Settings) -> Path:
    return settings.run / "supervisor.json"
