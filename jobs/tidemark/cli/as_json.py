"""The `--json` that every command that shows something takes: the same facts as its text, as one JSON object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from tidemark.state.codec import encode


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command take `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def print_json(facts: Mapping[str, Any]) -> None:
    """Print facts as one JSON object. Dataclasses become objects, instants ISO text in UTC (`state/codec.py`)."""
    print(json.dumps(encode(facts), indent=2, ensure_ascii=True))
