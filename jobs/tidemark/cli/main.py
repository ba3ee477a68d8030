"""Parse the arguments, run a command, return its exit status. The commands are functions of other modules."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points

from tidemark.cli.as_json import add_json
from tidemark.cli.late_import import command_in
from tidemark.errors import TidemarkError

MORE_COMMANDS = "tidemark.commands"
"""The group of entry points that add commands of a domain. Each is a function of the subparsers of argparse."""

_DESCRIPTION = "Incremental tables: init -> write-audit-publish -> commit."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0: done. 1: refused or failed, with the reason on stderr. 2: wrong arguments. 3: not complete at the deadline of
    `tidemark wait`.
    """
    options = _parse(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the pipe, such as head, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        ours = error if isinstance(error, TidemarkError) else _translate(error)
        if ours is None:
            raise
        print(f"{type(ours).__name__}: {ours}", file=sys.stderr)
        return 1
    return status


def _translate(error: Exception) -> TidemarkError | None:
    """Translate a library's error into one of ours; None if it is unknown. Imports late, so that help is quick."""
    from tidemark.support.error_translation import translate

    return translate(error, "tidemark")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the options. Refuse a value written as `--`, which argparse turns into an empty list."""
    parser = _parser()
    options = parser.parse_args(arguments)
    for name, value in vars(options).items():
        if value == []:
            parser.error(f"{name}: -- is not a value")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidemark", description=_DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _plan(commands.add_parser("plan", help="show what the next session would rebuild and why; writes no rows"))
    _run(commands.add_parser("run", help="run sessions here, without Airflow"))
    _adopt(commands.add_parser("adopt", help="accept what main holds after somebody changed it by hand"))
    _erase(commands.add_parser("erase", help="erase a person's records; --check proves that nothing counts them"))
    _declare(commands.add_parser("declare", help="declare a source complete, so that its readers go on"))
    status = commands.add_parser("status", help="show how far behind each dataset is, and how its last session ended")
    add_json(status)
    status.set_defaults(command=command_in("tidemark.cli.status", "status"))
    watermarks = commands.add_parser("watermarks", help="show how far each dataset is built")
    add_json(watermarks)
    watermarks.set_defaults(command=command_in("tidemark.cli.show", "watermarks"))
    _wait(commands.add_parser("wait", help="wait until a table is complete; exits with 3 at the deadline"))
    listed = commands.add_parser("sessions", help="list the latest sessions")
    listed.add_argument("dataset", nargs="?", help="only those of this dataset")
    listed.add_argument("--last", type=int, default=20, help="how many (default 20)")
    add_json(listed)
    listed.set_defaults(command=command_in("tidemark.cli.show", "sessions"))
    _audits(commands.add_parser("audits", help="show what the audits found, by day, and each check over time"))
    _explain(commands.add_parser("explain", help="show where a row comes from: sessions, snapshots, landed files"))
    _quarantined(
        commands.add_parser("quarantined", help="show which records landing refused; --out writes them to files")
    )
    doctor_parser = commands.add_parser("doctor", help="check Java, jars, catalog and versions")
    doctor_parser.set_defaults(command=command_in("tidemark.cli.doctor", "doctor"))
    _alerts(
        commands.add_parser("alerts", help="try the alerts: `test` sends one message, `rehearse` those of a given time")
    )
    for more in entry_points(group=MORE_COMMANDS):
        more.load()(commands)
    return parser


def _alerts(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    test = actions.add_parser("test", help="send a test message through the log and every configured channel")
    test.set_defaults(command=command_in("tidemark.airflow.alerting.command", "test"))
    rehearse = actions.add_parser(
        "rehearse", help="send what would be told at a given time if nothing went on until then"
    )
    rehearse.add_argument(
        "--at", required=True, metavar="INSTANT", help="by the machine's clock, such as that of tomorrow"
    )
    rehearse.set_defaults(command=command_in("tidemark.airflow.alerting.command", "rehearse"))


def _audits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", nargs="?", help="the history of this dataset's checks (default: all, by day)")
    parser.add_argument("--verdict", choices=("failed", "warned", "passed"), help="only sessions, or days, with it")
    parser.add_argument("--check", metavar="TEXT", help="the checks whose name holds this text, over time")
    parser.add_argument("--last", type=int, default=20, help="how many sessions (default 20, at most 100)")
    add_json(parser)
    parser.set_defaults(command=command_in("tidemark.cli.audits", "audits"))


def _plan(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset")
    _range(parser)
    add_json(parser)
    parser.set_defaults(command=command_in("tidemark.cli.sessions", "plan"))


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", nargs="?")
    parser.add_argument("--all", action="store_true", help="every dataset, inputs first")
    _range(parser)
    parser.set_defaults(command=command_in("tidemark.cli.sessions", "run"))


def _adopt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset")
    _reason_and_clock(parser)
    parser.set_defaults(command=command_in("tidemark.cli.manual", "adopt"))


def _erase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "value", nargs="+", metavar="COLUMN=VALUE", help="what the records have in the landed tables, all of them"
    )
    parser.add_argument("--reason", default=None, help="why; it is recorded, so it must not name the person")
    parser.add_argument("--plan-only", action="store_true", help="show what would be erased; nothing is written")
    parser.add_argument("--check", action="store_true", help="prove that nothing counts them; exits with 1 if not")
    parser.add_argument(
        "--release", default=None, metavar="NAME", help="check this release, or `main` (default: the newest release)"
    )
    add_json(parser)
    _clock(parser)
    parser.set_defaults(command=command_in("tidemark.cli.erase", "erase"))


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset")
    parser.add_argument("--through", required=True, metavar="INSTANT", help="complete before this UTC instant")
    _reason_and_clock(parser)
    parser.set_defaults(command=command_in("tidemark.cli.manual", "declare"))


def _wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset")
    parser.add_argument(
        "--through", required=True, metavar="INSTANT", help="complete before this UTC instant, in the table's own time"
    )
    parser.add_argument("--final", action="store_true", help="until no event that arrives in time can change it")
    parser.add_argument(
        "--deadline", default=None, metavar="DURATION", help="such as 2h or 45m; 0s looks once (default: none)"
    )
    parser.set_defaults(command=command_in("tidemark.cli.wait", "wait"))


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="TABLE")
    parser.add_argument("key", nargs="+", metavar="KEY=VALUE", help="columns of the grain, such as item_id=i7")
    add_json(parser)
    parser.set_defaults(command=command_in("tidemark.cli.explain", "explain"))


def _quarantined(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", default=None, metavar="TEXT", help="only records whose reason contains this text")
    parser.add_argument(
        "--since", default=None, metavar="INSTANT", help="only records that landed at this UTC instant or later"
    )
    parser.add_argument("--out", default=None, metavar="FOLDER", help="write the records to files in this folder")
    parser.set_defaults(command=command_in("tidemark.cli.quarantined", "quarantined"))


def _reason_and_clock(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="why; it is recorded")
    _clock(parser)


def _range(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="start", metavar="INSTANT", help="rebuild from this UTC instant (a backfill)")
    parser.add_argument("--to", dest="end", metavar="INSTANT", help="up to this UTC instant, exclusive")
    parser.add_argument(
        "--reason",
        default="asked for on the command line",
        help="why a range or the whole table is rebuilt; it is recorded",
    )
    parser.add_argument(
        "--resync", action="store_true", help="rebuild the table from everything that its inputs hold now"
    )
    _clock(parser)


def _clock(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clock", default=None, metavar="INSTANT", help="the instant that the run takes as now (default: now)"
    )
