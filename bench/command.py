"""Parse the command line `python -m bench [name [key=value ...] ...]`: the benches to run, and their sizes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any


class WrongArguments(ValueError):
    """A name or a size that does not exist. The message lists those that do."""


def read_command(arguments: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chosen benches with their sizes. Without arguments, return all benches.

    `known` maps each bench to its default sizes: a frozen dataclass whose fields are integers or tuples of integers.
    Raises WrongArguments.
    """
    if not arguments:
        return dict(known)
    chosen: dict[str, Any] = {}
    name = ""
    for argument in arguments:
        if "=" not in argument:
            name = argument
            if name not in known:
                raise WrongArguments(f"no bench has the name {name[:60]!r}; the benches are {', '.join(known)}")
            chosen[name] = known[name]
        elif not name:
            raise WrongArguments(f"{argument[:60]}: name the bench before its sizes, for example: {_example(known)}")
        else:
            chosen[name] = _with_size(chosen[name], argument, name)
    return chosen


def _with_size(sizes: Any, argument: str, name: str) -> Any:
    """Return the sizes with one of them changed, as an argument `key=value` says."""
    key, _, text = argument.partition("=")
    fields = {field.name for field in dataclasses.fields(sizes)}
    if key not in fields:
        raise WrongArguments(f"{name} has no size {key[:60]!r}; its sizes are {', '.join(sorted(fields))}")
    try:
        numbers = tuple(int(part.replace("_", "")) for part in text.split(","))
    except ValueError:
        raise WrongArguments(f"{name}: {argument[:60]!r} needs integers, for example: {written(sizes)}") from None
    if min(numbers) < 0 or (key == "repeats" and numbers[0] < 1):
        raise WrongArguments(f"{name}: {argument[:60]!r} is too small")
    several = isinstance(getattr(sizes, key), tuple)
    if not several and len(numbers) > 1:
        raise WrongArguments(f"{name}: {key} is one number, not {len(numbers)}")
    return dataclasses.replace(sizes, **{key: numbers if several else numbers[0]})


def written(sizes: Any) -> str:
    """Return sizes as they are written on the command line."""
    values = {field.name: getattr(sizes, field.name) for field in dataclasses.fields(sizes)}
    return " ".join(f"{key}={_text(value)}" for key, value in values.items())


def _text(value: Any) -> str:
    return ",".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


def _example(known: Mapping[str, Any]) -> str:
    name, sizes = next(iter(known.items()))
    return f"python -m bench {name} {written(sizes)}"
