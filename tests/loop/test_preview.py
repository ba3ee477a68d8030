"""The preview of a rebuild states what the rebuild then touches, and refuses a range that holds nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.accounts.names import CANCELS, PLANS, SIGNUPS
from tests.accounts.world import Accounts, Event, as_request, hours
from tidemark.errors import RequestRefused
from tidemark.operate.preview import Files, Preview, count_partitions, followers, is_large, preview
from tidemark.operate.preview_text import preview_lines
from tidemark.state.cause import Resync

pytestmark = [pytest.mark.loop, pytest.mark.spark]

STATES, FACTS = "accounts.account_states", "accounts.signups"


@pytest.fixture
def built(accounts: Accounts) -> Accounts:
    """States of the hours 1 to 7 of two accounts."""
    accounts.append(SIGNUPS, [Event("s", "a", 1.5), Event("t", "b", 2.5)], complete=7)
    accounts.append(PLANS, [Event("p", "a", 5.5, "max")], complete=7)
    accounts.append(CANCELS, [], complete=7)
    accounts.run(STATES)
    return accounts


def previewed(built: Accounts) -> Preview:
    found = preview(built.context, STATES, as_request(3, 5))
    assert found is not None
    return found


def test_the_preview_states_the_partitions_and_rows_that_the_rebuild_replaces(built: Accounts) -> None:
    heads = {name: built.head(name) for name in (STATES, SIGNUPS)}
    in_range = [row for row in built.rows(STATES) if hours(3, 5).start <= row["hour"] < hours(3, 5).end]

    found = previewed(built)

    assert {name: built.head(name) for name in heads} == heads
    assert found.ranges == (hours(3, 5),) and found.partitions == 3
    assert (found.replaced.rows, found.replaced.files) == (len(in_range), 3) and found.replaced.size > 0
    assert {i.dataset for i in found.plan.inputs.values()} == {SIGNUPS, PLANS, CANCELS}
    assert found.read["signups"].rows == 2, "a state needs everything before it"
    assert not is_large(found)
    done = built.run(STATES, as_request(3, 5))
    assert done.plan.ranges == found.ranges


def test_the_expected_time_is_that_of_past_rebuilds(built: Accounts) -> None:
    found = previewed(built)
    assert found.measured == 1 and found.expected is not None and found.expected > timedelta(0)
    assert any(line.startswith("expected time: about ") for line in preview_lines(found))


def test_a_resync_says_nothing_about_the_time_of_a_rebuild(built: Accounts) -> None:
    built.run(STATES, Resync("to be sure"))
    assert previewed(built).measured == 1


def test_each_line_of_the_preview_is_a_fact_about_the_tables(built: Accounts) -> None:
    lines = preview_lines(previewed(built))
    assert lines[0].startswith(f"{STATES}: rebuilds 3 partitions: 2026-04-12T03:00Z")
    assert lines[1].endswith(f" in 3 files of {STATES}")
    assert lines[-1].startswith("then follow, as far as rows differ: ")


def test_the_preview_counts_the_partitions_that_have_rows(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s", "a", 1.5), Event("t", "b", 5.5)], complete=7)
    accounts.run(FACTS)
    found = preview(accounts.context, FACTS, as_request(1, 7))
    assert found is not None
    assert (found.partitions, found.filled) == (7, 2)
    assert ": rebuilds 7 partitions, 2 of which have rows: " in preview_lines(found)[0]


def test_a_range_in_which_neither_the_table_nor_its_inputs_have_rows_is_refused(accounts: Accounts) -> None:
    accounts.append(SIGNUPS, [Event("s", "a", 5.5)], complete=7)
    accounts.run(FACTS)
    with pytest.raises(RequestRefused, match=r"from, to: .* holds nothing for accounts\.signups"):
        preview(accounts.context, FACTS, as_request(1, 2))


def test_a_range_that_is_not_built_yet_is_refused(built: Accounts) -> None:
    with pytest.raises(RequestRefused, match="lies after what is built"):
        preview(built.context, STATES, as_request(10, 12))


def test_a_source_is_not_rebuilt_by_ranges(built: Accounts) -> None:
    with pytest.raises(RequestRefused, match=f"dataset: {SIGNUPS} is source and is not rebuilt by ranges"):
        preview(built.context, SIGNUPS, as_request(3, 5))


def test_a_request_that_was_carried_out_is_not_offered_again(built: Accounts) -> None:
    built.run(STATES, as_request(3, 5))
    assert preview(built.context, STATES, as_request(3, 5)) is None
    assert preview_lines(None) == ["nothing to do: a session has carried out this request already"]


def test_readers_of_readers_follow_in_the_order_of_their_inputs(built: Accounts) -> None:
    named = followers(built.context.specs, SIGNUPS)
    assert STATES in named and SIGNUPS not in named
    for name in named:
        inputs = {window.dataset for window in built.context.specs[name].inputs.values()}
        assert inputs & {SIGNUPS, *named[: named.index(name)]}, f"{name} stands before what it reads"


def test_more_partitions_than_a_month_has_days_are_large(built: Accounts) -> None:
    found = previewed(built)
    assert is_large(replace(found, partitions=32)) and not is_large(replace(found, partitions=31))
    assert is_large(replace(found, replaced=Files(1, 1, 2 * 10**9)))
    assert is_large(replace(found, expected=timedelta(minutes=31)))


def test_partitions_are_counted_in_the_tables_unit(built: Accounts) -> None:
    assert count_partitions(built.context.specs[STATES], (hours(3, 5), hours(30, 30))) == 4
