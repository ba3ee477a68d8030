"""`tidemark to-grade`: the arguments of the command. The command is a function of another module."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tidemark.cli.late_import import command_in


def add_command(commands: Any) -> None:
    """Add `to-grade` to the commands of `tidemark` (subparsers of argparse)."""
    parser = commands.add_parser("to-grade", help="write which pairs of query and item people should grade next")
    parser.add_argument("count", type=_count, metavar="N", help="how many grades can be given")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.csv", help="the new file")
    parser.add_argument(
        "--lists",
        type=_lists,
        default=None,
        metavar="K",
        help="whole lists of up to fifteen items among them, which judge rankers (default: two fifths of the grades)",
    )
    parser.add_argument("--application", default=None, help="whose pairs; needed if there are several applications")
    parser.add_argument("--seed", type=int, default=1, help="another number draws other pairs (default: 1)")
    parser.set_defaults(command=command_in("steering.to_grade", "to_grade"))


def _count(text: str) -> int:
    return _whole(text, 1)


def _lists(text: str) -> int:
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"write a whole number from {least} to 1000000")
    return int(text)
