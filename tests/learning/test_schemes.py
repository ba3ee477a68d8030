"""Splits: no list is divided, tests come after training, gap and shares are kept, and the order of rows is nothing."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.training import schemes
from ranking.training.request_splits import NOBODY, split_requests
from ranking.training.scheme import IGNORE_TIME, SCHEMES, Scheme
from ranking.training.schemes import Lists, Parts, assign
from tidemark.errors import SettingsError
from tidemark.settings import CHECKOUT, load_settings

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2026-01-01")


def lists(pairs: list[tuple[int, int]], horizon: int = 14) -> Lists:
    """Return a list for each pair of query and week. All windows have the same length in days."""
    week = np.array([week for _, week in pairs], dtype=np.int64)
    begins = FIRST + 7 * week * DAY
    return Lists(
        name=np.array([f"{query} {week}" for query, week in pairs], dtype=object),
        cluster=np.array([f"query {query}" for query, _ in pairs], dtype=object),
        begins=begins,
        ends=begins + horizon * DAY,
        newest=week == week.max() if len(week) else np.zeros(0, bool),
    )


def taken(rows: Lists, order: Any) -> Lists:
    return Lists(**{name: values[order] for name, values in vars(rows).items()})


def by_name(rows: Lists, found: Parts) -> dict[str, tuple[str, str | None]]:
    return dict(zip(rows.name, zip(found.part, found.why, strict=True), strict=True))


PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12)), unique=True, max_size=60)
SCHEME = st.builds(
    Scheme,
    scheme=st.sampled_from(SCHEMES),
    test_share=st.sampled_from([0.1, 0.3, 0.6]),
    unseen=st.sampled_from(["keep", "drop"]),
    seed=st.integers(0, 5),
)


@given(PAIRS, SCHEME, st.sampled_from([7, 14, 28]), st.randoms())
def test_the_order_of_rows_changes_nothing(pairs: list[tuple[int, int]], scheme: Scheme, days: int, dice: Any) -> None:
    rows = lists(pairs, days)
    order = list(range(len(pairs)))
    dice.shuffle(order)
    turned = taken(rows, np.array(order, dtype=np.int64))
    assert by_name(turned, assign(turned, scheme)) == by_name(rows, assign(rows, scheme))


@given(PAIRS, SCHEME, st.sampled_from([7, 14, 28]), st.sampled_from(["0d", "7d", "30d"]))
def test_tests_come_after_training_and_the_gap_is_kept(
    pairs: list[tuple[int, int]], scheme: Scheme, days: int, gap: str
) -> None:
    scheme = replace(scheme, gap="0d" if scheme.scheme in IGNORE_TIME else gap)
    rows = lists(pairs, days)
    found = assign(rows, scheme)
    train, test = found.part == "train", found.part == "test"
    assert [why is None for why in found.why] == (train | test).tolist()
    if scheme.scheme in IGNORE_TIME:
        assert np.isnat(found.trains_until).all()
        return
    together = [np.ones(len(rows), bool)]
    if scheme.scheme != "global_temporal":
        together = [rows.cluster == name for name in np.unique(rows.cluster)]
    for same in together:
        if (train & same).any() and (test & same).any():
            assert rows.ends[train & same].max() + scheme.gap_before_test <= rows.begins[test & same].min()
    assert (rows.ends[train] <= found.trains_until[train])[~np.isnat(found.trains_until[train])].all()


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("scheme", ["random", "stratified", "temporal_stratified"])
def test_the_share_of_the_test_is_as_wished(scheme: str, share: float) -> None:
    rows = lists(list(itertools.product(range(300), range(7))), horizon=7)
    test = assign(rows, Scheme(scheme=scheme, test_share=share)).part == "test"
    assert abs(test.mean() - share) < 0.03
    if scheme != "random":
        shares = [test[rows.cluster == f"query {query}"].sum() for query in range(300)]
        assert set(shares) <= {int(7 * share), int(7 * share) + 1}


def test_each_scheme_of_a_small_table_by_hand() -> None:
    """Query 0 has lists of five weeks, query 1 of two, query 2 of the newest week only. Windows last two weeks."""
    rows = lists([(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (1, 2), (2, 4)])

    def parts(**settings: Any) -> str:
        return " ".join(assign(rows, Scheme(**settings)).part)

    assert parts() == "train train train gap test train train test"
    assert parts(gap="7d") == "train train gap gap test train gap test"
    assert parts(unseen="drop") == "train train train gap test train train dropped"
    assert parts(scheme="leave_last_out") == "train train train gap test train test train"
    late = parts(scheme="temporal_stratified", test_share=0.4)
    assert late.split()[:5] == ["train", "train", "gap", "test", "test"]
    assert late.split()[5:] in (["train", "train", "train"], ["train", "test", "train"]), "a share of one list is drawn"
    held = parts(disjoint="query", test_share=0.5).split()
    assert set(held[:3]) in ({"train"}, {"dropped"}), "a query trains or tests, never both"
    reasons = assign(rows, Scheme(unseen="drop")).why
    assert reasons[3] == schemes.OVERLAPS and reasons[7] == schemes.UNSEEN


@given(PAIRS, st.sampled_from(["random", "global_temporal"]), st.integers(0, 5))
def test_held_out_queries_never_train(pairs: list[tuple[int, int]], scheme: str, seed: int) -> None:
    rows = lists(pairs)
    part = assign(rows, Scheme(scheme=scheme, disjoint="query", test_share=0.4, seed=seed)).part
    assert not set(rows.cluster[part == "train"]) & set(rows.cluster[part == "test"])


@given(PAIRS, SCHEME)
def test_dropped_queries_have_nothing_to_train_on(pairs: list[tuple[int, int]], scheme: Scheme) -> None:
    rows = lists(pairs)
    found = assign(rows, scheme)
    trained = set(rows.cluster[found.part == "train"])
    assert not set(rows.cluster[found.why == schemes.UNSEEN]) & trained
    assert scheme.unseen == "keep" or set(rows.cluster[found.part == "test"]) <= trained


CHOICES = {
    "scheme": SCHEMES, "disjoint": ("none", "query"), "unseen": ("keep", "drop"), "gap": ("0d", "7d"),
}  # fmt: skip


@pytest.mark.parametrize("chosen", list(itertools.product(*CHOICES.values())), ids=" ".join)
def test_what_makes_no_sense_is_refused_by_the_settings_and_by_the_code(
    chosen: tuple[str, ...], tmp_path: Path
) -> None:
    """The home's file says only what differs from infra/search.yaml, so both are checked together."""
    given: dict[str, Any] = dict(zip(CHOICES, chosen, strict=True))
    (tmp_path / "search.yaml").write_text(json.dumps({"split": given}))
    sense = given["disjoint"] == "none" or (
        given["scheme"] in ("random", "global_temporal") and given["unseen"] == "keep"
    )
    sense = sense and (given["gap"] == "0d" or given["scheme"] not in IGNORE_TIME)
    if sense:
        assert load_settings({"TIDEMARK_HOME": str(tmp_path)}).values["split"]["scheme"] == Scheme(**given).scheme
        return
    with pytest.raises(ValueError, match=r"search\.yaml, split"):
        Scheme(**given)
    with pytest.raises(
        SettingsError, match=r"split\.(disjoint|unseen|gap) is '?(query|drop|7d)'?; write (none|keep|0d): "
    ):
        load_settings({"TIDEMARK_HOME": str(tmp_path)})


def test_a_split_of_examples_by_user_is_refused_with_what_to_call(tmp_path: Path) -> None:
    (tmp_path / "search.yaml").write_text("split: {by: user}")
    with pytest.raises(
        SettingsError, match=r"split\.by is user; write query: examples have no user\. To split by user, c"
    ):
        load_settings({"TIDEMARK_HOME": str(tmp_path)})


def test_two_files_that_fit_alone_but_not_together_are_refused(tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    values.write_text("split: {disjoint: query}")
    schema = (CHECKOUT / "infra" / "search.schema.yaml").read_text(encoding="utf-8")
    (tmp_path / "values.schema.yaml").write_text(schema)
    (tmp_path / "search.yaml").write_text("split: {scheme: leave_last_out}")
    with pytest.raises(SettingsError, match=r"search\.yaml: split\.disjoint is query; write none: the scheme divides"):
        load_settings({"TIDEMARK_HOME": str(tmp_path), "TIDEMARK_VALUES": str(values)})


def requests(users: int, days: int, seed: int = 1) -> pa.Table:
    """Return two shown items for each request; a user asks once a day, at any time."""
    dice = np.random.default_rng(seed)
    rows = [
        {"application": "shop", "client_id": f"u{user}" if user else None, "query_id": f"r{user}-{day}",
         "shown_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=int(dice.integers(80_000))),
         "item_id": item}
        for user in range(users) for day in range(days) for item in "ab"
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_requests_are_split_by_user(scheme: str) -> None:
    rows = requests(users=21, days=20)
    found = split_requests(rows, Scheme(scheme=scheme, by="user"), label_days=2)
    parts: dict[str, set[str]] = {}
    for row in found.to_pylist():
        parts.setdefault(row["query_id"], set()).add(row["split"])
        assert (row["why"] == NOBODY) == (row["client_id"] is None)
    assert all(len(part) == 1 for part in parts.values()), "the items of a request stay together"
    assert {"train", "test", "dropped"} <= set(found["split"].to_pylist())
    order = np.random.default_rng(3).permutation(found.num_rows)
    assert split_requests(rows.take(order), Scheme(scheme=scheme, by="user"), 2).equals(found.take(order))
    if scheme == "global_temporal":
        of = {part: found.filter(pc.equal(found["split"], pa.scalar(part)))["shown_at"] for part in ("train", "test")}
        assert pc.max(of["train"]).as_py() + timedelta(days=2) <= pc.min(of["test"]).as_py()


def test_a_split_of_requests_by_query_is_refused() -> None:
    with pytest.raises(ValueError, match="pass by='user'"):
        split_requests(requests(2, 2), Scheme(), 1)
