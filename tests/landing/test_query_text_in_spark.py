"""A column of query texts gets the normal form of each text, null included."""

from __future__ import annotations

import random

import pytest
from pyspark.sql import functions as F

from ranking.logs.fields import normalised
from ranking.logs.text import QueryText, normalise
from tests.landing.test_query_text import EVERY, FAMILY
from tidemark.engine.session import connect
from tidemark.settings import Settings

pytestmark = pytest.mark.spark
TEXTS = [
    None, "", " ", "Red  SHOES ", "red shoes\n", "\tA\rB", "I i", "İI", "Straße", "Ａ\u3000ｶﾞ", FAMILY, "a\u2028",
    "\x00a\x7f", "so\u00adfa", "กาแฟ\u200bเย็น", "\u200d", "~ !", "e\u0301\u0085",
]  # fmt: skip

DICE = random.Random(5)
LETTERS = [chr(point) for point in (*range(0xD800), *range(0xE000, 0x10000), *range(0x1F000, 0x20000))]
DRAWN = ["".join(DICE.choices(LETTERS, k=DICE.randrange(12))) for _ in range(500)]


@pytest.mark.parametrize("steps", [EVERY[0], *EVERY[7:60:13]], ids=str)
def test_spark_and_python_agree(steps: QueryText, settings: Settings) -> None:
    spark = connect(settings)
    frame = spark.createDataFrame([(n, text) for n, text in enumerate([*TEXTS, *DRAWN])], "n int, text string")
    found = frame.select("text", normalised(F.col("text"), steps).alias("normal")).collect()
    assert len(found) == len(TEXTS) + len(DRAWN)
    assert {row.text: row.normal for row in found} == {row.text: normalise(row.text or "", steps) for row in found}
