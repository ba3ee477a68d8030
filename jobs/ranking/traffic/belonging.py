"""Assigns each action to the showing that it belongs to, if several requests were made under one query_id.

A showing is the list of items that one request or one of its further pages showed. A query_id alone does not identify
it: users request further pages and edit their text, and some loggers give one id to many users. Of all showings under
the query_id of an action that lie within its reach in time, the action belongs to the one that matches best. These
criteria are compared in order:

1. The application is the same.
2. The client does not differ (it may be missing on either side).
3. The query text is the same. An action may name none.
4. The client is the same.
5. The showing returned the item of the action.
6. Time: the last showing before the action. If there is none, because clocks differ, the first one after it.

In two cases of doubt an action belongs to no showing:

- Several clients use the query_id, and neither the client nor the query text assigns the action to the showing.
- The application of the action differs from that of the showing. Exception: one of the two names no application,
  client or text agree, and no showing of another application has the query_id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from ranking import durations

UNKNOWN = "unknown"
"""The application of a record that names no application."""


@dataclass(frozen=True)
class Act:
    """An action as columns: `at` in microseconds since 1970; `query` and `client` are empty if it names none."""

    application: Column
    query: Column
    client: Column
    at: Column


@dataclass(frozen=True)
class Showing:
    """A showing as columns, like an action; `returned` is true if it returned the item of the action."""

    application: Column
    query: Column
    client: Column
    at: Column
    returned: Column


@dataclass(frozen=True)
class Reach:
    """How long before a showing (`before`) and after it (`after`) an action may lie, in microseconds."""

    before: int
    after: int

    @classmethod
    def of(cls, params: Mapping[str, Any], window: str) -> "Reach":
        """Read the reach from the params: `before` is `clock_skew`, `after` is the param that `window` names."""
        return cls(durations.micros(params["clock_skew"]), durations.micros(params[window]))

    def holds(self, act: Act, shown: Column) -> Column:
        """Return true if the action lies within reach of a showing at the instant `shown` (microseconds)."""
        return (act.at >= shown - self.before) & (act.at < shown + self.after)


def is_best(act: Act, showing: Showing, others: Column, reach: Reach, returned: Callable[[Column], Column]) -> Column:
    """Return true if the action belongs to the showing and to none of the `others`.

    `others` are the other showings of the query_id, as an array of structs with the fields application, query, client
    and at. The array is not null. `returned` maps such a struct to whether it returned the item of the action.
    """

    def beats(one: Column) -> Column:
        rival = Showing(one["application"], one["query"], one["client"], one["at"], returned(one))
        valid = reach.holds(act, rival.at) & _may_be_of(act, rival.application)
        return valid & (_evidence(act, rival) > _evidence(act, showing))

    same_client, same_text = _same_client(act, showing), _same_text(act, showing)
    identified = same_client | (same_text & ~_differ(act.client, showing.client))
    several_clients = F.exists(others, lambda one: _differ(one["client"], showing.client))
    other_application = F.exists(others, lambda one: one["application"] != showing.application)
    adopted = _may_be_of(act, showing.application) & (same_client | same_text) & ~other_application
    same_application = act.application == showing.application
    proven = (same_application | adopted) & (identified | ~several_clients)
    return reach.holds(act, showing.at) & proven & ~F.exists(others, beats)


def _evidence(act: Act, showing: Showing) -> Column:
    """Return a struct that compares greater the better a showing matches the action. No two showings are equal."""
    before = showing.at <= act.at
    return F.struct(
        act.application == showing.application,
        ~_differ(act.client, showing.client),
        _same_text(act, showing),
        _same_client(act, showing),
        showing.returned,
        before,
        F.when(before, showing.at).otherwise(-showing.at),
        showing.application,
        showing.query,
        showing.client,
    )


def _may_be_of(act: Act, application: Column) -> Column:
    """Return true if the action may be of an application: it is the same, or one of the two is unknown."""
    return (act.application == application) | (act.application == UNKNOWN) | (application == UNKNOWN)


def _same_client(act: Act, showing: Showing) -> Column:
    return (act.client != "") & (act.client == showing.client)


def _same_text(act: Act, showing: Showing) -> Column:
    return (act.query != "") & (act.query == showing.query)


def _differ(one: Column, other: Column) -> Column:
    return (one != "") & (other != "") & (one != other)
