"""`tidemark alerts test` and `rehearse`: try the channels, and see what would be told at a given time."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tidemark.operate.lakes import open_existing_lake
from tidemark.settings import Settings, load_settings
from tidemark.settings.run_parameters import parse_instant_parameter
from tidemark.support.text import count

if TYPE_CHECKING:
    from tidemark.airflow.alerting.channels import Sent


def test(options: argparse.Namespace) -> int:
    """Send a test message. Return 0, or 1 if a configured channel did not take it."""
    settings = _prepared()
    from tidemark.airflow.alerting.channels import send
    from tidemark.operate.alerts.alert import trial_alert

    return _print([send(trial_alert("tidemark alerts test"), settings)])


def rehearse(options: argparse.Namespace) -> int:
    """Send what would be told at the time `options.at`. Return 0, or 1 if a configured channel did not take a message.

    Raises RequestRefused if the time is not an instant.
    """
    at = parse_instant_parameter(options.at, "at")
    settings = _prepared()
    from tidemark.airflow.alerting.watching import rehearse

    logging.getLogger("tidemark").setLevel(logging.INFO)  # so that the terminal shows the messages
    sent = rehearse(settings, open_existing_lake(settings), at)
    print(f"{count(len(sent), 'message')} would be told then")
    return _print(sent)


def _prepared() -> Settings:
    """Return the settings, with Airflow's home in the environment and the log on the terminal."""
    settings = load_settings()
    os.environ.setdefault("AIRFLOW_HOME", str(settings.airflow))
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.ERROR, force=True)
    return settings


def _print(sent: Iterable[Sent]) -> int:
    """Print for each message which channel took it. Return 1 if one did not."""
    failed = False
    for each in sent:
        print("\n".join(f"{name}: sent" for name in each.took))
        for name, why in each.failed.items():
            print(f"{name}: not sent: {why}")
        failed = failed or bool(each.failed)
    return 1 if failed else 0
