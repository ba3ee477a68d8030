"""The named worlds, and the options that change one parameter of a world each.

An option is an argument such as `--swaps 0.05`, or a variable of `make world` such as SWAPS=0.05.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.demo.parameters import CHOICES, POLICIES

WORLDS: dict[str, dict[str, Any]] = {
    "easy": {"policy": "easy"},
    "plain": {"policy": "plain"},
    "stuck": {"policy": "stuck"},
    "hard": {"policy": "plain", "clickbait": "hard", "clickbait_dwell": 0.0},
}
"""easy: jitter in every request. plain: a fixed order with exchanges. stuck: neither. hard: plain with twice the
clickbait, half of it caused by item attributes, and it does not shorten the stay."""
REQUESTS_PER_SESSION = 1.6
NO_DRIFT = 1_000_000
"""The `drift_day` of a world without a drift."""


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _requests(text: str) -> int:
    return round(float(text) * REQUESTS_PER_SESSION)


def _drift(text: str) -> int:
    return NO_DRIFT if text == "never" else int(text)


@dataclass(frozen=True)
class Option:
    """An option: the parameter that it sets, how its text is read, and what it means."""

    name: str
    parameter: str
    read: Callable[[str], Any]
    means: str
    choices: tuple[str, ...] | None = None


OPTIONS = (
    Option("scale", "scale", float, "factor on the traffic (default 1.0)"),
    Option("seed", "seed", int, "another seed gives another world (default 7)"),
    Option("policy", "policy", str, "how the engine orders items (default plain)", POLICIES),
    Option("sessions", "requests_a_day", _requests, "people's sessions a day, of 1.6 requests each (default 375)"),
    Option("queries", "base_queries", int, "number of queries, for a scale of 1 (default 320)"),
    Option("cold", "cold_queries", float, "share of the queries that nobody sends (default 0.12)"),
    Option("eta", "eta", _numbers, "examination is k^-eta: one number for desktop, one for phone (default 0.6,0.85)"),
    Option("eta-after", "eta_after_drift", _numbers, "the same after the drift (default 0.6,1.1)"),
    Option("drift", "drift_day", _drift, "day on which examination and clickbait change, or never (default 60)"),
    Option("swaps", "exchange", float, "share of the requests with two items exchanged, if plain (default 0.02)"),
    Option("trust", "trust_bias", float, "how much people over-click the first place (default 0.15)"),
    Option("clickbait", "clickbait", str, "hard: twice as much, half of it by pictures and titles", ("usual", "hard")),
    Option("bait", "clickbait_sigma", float, "standard deviation of the logarithm of clickbait (default 0.6)"),
    Option("lateness", "outages_a_day", float, "chance of an outage on a day; its records come late (default 0.2)"),
    Option("bots", "odd_clients", float, "bots, scrapers and self-clicking sellers of each kind (default 2)"),
    Option("grades", "grades", int, "number of human grades (default 500)"),
    Option("choice", "grade_choice", str, "how the graded pairs are chosen (default random)", CHOICES),
    Option("flips", "grade_flips", float, "share of the grades that are wrong (default 0.1)"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--world` and all options to the parser."""
    parser.add_argument("--world", choices=tuple(WORLDS), help="a world by name; options change single parameters")
    for option in OPTIONS:
        parser.add_argument(f"--{option.name}", type=option.read, choices=option.choices, help=option.means)


def asked_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters that a command line sets: those of the named world, changed by the other options."""
    given = {o.parameter: getattr(options, o.name.replace("-", "_")) for o in OPTIONS}
    return {**WORLDS.get(options.world, {}), **{name: value for name, value in given.items() if value is not None}}


def arguments_of(env: Mapping[str, str]) -> list[str]:
    """Return the arguments that the variables of `make world` stand for: `make` or `extend`, and its options.

    Without a world or an option, DAYS more days are added to the demo.
    """
    named = {name: env.get(name.upper().replace("-", "_")) for name in ("world", *(o.name for o in OPTIONS))}
    given = [part for name, value in named.items() if value for part in (f"--{name}", value)]
    days = ["--days", env["DAYS"]] if env.get("DAYS") else []
    return ["make", *days, *given] if given else ["extend", *days]
