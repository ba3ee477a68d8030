"""Load specs from one file or from a folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tidemark.errors import SpecError
from tidemark.modes import MODES
from tidemark.spec.model import DatasetSpec, OnChange, Replace
from tidemark.spec.parse import values as read
from tidemark.spec.parse.checks import read_expectations
from tidemark.spec.parse.columns import read_columns
from tidemark.spec.parse.document import Item, read_document
from tidemark.spec.parse.inputs import read_inputs
from tidemark.spec.parse.partitions import read_partitions
from tidemark.spec.parse.sources import read_landing
from tidemark.spec.verify.between import check_between
from tidemark.spec.verify.within import check_within

KEYS = (
    "dataset",
    "why",
    "grain",
    "mode",
    "event_time",
    "known_time",
    "partition_by",
    "transform",
    "params",
    "settings",
    "inputs",
    "replace",
    "catch_up_limit",
    "max_range",
    "on_change",
    "fresh_within",
    "accounted_by",
    "landing",
    "columns",
    "expectations",
)
NEEDED = ("dataset", "why", "grain", "mode", "columns")
REPLACES: tuple[Replace, ...] = ("append", "whole")
ON_CHANGE: tuple[OnChange, ...] = ("rebuild", "from_now_on")


def load_spec(path: Path | str, values: Mapping[str, Any]) -> DatasetSpec:
    """Return the spec in a file. Each `$key` is replaced by that key's value.

    Raises SpecError, which names file, line, problem and remedy. Other specs are not looked at.
    """
    return _read(Path(path), values)[0]


def load_specs(folder: Path | str, values: Mapping[str, Any]) -> dict[str, DatasetSpec]:
    """Return all specs of a folder by dataset name, after checking them against each other. Raises SpecError."""
    paths = _files(Path(folder))
    found = [_read(path, values) for path in paths]
    specs = {spec.dataset: spec for spec, _ in found}
    check_between(specs, {spec.dataset: item for spec, item in found})
    return specs


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SpecError(f"{folder}: no such folder; set TIDEMARK_SCHEMAS to the folder that contains the specs")
    for path in sorted(folder.glob("*.yml")):
        raise SpecError(f"{path}: only .yaml files are read; rename it to {path.stem}.yaml")
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise SpecError(f"{folder}: contains no spec; set TIDEMARK_SCHEMAS to the folder that contains the specs")
    return paths


def _read(path: Path, values: Mapping[str, Any]) -> tuple[DatasetSpec, Item]:
    item = read_document(path)
    keys = read.block(item, KEYS, needed=NEEDED)
    mode = MODES[read.choice(keys["mode"], tuple(MODES))]
    columns = read_columns(keys["columns"])
    spec = DatasetSpec(
        dataset=read.dataset_name(keys["dataset"]),
        why=" ".join(read.text(keys["why"]).split()),
        grain=read.texts(keys["grain"]),
        mode=mode.name,
        columns=columns,
        path=path,
        event_time=read.text(keys["event_time"]) if "event_time" in keys else None,
        partition_by=read_partitions(keys["partition_by"]) if "partition_by" in keys else (),
        transform=read.function_name(keys["transform"]) if "transform" in keys else None,
        params=_params(keys["params"], values) if "params" in keys else {},
        settings=read.setting_names(keys["settings"], values) if "settings" in keys else (),
        inputs=read_inputs(keys["inputs"], values) if "inputs" in keys else {},
        replace=read.choice(keys["replace"], REPLACES) if "replace" in keys else mode.replaces,
        catch_up_limit=_positive(keys.get("catch_up_limit"), values, "how old a target hour may be, such as 60d"),
        max_range=_positive(keys.get("max_range"), values, "how much one session may rebuild, such as 30d"),
        on_change=read.choice(keys["on_change"], ON_CHANGE) if "on_change" in keys else "rebuild",
        known_time=read.text(keys["known_time"]) if "known_time" in keys else None,
        fresh_within=_positive(keys.get("fresh_within"), values, "how far it may be behind now, such as 3h"),
        accounted_by=read.function_name(keys["accounted_by"]) if "accounted_by" in keys else None,
        landing=read_landing(keys["landing"], values) if "landing" in keys else None,
        expectations=read_expectations(keys["expectations"], columns) if "expectations" in keys else (),
    )
    check_within(spec, item)
    return spec, item


def _params(item: Item, values: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(item.value, dict):
        raise item.error(f"params is {item.shown}", "write keys and values: params: {smoothing: 20}")
    return {key: read.resolved(entry, values) for key, entry in item.value.items()}


def _positive(item: Item | None, values: Mapping[str, Any], meaning: str) -> timedelta | None:
    return None if item is None else read.positive_duration(item, values, meaning)
