"""`tidemark explain`: where a row comes from, down to the landed files."""

from __future__ import annotations

import argparse

from tidemark.cli.as_json import print_json
from tidemark.operate.lakes import open_existing_lake
from tidemark.operate.origin.chain import deliveries
from tidemark.operate.origin.explanation import explain_row
from tidemark.operate.origin.keys import read_keys
from tidemark.operate.origin.text import explanation_lines
from tidemark.settings import load_settings
from tidemark.settings.run_parameters import check_dataset
from tidemark.spec.load import load_specs
from tidemark.steps.context import find_spec


def explain(options: argparse.Namespace) -> int:
    """Print the chain behind the rows that have the given keys."""
    dataset = check_dataset(options.dataset)
    settings = load_settings()
    specs = load_specs(settings.schemas, settings.values)
    keys = read_keys(find_spec(specs, dataset), options.key)
    found = explain_row(open_existing_lake(settings), specs, dataset, keys)
    if options.json:
        print_json({"explanation": found, "files": list(deliveries(found.row))})
    else:
        print("\n".join(explanation_lines(found, specs)))
    return 0
