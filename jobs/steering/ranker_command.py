"""`tidemark ranker`: the arguments of its commands. The commands are functions of other modules."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tidemark.cli.as_json import add_json
from tidemark.cli.late_import import command_in

FORMS = ("lightgbm", "ltr", "onnx")
PLUGINS = ("opensearch", "elasticsearch")
_CHANGES = {
    "promote": "serve this ranker, whatever the gate says, until it is taken back",
    "rollback": "serve the champion before the present one, until it is taken back",
    "freeze": "keep the champion: later nights train and judge, but promote nothing",
    "unfreeze": "end a freeze, a rollback or a promotion by hand; the gate decides again from the next night on",
}


def add_command(commands: Any) -> None:
    """Add `ranker` to the commands of `tidemark` (subparsers of argparse)."""
    parser = commands.add_parser("ranker", help="show the rankers, and decide which one is served")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="list the rankers, who is champion and why, and all decisions")
    add_json(listed)
    listed.set_defaults(command=command_in("steering.show", "list_rankers"))
    shown = actions.add_parser("show", help="show one ranker")
    _version(shown)
    add_json(shown)
    shown.set_defaults(command=command_in("steering.show", "show_ranker"))
    _export(actions.add_parser("export", help="write a ranker as a file that another system serves"))
    registered = actions.add_parser("register", help="register the champion in MLflow, as search.yaml says")
    registered.set_defaults(command=command_in("steering.register", "register"))
    for action, text in _CHANGES.items():
        _change(actions.add_parser(action, help=text), action)


def _change(parser: argparse.ArgumentParser, action: str) -> None:
    if action == "promote":
        _version(parser)
    parser.add_argument("--reason", required=True, help="why, in a sentence; it is recorded and shown to readers")
    parser.add_argument("--clock", default=None, metavar="INSTANT", help="the instant of the decision (default: now)")
    parser.set_defaults(action=action, command=command_in("steering.change", "change"))


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "version",
        nargs="?",
        default=None,
        metavar="VERSION",
        help="a model version, or the number of its training run (default: the champion)",
    )
    parser.add_argument(
        "--as",
        dest="form",
        choices=FORMS,
        required=True,
        help="lightgbm: the text of the model, and its features beside it; ltr: for the Learning to Rank plugins of "
        "OpenSearch and Elasticsearch; onnx: for ONNX Runtime, with the extra `onnx`",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the new file")
    parser.add_argument(
        "--plugin",
        choices=PLUGINS,
        default=None,
        help="with --as ltr: whose plugin loads the model (default: opensearch)",
    )
    add_json(parser)
    parser.set_defaults(command=command_in("steering.ranker_export", "export"))


def _version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="a model version, or the number of its training run")
