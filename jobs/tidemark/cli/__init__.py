"""The command line for people who develop: plan, run, watermarks, sessions, doctor."""

from tidemark.cli.main import main

__all__ = ["main"]
