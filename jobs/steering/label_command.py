"""`tidemark labels`: the arguments of its commands. The commands are functions of other modules."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tidemark.cli.late_import import command_in

FORMS = ("opensearch", "qrels", "csv")


def add_command(commands: Any) -> None:
    """Add `labels` to the commands of `tidemark` (subparsers of argparse)."""
    parser = commands.add_parser("labels", help="write the relevance labels in the forms of other tools")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _export(actions.add_parser("export", help="write labels of pairs with traffic or grades to a file"))


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="form",
        choices=FORMS,
        required=True,
        help="opensearch: a judgment list for Search Relevance Workbench; qrels: for TREC tools; csv: for Quepid",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new file")
    parser.add_argument("--application", default=None, help="whose labels; needed if there are several applications")
    parser.add_argument("--cut", default=None, metavar="DAY", help="the end of the label window (default: the newest)")
    parser.add_argument(
        "--without-graded", action="store_true", help="leave out the pairs that people graded, to compare with grades"
    )
    parser.set_defaults(command=command_in("steering.label_export", "export"))
