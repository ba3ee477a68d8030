"""Write the truth that the pipeline must not read: files under `<home>/truth/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from infra.demo.behaviour import CLICK, Actions
from infra.demo.files import parquet_bytes, write_file
from infra.demo.parameters import DEVICES, SHOWN, Parameters
from infra.demo.shop import HUMAN, KINDS, Shop, examination, known_weeks, trust
from infra.demo.visits import Requests


def write_truth(home: Path, shop: Shop) -> None:
    """Write grades, engine scores, click curves and clients, which are the same for all days."""
    _write(home, "grades", _grades(shop))
    _write(home, "propensities", propensity_truth(shop.parameters))
    clients = shop.clients
    device = [DEVICES[d] for d in clients.device]
    kind = [KINDS[k] for k in clients.kind]
    _write(home, "clients", pd.DataFrame({"client_id": clients.ids, "device": device, "kind": kind}))


def write_shown(home: Path, shop: Shop, requests: Requests, actions: Actions) -> None:
    """Write what people were shown on a day in the engine's own order, summed by pair."""
    usual = (shop.clients.kind[requests.client] == HUMAN) & requests.in_engine_order
    place = np.broadcast_to(np.arange(1, SHOWN + 1), requests.shown.shape)
    seen = usual[:, None] & (requests.shown >= 0)
    size = shop.pairs.grade.size
    shown = np.bincount(requests.shown[seen], minlength=size)
    places = np.bincount(requests.shown[seen], weights=place[seen], minlength=size).astype(np.int64)
    clicks = (actions.kind == CLICK) & usual[actions.request]
    clicked = np.bincount(requests.shown[actions.request[clicks], actions.place[clicks]], minlength=size)
    rows = np.flatnonzero(shown)
    frame = _names(shop).iloc[rows].assign(impressions=shown[rows], position_sum=places[rows], clicks=clicked[rows])
    _write(home, f"shown/{shop.parameters.date_of(requests.day)}", frame)


def propensity_truth(parameters: Parameters) -> pd.DataFrame:
    """Return the click curves, relative to the first place, before and after the drift.

    Columns: application, device, position, examination, propensity, from_day, to_day. `propensity` (examination x
    trust) is what an estimate from clicks can find.
    """
    rows: list[dict[str, Any]] = []
    for first, last in ((0, parameters.drift_day), (parameters.drift_day, None)):
        examined, trusted = examination(parameters, first), trust(parameters)
        for d, device in enumerate(DEVICES):
            for k in range(SHOWN):
                rows.append(
                    {
                        "application": parameters.application,
                        "device": device,
                        "position": k + 1,
                        "examination": examined[d, k],
                        "propensity": examined[d, k] * trusted[k],
                        "from_day": str(parameters.date_of(first)),
                        "to_day": str(parameters.date_of(last)) if last is not None else None,
                    }
                )
    return pd.DataFrame(rows)


def _grades(shop: Shop) -> pd.DataFrame:
    known = [str(shop.parameters.date_of(7 * int(week))) for week in known_weeks(shop)]
    return _names(shop).assign(
        grade=shop.pairs.grade,
        engine_score=shop.pairs.engine_score,
        clickbait=shop.pairs.clickbait,
        known_from=known,
    )


def _names(shop: Shop) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "application": shop.parameters.application,
            "query": [shop.queries.texts[q] for q in shop.pairs.query],
            "item_id": [shop.items.ids[i] for i in shop.pairs.item],
        }
    )


def _write(home: Path, name: str, frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    write_file(home / "truth" / f"{name}.parquet", parquet_bytes(table))
