"""Behaviour features of a day: counts and rates over the 28 days before it, as known at its 00:00 UTC.

Each row of `exposures` adds integers to every day from the first day that may know it until 28 days after it was
shown. Examinations are summed as integers, in millionths. So no sum depends on the order of rows. Quotients are
rounded to 9 digits.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.propensity import positions
from ranking.traffic import exposures

WINDOWS = (1, 7, 28)
LONGEST = max(WINDOWS)
PAIR = ["application", "query", "item_id"]
MILLION = 1_000_000
OUTCOMES = {
    "clicked": "click_known_at", "long_clicked": "long_click_known_at", "carted": "cart_known_at",
    "purchased": "purchase_known_at",
}  # fmt: skip
COUNTS = {
    "impressions": ("shown", "seen_from"), "looks": ("looks", "seen_from"), "places": ("places", "seen_from"),
    "clicks": ("shown", "clicked_from"), "long_clicks": ("shown", "long_clicked_from"),
    "carts": ("shown", "carted_from"), "purchases": ("shown", "purchased_from"),
}  # fmt: skip
"""For each count: the column that it sums, and the column with the first day that may know it."""
Lookup = Callable[[str], Column]
Prior = Callable[[str, str], Column]


def known_sums(
    interactions: DataFrame, propensities: DataFrame, ranges: Iterable[tuple[datetime, datetime]]
) -> DataFrame:
    """Return one row per pair and day that has traffic known before that day.

    The columns are `<count>_<window>` (long) for each count and each window in days, and `last_clicked` (date), the
    last day on which the pair was shown and clicked. `looks` are expected examinations in millionths: each impression
    adds the propensity that was known when its own day began. `places` sums positions.
    """
    spread = F.explode(durations.target_days(F.col("seen_from"), F.date_add("shown_day", LONGEST), ranges))
    rows = _additions(interactions, propensities).withColumn("day", spread)
    age = F.date_diff("day", "shown_day")
    sums = [
        F.sum(F.when((age <= window) & (F.col(since) <= F.col("day")), F.col(added)).otherwise(0))
        .alias(f"{name}_{window}")
        for window in WINDOWS
        for name, (added, since) in COUNTS.items()
    ]  # fmt: skip
    clicked = F.max(F.when(F.col("clicked_from") <= F.col("day"), F.col("shown_day"))).alias("last_clicked")
    return rows.groupBy(*PAIR, "day").agg(*sums, clicked)


def _additions(interactions: DataFrame, propensities: DataFrame) -> DataFrame:
    """Sum the exposures that agree in pair, day shown and days of knowledge: `shown`, `looks` and `places`."""
    seen = exposures.of_clients(interactions).where(F.col("shown_by") != "click")
    curve = propensities.select("application", "day", "device", "position", "propensity")
    seen = seen.join(F.broadcast(curve), ["application", "day", "device", "position"], "left")
    looked = F.coalesce("propensity", positions.assumed_propensity(F.col("position")))
    next_day = F.date_add("day", 1)
    days = {"seen_from": F.greatest(exposures.knowable_from("impression_known_at"), next_day)}
    for outcome, known in OUTCOMES.items():
        days[f"{outcome}_from"] = F.when(F.col(known).isNotNull(), F.greatest(exposures.knowable_from(known), next_day))
    seen = seen.withColumns({**days, "shown_day": F.col("day"), "micro_looks": F.round(looked * MILLION).cast("long")})
    return seen.groupBy(*PAIR, "shown_day", *days).agg(
        F.count("*").alias("shown"), F.sum("micro_looks").alias("looks"), F.sum("position").alias("places")
    )


def features(sums: DataFrame, strength: float, click_strength: float) -> DataFrame:
    """Return the f_ columns (double) of each pair and day of `sums`.

    The counts of `sums` are null for a pair without traffic. A feature without the traffic that it needs is null.
    `strength` is the weight of the prior of a rate, in impressions or expected examinations. `click_strength` is the
    weight of the prior of the long-click rate, in clicks.
    """
    totals = _totals(["application"], "all_", (LONGEST,))
    totals |= _totals(["application", "query"], "query_", (LONGEST,))
    totals |= _totals(["application", "item_id"], "item_", (7, LONGEST))
    # One shuffle serves all totals, because each of their groups lies within one application and day.
    joined = sums.repartition("application", "day").withColumns(totals)
    columns: dict[str, Column] = {}
    for window in WINDOWS:
        columns |= _rates("", window, strength, click_strength)
    for window in (7, LONGEST):
        columns |= _rates("item_", window, strength, click_strength)
    columns |= _rates("query_", LONGEST, strength, click_strength)
    columns |= _of_pair()
    rounded = [F.round(value.cast("double"), 9).alias(f"f_{name}") for name, value in columns.items()]
    return joined.select(*PAIR, "day", *rounded)


def active_days(interactions: DataFrame, ranges: Iterable[tuple[datetime, datetime]]) -> DataFrame:
    """Return the days of each application on which it knew of at least one impression of the 28 days before."""
    known = exposures.countable(interactions).where(F.col("shown_by") != "click")
    days = known.withColumn("shown_day", F.to_date("shown_at"))
    days = days.select("application", "shown_day", exposures.knowable_from("impression_known_at").alias("known_from"))
    from_day = F.greatest("known_from", F.date_add("shown_day", 1))
    spread = durations.target_days(from_day, F.date_add("shown_day", LONGEST), ranges)
    return days.distinct().select("application", F.explode(spread).alias("day")).distinct()


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
