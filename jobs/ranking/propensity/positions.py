"""Positions as propensities and signals group them: 1 to 20 one by one, then bands named by their first position."""

from pyspark.sql import Column
from pyspark.sql import functions as F

SINGLE = 20
BANDS = {21: 25.0, 31: 40.0, 51: 70.0}  # first position of the band -> the position that stands for the band
PLACES = [*range(1, SINGLE + 1), *BANDS]
MIDDLES = [*map(float, range(1, SINGLE + 1)), *BANDS.values()]
ETA, ETA_LEAST, ETA_MOST = 0.7, 0.4, 1.2  # of the curve k^-eta: assumed value and range (Yandex clicks: about 0.7)


def band(position: Column) -> Column:
    """Return the position itself up to 20, and the first position of its band beyond that. Null stays null."""
    place = position
    for first in sorted(BANDS):
        place = F.when(position >= first, first).otherwise(place)
    return F.when(position.isNotNull(), place).cast("int")


def assumed_propensity(place: Column) -> Column:
    """Return k^-0.7, the propensity that is assumed if no curve is known. Position 1 has 1.

    `place` is a position as `band` returns it.
    """
    middle = place.cast("double")
    for first, stands_for in BANDS.items():
        middle = F.when(place == first, stands_for).otherwise(middle)
    return F.pow(middle, F.lit(-ETA))
