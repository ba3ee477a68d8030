"""The signals of a pair: what its traffic says about its relevance, smoothed and corrected for positions.

Rates are per expected examination, smoothed towards the rate of the query, which is smoothed towards the rate of the
application: (successes + strength * prior) / (examinations + strength). A pair without enough impressions has no
signals: all are NaN, as for a pair that nobody was shown.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

COUNTS = ("impressions", "clicks", "long_clicks", "carts", "purchases", "examination", "ripe_examination", "places")
"""The counts of a pair. `places` is the sum of the positions at which it was shown. `ripe_examination` counts each
examination by the share of its day's purchases that had arrived."""
OUTCOMES = {"clicks": 5.0, "long_clicks": 10.0, "carts": 30.0, "purchases": 60.0}
"""The strength of the prior of each rate, in examinations: rarer outcomes need more."""
CTR_STRENGTH, LONG_STRENGTH = 10.0, 5.0
"""The strength of the priors of clicks per impression (in impressions) and of long clicks per click (in clicks)."""
LOOKS = {"purchases": "ripe_examination"}
"""The examinations that an outcome is divided by, if they are not all. A fresh impression can have no purchase yet."""
RIPE = 0.5
"""Share of a pair's examinations that must be ripe. Below, its purchases are missing, and not few."""
ENOUGH = 10
"""Impressions from which a pair has signals."""
TINY = 1e-9
NAMES = (
    *(f"{name}_{kind}" for name in OUTCOMES for kind in ("rate", "relative")),
    "click_through_rate", "share_of_query_clicks", "long_clicks_per_click", "position_mean", "log_impressions",
)  # fmt: skip


def signals(pair: Mapping[str, Numbers], query: Mapping[str, Numbers], cut: Mapping[str, float]) -> Numbers:
    """Return the signals of each pair as a matrix with the columns `NAMES`.

    `pair`, `query` and `cut` hold the counts of the pair itself, of its whole query and of the whole cut.
    """
    columns: list[Numbers] = []
    for name, strength in OUTCOMES.items():
        examined = LOOKS.get(name, "examination")
        overall = cut[name] / max(cut[examined], TINY)
        of_query = smoothed(query[name], query[examined], overall, strength)
        missing = np.where(pair[examined] < RIPE * pair["examination"], np.nan, 0.0)
        columns.append(smoothed(pair[name], pair[examined], overall, strength) + missing)
        relative = smoothed(pair[name], pair[examined], of_query, strength) / np.maximum(of_query, TINY)
        columns.append(relative + missing)
    clicks, shown = pair["clicks"], pair["impressions"]
    columns += [
        smoothed(clicks, shown, cut["clicks"] / max(cut["impressions"], TINY), CTR_STRENGTH),
        clicks / np.maximum(query["clicks"], 1.0),
        smoothed(pair["long_clicks"], clicks, cut["long_clicks"] / max(cut["clicks"], TINY), LONG_STRENGTH),
        pair["places"] / np.maximum(shown, 1.0),
        np.log1p(shown),
    ]
    matrix = np.stack(columns, axis=1)
    matrix[shown < ENOUGH] = np.nan
    return matrix


def smoothed(successes: Numbers, trials: Numbers, prior: Numbers | float, strength: float) -> Numbers:
    """Return a rate that starts at `prior`, which weighs as much as `strength` trials."""
    return np.asarray((successes + strength * prior) / (trials + strength))
