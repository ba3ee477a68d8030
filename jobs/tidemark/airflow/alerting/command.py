"""`tidemark alerts test`: send one test message through every configured channel."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from tidemark.settings import load_settings


def test(options: argparse.Namespace) -> int:
    """Send a test message. Return 0, or 1 if a configured channel did not take it."""
    settings = load_settings()
    os.environ.setdefault("AIRFLOW_HOME", str(settings.airflow))
    from tidemark.airflow.alerting.channels import send
    from tidemark.operate.alerts.alert import trial_alert

    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.ERROR, force=True)
    sent = send(trial_alert("tidemark alerts test"), settings)
    print("\n".join(f"{name}: sent" for name in sent.took))
    for name, why in sent.failed.items():
        print(f"{name}: not sent: {why}")
    return 1 if sent.failed else 0
