"""Start Python with the given arguments, and print what it took, as JSON in the last line.

This process is small. On Linux, a new process inherits the peak of the process that starts it, so that one started by a
large process could not be measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> int:
    """Print seconds, the peak of resident memory in bytes, and the exit code."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, *sys.argv[1:]], stderr=subprocess.STDOUT)
    _, status, usage = os.wait4(process.pid, 0)
    seconds, process.returncode = time.perf_counter() - begin, os.waitstatus_to_exitcode(status)
    print("\n" + json.dumps({"seconds": seconds, "peak": usage.ru_maxrss * _UNIT, "code": process.returncode}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
