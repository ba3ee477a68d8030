"""Write records in the formats of UBI 1.3: JSON lines, OpenSearch bulk lines, Arrow tables."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from infra.demo.records import Records

ID_FIELD = "item_id"


def json_lines(records: Records) -> list[str]:
    """Return one JSON document per record."""
    quoted = {q: json.dumps(q) for q in set(records.fields["user_query"])}
    return [
        _query_line(quoted, *row) if query else _event_line(quoted, *row)
        for query, row in zip(records.is_query.tolist(), zip(*records.fields.values(), strict=True), strict=True)
    ]


def _query_line(quoted: dict[str, str], *row: Any) -> str:
    application, _, query_id, client_id, _, user_query, timestamp, _, _, hits, attributes = row
    return (
        f'{{"application":"{application}","query_id":"{query_id}","client_id":"{client_id}",'
        f'"user_query":{quoted[user_query]},"query_response_id":"r{query_id[1:]}",'
        f'"query_response_hit_ids":{json.dumps(hits)},"timestamp":{json.dumps(timestamp)},'
        f'"query_attributes":{json.dumps(attributes)}}}'
    )


def _event_line(quoted: dict[str, str], *row: Any) -> str:
    application, action, query_id, client_id, session_id, user_query, timestamp, item, position, _, _ = row
    when = timestamp if isinstance(timestamp, int) else f'"{timestamp}"'
    return (
        f'{{"application":"{application}","action_name":"{action}","query_id":"{query_id}",'
        f'"client_id":"{client_id}","session_id":"{session_id}","user_query":{quoted[user_query]},'
        f'"timestamp":{when},"message":"{action} {item}","event_attributes":'
        f'{{"object":{{"object_id":"{item}","object_id_field":"{ID_FIELD}"}},'
        f'"position":{{"ordinal":{position}}}}}}}'
    )


def bulk_lines(records: Records) -> list[str]:
    """Return the lines of an OpenSearch bulk file: before each document, the action that indexes it."""
    index = ("ubi_events", "ubi_queries")
    actions = [
        f'{{"index":{{"_index":"{index[query]}","_id":"{record_id}"}}}}'
        for query, record_id in zip(records.is_query.tolist(), records.ids, strict=True)
    ]
    return [line for both in zip(actions, json_lines(records), strict=True) for line in both]


def arrow_table(records: Records) -> pa.Table:
    """Return records of one kind (queries or events) as a table with typed timestamps and structs."""
    when = pa.array(records.time_ms.astype("datetime64[ms]")).cast(pa.timestamp("ms", tz="UTC"))
    f = records.fields
    columns: dict[str, Any] = {n: f[n] for n in ("application", "query_id", "client_id", "user_query")}
    if records.is_query.all():
        attributes = pa.struct([(n, pa.string()) for n in ("device", "sort", "filters")])
        columns["query_response_id"] = ["r" + q[1:] for q in f["query_id"]]
        columns["query_response_hit_ids"] = pa.array(f["hits"], pa.list_(pa.string()))
        columns["query_attributes"] = pa.array(f["query_attributes"], attributes)
    else:
        columns["action_name"], columns["session_id"] = f["action_name"], f["session_id"]
        columns["message"] = [f"{a} {i}" for a, i in zip(f["action_name"], f["item"], strict=True)]
        columns["event_attributes"] = [
            {"object": {"object_id": i, "object_id_field": ID_FIELD}, "position": {"ordinal": p}}
            for i, p in zip(f["item"], f["position"], strict=True)
        ]
    return pa.table({**columns, "timestamp": when})
