"""Places in the list as propensities and signals know them: 1-20 one by one, then bands by their first place."""

from pyspark.sql import Column
from pyspark.sql import functions as F

SINGLE = 20
BANDS = {21: 25.0, 31: 40.0, 51: 70.0}  # first place of the band -> the place that stands for it
PLACES = [*range(1, SINGLE + 1), *BANDS]
MIDDLES = [*map(float, range(1, SINGLE + 1)), *BANDS.values()]
ETA, ETA_LEAST, ETA_MOST = 0.7, 0.4, 1.2  # decay of examination; real logs lie near 0.7 (RANKING: Yandex clicks)


def band(position: Column) -> Column:
    """The place or the first place of the band that holds it; null stays null."""
    place = position
    for first in sorted(BANDS):
        place = F.when(position >= first, first).otherwise(place)
    return F.when(position.isNotNull(), place).cast("int")


def assumed_propensity(place: Column) -> Column:
    """How likely a click is at a place when nothing better is known: k^-0.7, 1 at the first place."""
    middle = place.cast("double")
    for first, stands_for in BANDS.items():
        middle = F.when(place == first, stands_for).otherwise(middle)
    return F.pow(middle, F.lit(-ETA))
