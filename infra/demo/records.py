"""Records of the demo logs, with the field names of UBI 1.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from infra.demo.behaviour import ACTIONS, CART, QUERY
from infra.demo.catalogue import Bools, Ints
from infra.demo.parameters import DEVICES
from infra.demo.shipping import Shipped
from infra.demo.shop import Shop
from infra.demo.visits import Requests

RETURN_MS = 1_800_000
"""A conversion later than this after the session's start belongs to a new session."""
_FIELDS = (
    "application", "action_name", "query_id", "client_id", "session_id", "user_query", "timestamp", "item",
    "position", "hits", "query_attributes",
)  # fmt: skip


@dataclass(frozen=True)
class Records:
    """Rows in order of arrival. `fields` holds a list of plain Python values per UBI field."""

    arrival_ms: Ints
    time_ms: Ints
    late: Bools
    double: Bools
    skewed: Bools
    is_query: Bools
    ids: list[str]
    fields: dict[str, list[Any]]

    def take(self, rows: NDArray[np.intp]) -> Records:
        """Return the records at these rows, in this order."""
        return Records(
            self.arrival_ms[rows],
            self.time_ms[rows],
            self.late[rows],
            self.double[rows],
            self.skewed[rows],
            self.is_query[rows],
            [self.ids[r] for r in rows],
            {name: [values[r] for r in rows] for name, values in self.fields.items()},
        )

    def __len__(self) -> int:
        """The number of records."""
        return len(self.ids)


def write_records(shop: Shop, shipped: Sequence[Shipped]) -> Records:
    """Return the records, sorted by arrival. Records with the same arrival keep the order of their days."""
    parts = [_records_of(shop, part) for part in shipped]
    whole = Records(
        np.concatenate([p.arrival_ms for p in parts]),
        np.concatenate([p.time_ms for p in parts]),
        np.concatenate([p.late for p in parts]),
        np.concatenate([p.double for p in parts]),
        np.concatenate([p.skewed for p in parts]),
        np.concatenate([p.is_query for p in parts]),
        [record_id for p in parts for record_id in p.ids],
        {name: [value for p in parts for value in p.fields[name]] for name in _FIELDS},
    )
    return whole.take(np.argsort(whole.arrival_ms, kind="stable"))


def _records_of(shop: Shop, part: Shipped) -> Records:
    requests, rows = part.requests, part.request.tolist()
    is_query = part.kind == QUERY
    texts = _request_texts(shop, requests, sorted(set(rows)))
    pair = requests.shown[part.request, np.maximum(part.place, 0)]
    items = [shop.items.ids[i] for i in shop.pairs.item[pair].tolist()]
    back = (part.kind >= CART) & (part.time_ms - requests.session_start_ms[requests.session[part.request]] > RETURN_MS)
    place = part.place.tolist()
    fields: dict[str, list[Any]] = {
        "application": [shop.parameters.application] * len(rows),
        "action_name": [ACTIONS[k] for k in part.kind.tolist()],
        "query_id": [texts[r].query_id for r in rows],
        "client_id": [texts[r].client_id for r in rows],
        "session_id": [
            texts[r].session_id + ("-return" if b else "") for r, b in zip(rows, back.tolist(), strict=True)
        ],
        "user_query": [texts[r].user_query for r in rows],
        "timestamp": _timestamps(part, requests.client[part.request]),
        "item": items,
        "position": [p + 1 for p in place],
        "hits": [texts[r].hits if q else None for r, q in zip(rows, is_query.tolist(), strict=True)],
        "query_attributes": [texts[r].attributes for r in rows],
    }
    ids = [f"{q}.{k}.{p}" for q, k, p in zip(fields["query_id"], part.kind.tolist(), place, strict=True)]
    return Records(part.arrival_ms, part.time_ms, part.late, part.double, part.skewed, is_query, ids, fields)


@dataclass(frozen=True)
class _RequestTexts:
    query_id: str
    client_id: str
    session_id: str
    user_query: str
    hits: list[str]
    attributes: dict[str, str]


def _request_texts(shop: Shop, requests: Requests, rows: list[int]) -> dict[int, _RequestTexts]:
    stamp = f"{shop.parameters.date_of(requests.day):%Y%m%d}{requests.label}"
    return {
        r: _RequestTexts(
            query_id=f"q{stamp}-{r:05d}",
            client_id=shop.clients.ids[requests.client[r]],
            session_id=f"s{stamp}-{requests.session[r]:05d}",
            user_query=_spell(shop.queries.texts[requests.query[r]], int(requests.spelling[r])),
            hits=[shop.items.ids[shop.pairs.item[p]] for p in requests.shown[r] if p >= 0],
            attributes=_attributes(shop, requests, r),
        )
        for r in rows
    }


def _attributes(shop: Shop, requests: Requests, row: int) -> dict[str, str]:
    result = {"device": DEVICES[shop.clients.device[requests.client[row]]]}
    if requests.sorted_by_user[row]:
        result["sort"] = "price_asc"
    if requests.filtered_by_user[row]:
        result["filters"] = "price:low"
    return result


def _spell(text: str, spelling: int) -> str:
    """Return the query in one of four spellings, which all normalise to the same text."""
    return (text, text.title(), text.upper(), f"{text.replace(' ', '  ', 1)} ")[spelling]


def _timestamps(part: Shipped, client: Ints) -> list[str | int]:
    """Return the timestamps: ISO with Z; for a tenth of the clients with +0000, for a tenth milliseconds since 1970."""
    iso = np.datetime_as_string(part.time_ms.astype("datetime64[ms]"), unit="ms").tolist()
    forms = (client % 10).tolist()
    whole = part.time_ms.tolist()
    return [
        ms if form == 1 else text + ("+0000" if form == 0 else "Z")
        for text, ms, form in zip(iso, whole, forms, strict=True)
    ]
