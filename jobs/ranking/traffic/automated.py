"""Clients whose day looks like that of a program: by how often, how regularly and how indiscriminately they act.

A client and day is judged at the end of each known day on which something about it became known, from what was known
then. So a record that arrives later never changes an earlier verdict. Clients without an id cannot be judged. A client
that bought something by then is a person.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from ranking import durations
from ranking.blocks import setting

CLIENT_DAY = ["application", "client_id", "day"]
KNOWN = "known_day"
DEFAULTS: dict[str, Any] = {
    "requests_a_day": 300,
    "requests_a_minute": 30,
    "regular_requests": 10,
    "regular_spread": 0.05,
    "items_without_click": 3000,
    "clicked_items": 30,
    "clicked_share": 0.8,
}
OUTCOMES = ("click_known_at", "long_click_known_at", "cart_known_at", "purchase_known_at")


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> DataFrame:
    """Return one row per client, day and known day that a rule of `automated` matches. Input: interactions."""
    rules = setting(params, "automated", DEFAULTS)
    wanted = inputs["interactions"].where(durations.instants_within(F.col("shown_at"), params["ranges"]))
    shown = wanted.where(F.col("client_id").isNotNull()).withColumn("day", F.to_date("shown_at"))
    daily = _suspects(shown, rules)
    known = shown.join(daily, CLIENT_DAY, "left_semi").withColumn(
        KNOWN, F.greatest(F.to_date("impression_known_at"), "day")
    )
    figures = _running(_actions(known).join(_requests(known), [*CLIENT_DAY, KNOWN], "left"))
    broken = F.array_compact(F.array(*(F.when(rule, F.lit(name)) for name, rule in _rules(rules).items())))
    judged = figures.withColumn("rules", F.array_join(broken, ", "))
    judged = judged.where((F.col("purchases") == 0) & (F.col("rules") != ""))
    return judged.select(*CLIENT_DAY, KNOWN, "rules", "requests", "busiest_minute", "items", "clicked_items")


def without(exposures: DataFrame, verdicts: DataFrame, known: Column) -> DataFrame:
    """Return the exposures whose client was not judged to be a program by what was known on the day `known`."""
    return marked(exposures, verdicts, known, "left_out").where(F.col("left_out").isNull()).drop("left_out")


def marked(exposures: DataFrame, verdicts: DataFrame, known: Column, name: str) -> DataFrame:
    """Add the column `name`: true if the client was judged to be a program on the day `known`, otherwise null."""
    judged = verdicts.select(*CLIENT_DAY, F.col(KNOWN).alias("judged_day"), F.lit(True).alias(name))
    return (
        exposures.withColumn("judged_day", known).join(judged, [*CLIENT_DAY, "judged_day"], "left").drop("judged_day")
    )


def _suspects(shown: DataFrame, rules: Mapping[str, Any]) -> DataFrame:
    """Return the clients and days that a rule can match at all. They are few, and only they are looked at closely."""
    requests = F.count_distinct("query_id", "shown_at")
    sums = {"items": F.count(F.lit(1)), "clicked": F.count_if(F.col("clicks") > 0), "requests": requests}
    daily = shown.groupBy(*CLIENT_DAY).agg(*(value.alias(name) for name, value in sums.items()))
    few = [_least(rules[name]) for name in ("requests_a_day", "requests_a_minute", "regular_requests")]
    possible = [
        F.col("requests") >= min(few),
        F.col("items") >= _least(rules["items_without_click"]),
        F.col("clicked") >= rules["clicked_share"] * _least(rules["clicked_items"]),
    ]
    return daily.where(durations.any_of(possible)).select(*CLIENT_DAY)


def _least(setting: int | None) -> int:
    """Return the least number that a rule matches. A rule that is switched off matches none."""
    return 2**62 if setting is None else setting


def _actions(shown: DataFrame) -> DataFrame:
    """Return how many items, clicked items and bought items of a client and day became known on each known day.

    Nothing is known of an item before it is known that it was shown.
    """
    days = {name: F.when(F.col(name).isNotNull(), F.greatest(F.to_date(name), KNOWN)) for name in OUTCOMES}
    dated = shown.withColumns(days)
    news = F.explode(F.array_distinct(F.array_compact(F.array(KNOWN, *OUTCOMES))))
    counted = {"items": KNOWN, "clicked_items": "click_known_at", "purchases": "purchase_known_at"}
    sums = (F.count_if(F.col(day) == F.col("news_day")).alias(name) for name, day in counted.items())
    spread = dated.withColumn("news_day", news)
    return spread.groupBy(*CLIENT_DAY, "news_day").agg(*sums).withColumnRenamed("news_day", KNOWN)


def _requests(shown: DataFrame) -> DataFrame:
    """Return the number, the busiest minute and the gaps of the requests that became known on the same day.

    A gap is the time between neighbours, in milliseconds.
    """
    one = shown.groupBy(*CLIENT_DAY, "query_id", "shown_at").agg(F.min(KNOWN).alias(KNOWN))
    in_time = Window.partitionBy(*CLIENT_DAY, KNOWN).orderBy("shown_at", "query_id")
    at = F.unix_millis("shown_at")
    in_minute = Window.partitionBy(*CLIENT_DAY, KNOWN, F.floor(at / 60_000))
    found = one.withColumns({"gap": at - F.lag(at).over(in_time), "in_minute": F.count(F.lit(1)).over(in_minute)})
    return found.groupBy(*CLIENT_DAY, KNOWN).agg(
        F.count(F.lit(1)).alias("requests"),
        F.max("in_minute").alias("busiest_minute"),
        F.count("gap").alias("gaps"),
        F.sum("gap").alias("gap_sum"),
        F.sum(F.col("gap") * F.col("gap")).alias("gap_squares"),
    )


def _running(figures: DataFrame) -> DataFrame:
    """Return the figures of each known day together with those of the days before it."""
    so_far = Window.partitionBy(*CLIENT_DAY).orderBy(KNOWN).rowsBetween(Window.unboundedPreceding, 0)
    sums = ("items", "clicked_items", "purchases", "requests", "gaps", "gap_sum", "gap_squares")
    totals = {name: F.coalesce(F.sum(name).over(so_far), F.lit(0)) for name in sums}
    return figures.withColumns({**totals, "busiest_minute": F.max("busiest_minute").over(so_far)})


def _rules(rules: Mapping[str, Any]) -> dict[str, Column]:
    """Return the condition of each rule that is on, by its name."""
    share = F.col("clicked_items") / F.col("items")
    conditions = {
        "requests_a_day": F.col("requests") >= F.lit(rules["requests_a_day"]),
        "requests_a_minute": F.col("busiest_minute") >= F.lit(rules["requests_a_minute"]),
        "regular_requests": (F.col("gaps") + 1 >= F.lit(rules["regular_requests"])) & _even(rules["regular_spread"]),
        "items_without_click": (F.col("clicked_items") == 0) & (F.col("items") >= F.lit(rules["items_without_click"])),
        "clicked_items": (F.col("items") >= F.lit(rules["clicked_items"])) & (share >= rules["clicked_share"]),
    }
    return {name: condition for name, condition in conditions.items() if rules[name] is not None}


def _even(spread: float) -> Column:
    """Return true if the standard deviation of the gaps is at most `spread` of their mean, and the mean is not 0.

    Logs with times in whole days have only gaps of 0.
    """
    count, total, squares = (F.col(name).cast("double") for name in ("gaps", "gap_sum", "gap_squares"))
    return (total > 0) & (count * squares - total * total <= spread * spread * total * total)
