"""The supervisor of a home: starts its services, starts again what dies, and says how they are.

The work is that of `supervisor` (supervisord.org). Its control socket lies in a folder that only the owner of the
home can enter. Its configuration names no path of the home: those may hold any character.
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
"""Variable that names the interpreter of the services."""
STEADY = 30
"""Seconds that a service has to live to count as started. One that lives less is started again after a pause, a
second longer each time."""
TRIES = 1000
"""Starts in a row before the supervisor gives up: about a week."""
_START_TIMEOUT = 20.0
_THERE = ("RUNNING", "STARTING")
_KEPT = (*_THERE, "BACKOFF")


@dataclass(frozen=True)
class Program:
    """A service as the supervisor runs it: groups of lower `order` start first and are stopped last."""

    name: str
    group: str
    order: int
    stop_signal: str = "TERM"
    stop_group: bool = True
    """Whether what it started in its group is asked to end with it."""


@dataclass(frozen=True)
class State:
    """How a service is now: supervisor's word for it, its process, since when, and its own sentence."""

    name: str
    word: str
    pid: int
    since: float
    description: str

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.word in _THERE


def start_supervisor(settings: Settings, programs: Mapping[str, Program], env: Mapping[str, str]) -> None:
    """Start the supervisor where none runs, and wait until it answers. It starts no service. Raises HostError."""
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
            said = tail(settings.logs / "supervisor.out")
            raise HostError(f"the supervisor does not start; it says\n{said}\nsee {log_of(settings)}, then make run")
        time.sleep(0.05)


def stop_supervisor(settings: Settings) -> list[str]:
    """Stop all services and the supervisor, and wait; the names of those that ran."""
    names = [state.name for state in states(settings) if state.runs]
    if is_running(settings):
        _call(settings, "shutdown")
        _wait_for_end(settings)
    end_session(settings)
    _leader_file(settings).unlink(missing_ok=True)
    remove_sockets_folder(settings)
    return names


def end_session(settings: Settings) -> None:
    """End what is left of the services: their tasks, and all of them where the supervisor itself was killed."""
    leader = recall_leader(_leader_file(settings))
    if leader is not None:
        end(lambda: members_of(leader))


def start_service(settings: Settings, program: Program) -> None:
    """Start a service that does not run; the supervisor keeps it running from now on."""
    if not any(state.name == program.name and state.word in _KEPT for state in states(settings)):
        _call(settings, "startProcess", f"{program.group}:{program.name}", False)


def states(settings: Settings) -> list[State]:
    """How each service is, in the order in which they start; none where the supervisor does not run."""
    try:
        found = _call(settings, "getAllProcessInfo")
    except HostError:
        return []
    return [State(one["name"], one["statename"], one["pid"], one["start"], _describe(one)) for one in found]


def running(settings: Settings) -> set[str]:
    """The names of the services whose process is there."""
    return {state.name for state in states(settings) if state.runs}


def is_running(settings: Settings) -> bool:
    """Whether the supervisor of the home runs and takes orders."""
    try:
        return bool(_call(settings, "getState")["statename"] == "RUNNING")
    except HostError:
        return False


def supervisor_process(settings: Settings) -> Leader | None:
    """The supervisor's process, alive or not; None where none was started."""
    return recall_leader(_leader_file(settings))


def log_of(settings: Settings, name: str = "supervisor") -> Path:
    """What a service, or the supervisor itself, prints."""
    return settings.logs / f"{name}.log"


def configuration(settings: Settings, programs: Mapping[str, Program]) -> str:
    """The text of supervisor's configuration file, which lies in `run` of the home."""
    parts = [
        "; Written at each start by infra/local/supervision.py; changes made here do not last.\n"
        f"[unix_http_server]\nfile={_place_of_socket(settings)}\nchmod=0700\n",
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
    proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport)
    try:
        return getattr(proxy.supervisor, method)(*arguments)
    except xmlrpc.client.Fault as fault:
        raise HostError(f"the supervisor refuses {method}: {fault.faultString}; make doctor says how it is") from fault
    except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
        raise HostError(f"the supervisor of {settings.home} does not answer ({error}); start it: make run") from error
    finally:
        transport.close()


def _wait_for_end(settings: Settings) -> None:
    leader = recall_leader(_leader_file(settings))
    until = time.monotonic() + 60
    while leader is not None and leader.lives and time.monotonic() < until:
        time.sleep(0.1)


def _place_of_socket(settings: Settings) -> str:
    """The control socket as the configuration names it."""
    own = settings.run == sockets_folder(settings).parent
    return f"%(here)s/{sockets_folder(settings).name}/supervisor" if own else str(_socket(settings))


def _socket(settings: Settings) -> Path:
    return sockets_folder(settings) / "supervisor"


def _leader_file(settings: Settings) -> Path:
    return settings.run / "supervisor.json"
