"""The command line for people who develop: plan, run, watermarks, sessions, quarantined, doctor."""

from tidemark.cli.main import main

__all__ = ["main"]
