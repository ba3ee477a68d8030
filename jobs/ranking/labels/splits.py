"""Cuts in time, the exam and the splits: pure arithmetic on days, names and groups.

A *cut* is a day. Features of an example are those of its `window_start`, its label counts what was shown
in [window_start, window_end). Both ends are cuts' days in UTC.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column
from pyspark.sql import functions as F

from ranking import durations

TRAIN, GAP, TEST = "train", "gap", "test"
_HASH_DIGITS = 8  # hexadecimal digits of the md5 that a bucket is taken from: 32 bits
_HASH_RANGE = 16**_HASH_DIGITS

Days = npt.NDArray[np.datetime64]
Names = npt.NDArray[np.str_]
Groups = npt.NDArray[np.int64]


def whole_days(duration: object) -> int:
    """Whole days of a duration written as `28d`; ValueError for one that is no number of whole days."""
    length = durations.duration(duration)
    if length % timedelta(days=1):
        raise ValueError(f"{duration!r} is not a number of whole days; write it as 28d")
    return length.days


def cuts_after(day: Column, horizon: int, every: int, phase: int) -> Column:
    """The cut days (array of dates) in (day, day + horizon]: the ends of windows that hold `day`.

    A day is a cut when the number of days since 1970-01-01, modulo `every`, is `phase`.
    """
    shown = F.unix_date(day)
    first = shown + 1 + F.pmod(F.lit(phase) - (shown + 1), F.lit(every))
    last = shown + F.lit(horizon)
    numbers = F.when(first <= last, F.sequence(first, last, F.lit(every))).otherwise(F.array().cast("array<int>"))
    return F.transform(numbers, lambda number: F.date_from_unix_date(number))


def is_exam(query: Column, share: float) -> Column:
    """True for the fixed share of queries whose human grades only judge, never train (hash of the query)."""
    bucket = F.conv(F.substring(F.md5(query), 1, _HASH_DIGITS), 16, 10).cast("long")
    return bucket < F.lit(int(share * _HASH_RANGE))


def bucket_of(text: str) -> float:
    """A number in [0, 1) that depends on the text alone; below the share, `is_exam` is true of it."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return float(int(digest[:_HASH_DIGITS], 16) / _HASH_RANGE)


def global_temporal(window_start: Days, window_end: Days) -> Names:
    """One cut in time for all: `test` is the newest cut, `train` what ended before its window.

    All between is `gap`: its label window reaches into the test window. Rows of one (query, cut) never part.
    """
    if not len(window_end):
        return np.array([], dtype=np.str_)
    newest = window_end == window_end.max()
    test_begins = window_start[newest].min()
    return np.where(newest, TEST, np.where(window_end <= test_begins, TRAIN, GAP)).astype(np.str_)


def random_groups(group: Groups, usable: npt.NDArray[np.bool_], share: float, seed: int) -> Names:
    """The scheme that fools: whole groups drawn at random, whatever their day. Kept to print its distance."""
    names, place = np.unique(group, return_inverse=True)
    drawn = np.random.default_rng(seed).random(len(names)) < share
    return np.where(~usable, GAP, np.where(drawn[place], TEST, TRAIN)).astype(np.str_)


def setting(params: Mapping[str, Any], block: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The block of settings over its defaults; ValueError names a key that nobody reads."""
    given = dict(params.get(block) or {})
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        known = ", ".join(sorted(defaults))
        raise ValueError(f"search.yaml, {block}: unknown {', '.join(unknown)}; known are {known}")
    return {**defaults, **given}


LABEL_DEFAULTS = {
    "cut_every": 7,  # days; label_horizon is a multiple of it
    "cut_phase": 0,  # a day is a cut when its number since 1970-01-01, modulo cut_every, is this
    "pseudo_examinations": 30.0,  # expected looks that the prior weighs; 20-60 measured as good
    "exam_share": 0.2,  # of the queries
    "calibrate_from": 50,  # grades of shown pairs, from which the map is fitted
}


@dataclass(frozen=True)
class LabelSettings:
    """`labels` of infra/search.yaml with the durations, in days, that other datasets share."""

    horizon: int
    cut_every: int
    cut_phase: int
    pseudo_examinations: float
    exam_share: float
    calibrate_from: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "LabelSettings":
        """Read them from a transform's params; ValueError where the horizon is not a multiple of the cuts."""
        horizon = whole_days(params["label_horizon"])
        settings = cls(horizon, **setting(params, "labels", LABEL_DEFAULTS))
        if horizon % settings.cut_every:
            raise ValueError(
                f"search.yaml: label_horizon ({horizon}d) is not a multiple of labels.cut_every "
                f"({settings.cut_every}); training could then never start where a test window begins"
            )
        return settings
