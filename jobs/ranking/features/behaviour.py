"""Behaviour features of a day: counts and rates over the 28 days before it, as known at its 00:00 UTC.

Each row of the daily counts adds integers to every day from the first day that may know it until 28 days after the
item was shown. Examinations are summed as integers, in millionths. So no sum depends on the order of rows.
Quotients are rounded to 9 digits.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.propensity import positions
from ranking.traffic import daily_counts

WINDOWS = (1, 7, 28)
LONGEST = max(WINDOWS)
PAIR = ["application", "query", "item_id"]
MILLION = 1_000_000
COUNTS = ("impressions", "looks", "places", "clicks", "long_clicks", "carts", "purchases")
"""The sums. `looks` are expected examinations in millionths, `places` sums positions."""
SUMS = (*(f"{name}_{window}" for window in WINDOWS for name in COUNTS), "last_clicked")
"""The columns that `known_sums` adds to a pair and a day."""
SPANS = {"": WINDOWS, "item_": (7, LONGEST), "query_": (LONGEST,)}
"""Whose counts the features measure (the pair itself, its item, its query), each with its windows in days."""
MEASURES = (
    "impressions", "clicks", "ctr", "coec", "long_click_rate", "cart_rate", "purchase_rate", "position_mean",
)  # fmt: skip
NAMES = (
    *(f"f_{whose}{name}_{window}" for whose, windows in SPANS.items() for window in windows for name in MEASURES),
    f"f_share_of_query_clicks_{LONGEST}", "f_days_since_click",
)  # fmt: skip
"""The columns that `features` returns for a pair and a day."""
Lookup = Callable[[str], Column]
Prior = Callable[[str, str], Column]


def known_sums(counts: DataFrame, propensities: DataFrame, ranges: Iterable[tuple[datetime, datetime]]) -> DataFrame:
    """Return one row per pair and day that has traffic known before that day.

    The columns are `<count>_<window>` (long) for each count and each window in days, and `last_clicked` (date), the
    last day on which the pair was shown and clicked. An impression adds the propensity that was known when its own day
    began to `looks`.
    """
    spread = F.explode(durations.target_days(daily_counts.known_from(), F.date_add("shown_day", LONGEST), ranges))
    rows = _additions(counts, propensities).withColumn("day", spread)
    age = F.date_diff("day", "shown_day")
    sums = [
        F.sum(F.when(age <= window, F.col(name)).otherwise(0)).alias(f"{name}_{window}")
        for window in WINDOWS
        for name in COUNTS
    ]
    clicked = F.max(F.when(F.col("clicks") > 0, F.col("shown_day"))).alias("last_clicked")
    return rows.groupBy(*PAIR, "day").agg(*sums, clicked)


def _additions(counts: DataFrame, propensities: DataFrame) -> DataFrame:
    """Sum the counts of each pair, `shown_day` and `known_day` over devices, positions and ways of showing."""
    curve = propensities.select("application", "day", "device", "position", "propensity")
    keys = ["application", "day", "device", "position"]
    seen = daily_counts.evident(counts).join(F.broadcast(curve), keys, "left")
    looked = F.coalesce("propensity", positions.assumed_propensity(F.col("position")))
    looks = F.round(looked * MILLION).cast("long") * F.col("impressions")
    placed = seen.withColumns({"looks": looks, "places": F.col("position") * F.col("impressions")})
    sums = [F.sum(name).alias(name) for name in COUNTS]
    return placed.withColumnRenamed("day", "shown_day").groupBy(*PAIR, "shown_day", daily_counts.KNOWN).agg(*sums)


def features(sums: DataFrame, strength: float, click_strength: float) -> DataFrame:
    """Return the f_ columns (double) of each pair and day of `sums`.

    The counts of `sums` are null for a pair without traffic. A feature without the traffic that it needs is null.
    `strength` is the weight of the prior of a rate, in impressions or expected examinations. `click_strength` is the
    weight of the prior of the long-click rate, in clicks.
    """
    totals = _totals(["application"], "all_", (LONGEST,))
    totals |= _totals(["application", "query"], "query_", SPANS["query_"])
    totals |= _totals(["application", "item_id"], "item_", SPANS["item_"])
    # One shuffle serves all totals, because each of their groups lies within one application and day.
    joined = sums.repartition("application", "day").withColumns(totals)
    columns: dict[str, Column] = {}
    for whose, windows in SPANS.items():
        for window in windows:
            columns |= _rates(whose, window, strength, click_strength)
    columns |= _of_pair()
    rounded = [F.round(value.cast("double"), 9).alias(f"f_{name}") for name, value in columns.items()]
    return joined.select(*PAIR, "day", *rounded)


def active_days(counts: DataFrame, ranges: Iterable[tuple[datetime, datetime]]) -> DataFrame:
    """Return the days of each application on which it knew of at least one impression of the 28 days before."""
    known = daily_counts.evident(counts).where(F.col("impressions") > 0)
    days = known.select("application", "day", daily_counts.KNOWN).distinct()
    spread = durations.target_days(daily_counts.known_from(), F.date_add("day", LONGEST), ranges)
    return days.select("application", F.explode(spread).alias("day")).distinct()


def _totals(keys: list[str], whose: str, windows: Iterable[int]) -> dict[str, Column]:
    """Return the sum of each count over the rows that share `keys` and the day; `whose` prefixes the names."""
    group = Window.partitionBy(*keys, "day")
    return {f"{whose}{name}_{w}": F.sum(f"{name}_{w}").over(group) for w in windows for name in COUNTS}


def _rates(whose: str, window: int, strength: float, click_strength: float) -> dict[str, Column]:
    """Return counts, smoothed rates and the mean position of a pair, item or query (`whose`) over a window in days.

    A rate is (successes + weight * prior) / (trials + weight), where the prior is the rate of the application over
    the longest window. `coec`, clicks over expected clicks, is (clicks + 1) / (expected + 1), where `expected`
    is the number of examinations times the clicks per examination of the application.
    """

    def of(count: str) -> Column:
        return F.col(f"{whose}{count}_{window}")

    def prior(above: str, below: str) -> Column:
        return F.try_divide(F.col(f"all_{above}_{LONGEST}"), F.col(f"all_{below}_{LONGEST}"))

    def smoothed(above: str, below: str, weight: float) -> Column:
        return F.when(of(below) > 0, (of(above) + weight * prior(above, below)) / (of(below) + weight))

    looks = of("looks") / MILLION
    expected = looks * prior("clicks", "looks") * MILLION
    values = {
        "impressions": of("impressions"),
        "clicks": of("clicks"),
        "ctr": smoothed("clicks", "impressions", strength),
        "coec": F.when(of("impressions") > 0, (of("clicks") + 1) / (expected + 1)),
        "long_click_rate": smoothed("long_clicks", "clicks", click_strength),
        "cart_rate": _per_look("carts", of, prior, strength),
        "purchase_rate": _per_look("purchases", of, prior, strength),
        "position_mean": F.try_divide(of("places"), of("impressions")),
    }
    return {f"{whose}{name}_{window}": value for name, value in values.items()}


def _per_look(count: str, of: Lookup, prior: Prior, strength: float) -> Column:
    """Return a count per expected examination, smoothed; null without examinations."""
    looks = of("looks") / MILLION
    return F.when(looks > 0, (of(count) + strength * prior(count, "looks") * MILLION) / (looks + strength))


def _of_pair() -> dict[str, Column]:
    """Return the features that only a pair has."""
    total = F.col(f"query_clicks_{LONGEST}")
    return {
        f"share_of_query_clicks_{LONGEST}": F.try_divide(F.col(f"clicks_{LONGEST}"), total),
        "days_since_click": F.date_diff("day", "last_clicked"),
    }
