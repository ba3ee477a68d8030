"""The command line: plan, run, adopt, declare, status, watermarks, sessions, quarantined, doctor."""

from tidemark.cli.main import main

__all__ = ["main"]
