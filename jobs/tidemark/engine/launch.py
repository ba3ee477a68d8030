"""The process that becomes a Connect server: it records its process id, starts a watchdog, and then runs Spark.

If the process that started it is killed, the server is still found by later tasks, and still ends when it is idle.

    python -m tidemark.engine.launch FOLDER LOG PORT SECONDS COMMAND...
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tidemark.engine.processes import Running
from tidemark.engine.server_state import ServerState
from tidemark.engine.watchdog import start_watchdog


def main() -> None:
    """Record this process, start its watchdog and run the command in its place. Does not return."""
    folder, log, port, idle, *command = sys.argv[1:]
    state, server = ServerState(Path(folder)), Running(os.getpid(), int(port))
    state.record(server)
    start_watchdog(state, server, float(idle), Path(log))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
