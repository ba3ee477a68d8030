"""Which showing an act belongs to, where several requests were made under one query_id.

A query_id alone proves little: people page on, edit their text, and some loggers give one id to many users. So of all
showings under an act's query_id that lie in its window, the act belongs to the one that fits best, by

1. the application,
2. a client that is not another one,
3. the query text, where the act names one,
4. the client, where both name it,
5. the item, where the showing's answer holds it,
6. time: the last one before the act, else (clocks differ) the first one after it.

Where this leaves a doubt the act belongs to none: to another client's showing while several clients use the id, and
to a showing of another application, unless one of the two names none, client or text agree, and no third has the id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from ranking import durations

UNKNOWN = "unknown"
"""The application of a record that names none."""


@dataclass(frozen=True)
class Act:
    """An act as columns: `at` in microseconds since 1970, `query` and `client` empty where it names none."""

    application: Column
    query: Column
    client: Column
    at: Column


@dataclass(frozen=True)
class Showing:
    """A showing as columns, like an act; `returned` is true where its answer holds the act's item."""

    application: Column
    query: Column
    client: Column
    at: Column
    returned: Column


@dataclass(frozen=True)
class Reach:
    """How far before its showing an act may be stamped, and how long after it an act counts, in microseconds."""

    before: int
    after: int

    @classmethod
    def of(cls, params: Mapping[str, Any], window: str) -> "Reach":
        """From the params `clock_skew` and `window`."""
        return cls(durations.micros(params["clock_skew"]), durations.micros(params[window]))

    def holds(self, act: Act, shown: Column) -> Column:
        """True where the act lies in reach of what was shown at an instant."""
        return (act.at >= shown - self.before) & (act.at < shown + self.after)


def is_best(act: Act, showing: Showing, others: Column, reach: Reach, returned: Callable[[Column], Column]) -> Column:
    """True where the act belongs to the showing and to none of the `others`.

    `others` is an array of structs with the fields application, query, client and at, and not null; `returned` says
    whether the answer of one of them holds the act's item.
    """

    def beats(one: Column) -> Column:
        rival = Showing(one["application"], one["query"], one["client"], one["at"], returned(one))
        valid = reach.holds(act, rival.at) & _may_be_of(act, rival.application)
        return valid & (_evidence(act, rival) > _evidence(act, showing))

    same_client, same_text = _same_client(act, showing), _same_text(act, showing)
    told = same_client | (same_text & ~_differ(act.client, showing.client))
    several_clients = F.exists(others, lambda one: _differ(one["client"], showing.client))
    elsewhere = F.exists(others, lambda one: one["application"] != showing.application)
    joined = _may_be_of(act, showing.application) & (same_client | same_text) & ~elsewhere
    at_home = act.application == showing.application
    proven = (at_home | joined) & (told | ~several_clients)
    return reach.holds(act, showing.at) & proven & ~F.exists(others, beats)


def _evidence(act: Act, showing: Showing) -> Column:
    """How well a showing fits an act; of two the greater fits better. No two showings give the same."""
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
    return (act.application == application) | (act.application == UNKNOWN) | (application == UNKNOWN)


def _same_client(act: Act, showing: Showing) -> Column:
    return (act.client != "") & (act.client == showing.client)


def _same_text(act: Act, showing: Showing) -> Column:
    return (act.query != "") & (act.query == showing.query)


def _differ(one: Column, other: Column) -> Column:
    return (one != "") & (other != "") & (one != other)
