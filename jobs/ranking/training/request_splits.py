"""Splits by user: divides search requests into training and test by the schemes of `ranking.training.schemes`.

Examples have no user, because a label sums over all users. A split by user works on search.interactions instead, for
example to evaluate a ranker on sessions. A request is a list, and its user is the cluster.
"""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from ranking.training import schemes
from ranking.training.scheme import DROPPED, Scheme
from ranking.training.schemes import Lists

COLUMNS = ("application", "client_id", "query_id", "shown_at")
NOBODY = "its user is not known"


def split_requests(interactions: pa.Table, scheme: Scheme, label_days: int) -> pa.Table:
    """Return the rows with the columns `split` and `why`. All rows of a request get the same part.

    A request is a query_id of an application. It begins with its first row, and its label is complete `label_days`
    later. The global temporal scheme tests on the newest days, which are the share `test_share` of all days with
    requests. Requests without a user are dropped. Raises ValueError for a scheme that is not by user.

    Args:
        interactions: Rows with the columns `COLUMNS`, in any order, for example of search.interactions.
        scheme: The scheme, with `by` set to `user`.
        label_days: How many days after a request the outcomes that are learnt from may still arrive.
    """
    if scheme.by != "user":
        raise ValueError(f"a split of requests is by user, but the scheme is by {scheme.by}; pass by='user'")
    asked = interactions.group_by(["application", "query_id"]).aggregate([("shown_at", "min"), ("client_id", "min")])
    known = asked.filter(asked["client_id_min"].is_valid())
    parts = schemes.assign(_lists(known, scheme, label_days), scheme)
    found = dict(zip(_keys(known, "query_id"), zip(parts.part, parts.why, strict=True), strict=True))
    rows = [found.get(key, (DROPPED, NOBODY)) for key in _keys(interactions, "query_id")]
    for place, name in enumerate(("split", "why")):
        interactions = interactions.append_column(name, pa.array([row[place] for row in rows], pa.string()))
    return interactions


def _lists(requests: pa.Table, scheme: Scheme, label_days: int) -> Lists:
    begins = requests["shown_at_min"].to_numpy().astype("datetime64[us]")
    days = begins.astype("datetime64[D]")
    every = np.unique(days)
    tested = max(1, round(scheme.test_share * len(every)))
    return Lists(
        name=np.array(_keys(requests, "query_id"), dtype=object),
        cluster=np.array(_keys(requests, "client_id_min"), dtype=object),
        begins=begins,
        ends=np.asarray(begins + np.timedelta64(label_days, "D"), dtype=begins.dtype),
        newest=np.isin(days, every[-tested:]),
    )


def _keys(rows: pa.Table, name: str) -> list[Any]:
    pairs = zip(rows["application"].to_pylist(), rows[name].to_pylist(), strict=True)
    return [json.dumps(pair) for pair in pairs]
