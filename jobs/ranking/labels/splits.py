"""Cuts in time and the exam: pure arithmetic on days and names.

A *cut* is a UTC day, the `window_end` of a label. The label counts what was shown in [window_start, window_end), and
the features of its example are those of the day `window_start`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from ranking import durations
from ranking.blocks import setting

_HASH_DIGITS = 8  # hexadecimal digits of the MD5 hash that give the bucket: 32 bits
_HASH_RANGE = 16**_HASH_DIGITS


def whole_days(duration: object) -> int:
    """Return a duration such as `28d` as a number of days. Raises ValueError if it is not a number of whole days."""
    length = durations.duration(duration)
    if length % timedelta(days=1):
        raise ValueError(f"{duration!r} is not a number of whole days; write it as 28d")
    return length.days


def cuts_after(day: Column, horizon: int, every: int, phase: int) -> Column:
    """Return the cuts (array of dates) in (day, day + horizon], which end the windows that contain `day`.

    A day is a cut if its number of days since 1970-01-01, modulo `every`, equals `phase`. `horizon` and `every` are
    numbers of days.
    """
    shown = F.unix_date(day)
    first = shown + 1 + F.pmod(F.lit(phase) - (shown + 1), F.lit(every))
    last = shown + F.lit(horizon)
    numbers = F.when(first <= last, F.sequence(first, last, F.lit(every))).otherwise(F.array().cast("array<int>"))
    return F.transform(numbers, lambda number: F.date_from_unix_date(number))


def is_exam(query: Column, share: float) -> Column:
    """Return true for the exam queries, whose human grades only evaluate and never train.

    A hash of the query text chooses them, so about the share `share` of the queries is in the exam, always the same.
    """
    bucket = F.conv(F.substring(F.md5(query), 1, _HASH_DIGITS), 16, 10).cast("long")
    return bucket < F.lit(int(share * _HASH_RANGE))


def bucket_of(text: str) -> float:
    """Return a number in [0, 1) that depends only on the text. `is_exam` is true if it is below the share."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return float(int(digest[:_HASH_DIGITS], 16) / _HASH_RANGE)


LABEL_DEFAULTS = {
    "cut_every": 7,  # days; the label horizon is a multiple of it
    "cut_phase": 0,  # a day is a cut if its number of days since 1970-01-01, modulo cut_every, equals this
    "pseudo_examinations": 30.0,  # weight of the prior, in expected examinations; 20 to 60 measured as good
    "exam_share": 0.2,  # share of the queries
    "calibrate_from": 50,  # grades of shown pairs that are needed to fit the map
}


@dataclass(frozen=True)
class LabelSettings:
    """The block `labels` of infra/search.yaml, and the label horizon in force in days (`horizon`)."""

    horizon: int
    cut_every: int
    cut_phase: int
    pseudo_examinations: float
    exam_share: float
    calibrate_from: int

    @classmethod
    def of(cls, params: Mapping[str, Any], horizon: int) -> "LabelSettings":
        """Read the settings from a transform's params. Raises ValueError for an unknown key."""
        return cls(horizon, **setting(params, "labels", LABEL_DEFAULTS))
