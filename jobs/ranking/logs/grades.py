"""Reads human grades: each record once, on the scale that the current settings give its list."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ranking.blocks import setting
from ranking.logs.fields import with_query
from ranking.logs.scales import AS_GIVEN, Scale, read_scale, written

GRADERS: dict[str, Any] = {"machines": ["llm"]}
READ = (
    "query", "user_query", "item_id", "weight", "raw_grade", "source", "file_path", "judged_at", "dated", "arrived_at",
    "file_id",
)  # fmt: skip


def read_grades(judgments: DataFrame, params: Mapping[str, Any]) -> DataFrame:
    """Return one row per judgment: application, query, item_id, grade (0-4), weight, source, counts_from (timestamp).

    If a record lies in several files, the one that arrived last is used. A dated judgment counts from the later of
    `judged_at` and `arrived_at`, because nobody knew it before it arrived. An undated judgment counts as always known.
    A corrected scale and another setting `query_text` also apply to judgments that landed before. Raises ValueError if
    the current scales do not map a grade.
    """
    newest = F.max_by(F.struct(*READ), F.struct("arrived_at", "file_id"))
    once = judgments.groupBy("application", "record_id").agg(newest.alias("judgment"))
    graded = once.select("application", "judgment.*").withColumn("grade", _grade(params.get("grades") or {}))
    graded = with_query(graded, params)
    _refuse_unmapped(graded)
    since = F.when(F.col("dated"), F.greatest("judged_at", "arrived_at")).otherwise(F.col("judged_at"))
    weight = F.coalesce("weight", F.lit(1.0)).alias("weight")
    return graded.select("application", "query", "item_id", "grade", weight, "source", since.alias("counts_from"))


def machines(params: Mapping[str, Any]) -> frozenset[str]:
    """Return the sources whose grades a program gave. Their grades teach, but never judge a ranker."""
    return frozenset(setting(params, "graders", GRADERS)["machines"])


def by_people(machines: frozenset[str]) -> Column:
    """Return true for the judgments of all other sources."""
    return ~F.col("source").isin(*machines) if machines else F.lit(True)


def _grade(settings: Mapping[Any, Mapping[Any, Any]]) -> Column:
    """Map `raw_grade` by the scale for the name of its file, otherwise for its source, otherwise from 0 to 4."""
    scales = {str(name): read_scale(setting) for name, setting in settings.items()}
    raw = F.col("raw_grade").try_cast("double") + 0.0
    name = F.coalesce(_known(_list_name(), scales), _known(F.col("source"), scales), F.lit(""))
    chosen = ((name == known, _on(scale, raw)) for known, scale in scales.items())
    return reduce(lambda rest, each: F.when(*each).otherwise(rest), chosen, _on(AS_GIVEN, raw))


def _known(name: Column, scales: Mapping[str, Scale]) -> Column:
    return F.when(name.isin(*scales), name) if scales else F.lit(None).cast("string")


def _list_name() -> Column:
    """Return the name of the list, as `scales.list_name` does."""
    return F.substring_index(F.substring_index("file_path", "/", -1), ".", 1)


def _on(scale: Scale, raw: Column) -> Column:
    """Map a raw grade by a scale; null if it is not on the scale."""
    if scale.ends is None:
        entries = [F.lit(number) for pair in scale.points.items() for number in pair]
        return F.element_at(F.create_map(*entries), raw) if entries else F.lit(None).cast("double")
    least, most = scale.ends
    inside = (raw >= min(least, most)) & (raw <= max(least, most))
    return F.when(inside, (raw - least) * 4.0 / (most - least))


def _refuse_unmapped(graded: DataFrame) -> None:
    off = graded.where(F.col("grade").isNull())
    lists = off.groupBy("source", "file_path").agg(
        F.count("*").alias("count"), F.slice(F.sort_array(F.collect_set("raw_grade")), 1, 5).alias("raw_grades")
    )
    found = lists.orderBy("file_path", "source").limit(1).collect()
    if found:
        judgments = found[0]
        raise ValueError(
            f"search.yaml, grades: no scale maps {', '.join(judgments['raw_grades'])}, which are grades of "
            f"{judgments['count']} judgments of {written(judgments['source'])} in {judgments['file_path']}; add them "
            "to a scale under the name of the file (before its first dot) or of the source"
        )
