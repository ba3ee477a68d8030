"""Hostile specs: only transforms, parsers and conditions of the documented form reach Python and Spark."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.hostile.values import HOSTILE
from tests.spec.writing import DOORS, VALUES, VISITS, load, swap
from tidemark import session
from tidemark.errors import SpecError
from tidemark.settings import Settings
from tidemark.spec.load import load_specs
from tidemark.spec.parse.conditions import MAX_LENGTH, MAX_NESTING, check_condition

CHECKOUT = Path(__file__).resolve().parents[2]
COLUMNS = ("clicks", "plan", "seen_at", "features", "position")

TAKEN = [
    "clicks > 50",
    "clicks > 50 * position or not (plan in ('free', 'odd') and seen_at is not null)",
    "seen_at > timestamp '2026-04-12 00:00:00' + interval 1 day",
    "(clicks is null) <> (plan is null)",
    "cardinality(features) = 0 and isnan(features['bm25'])",
    "clicks not between 1 and 3 and plan not like 'f%'",
    "plan = 'it costs -- nothing; /* select */ java_method'",
    "clicks - -1 > 0",
    "clicks",
]
REFUSED = {
    "subquery": "clicks > (select max(clicks) from lake.ops.sessions)",
    "exists": "exists (select 1 from lake.ops.sessions) and clicks > 0",
    "in subquery": "clicks in (select 1)",
    "java": "java_method('java.lang.System', 'exit', 1) and clicks > 0",
    "reflect": "clicks > 0 or reflect('java.lang.Runtime', 'getRuntime') is not null",
    "try reflect": "try_reflect('java.lang.System', 'getenv', plan) is null",
    "assert": "assert_true(clicks > 0) is null",
    "error": "raise_error(plan)",
    "file": "input_file_name() = plan",
    "time": "current_timestamp() > seen_at",
    "keyword without call": "seen_at > current_timestamp",
    "random": "rand() > clicks",
    "qualified function": "system.builtin.abs(clicks) > 0",
    "backtick function": "`reflect`(plan)",
    "backtick column": "`clicks` > 1",
    "other table's column": "ops.sessions.plan = clicks",
    "semicolon": "clicks > 0; drop table lake.accounts.signups",
    "comment": "clicks > 0 -- and plan is null",
    "signs that join to a comment": "clicks --1 > 0",
    "block comment": "clicks /* > 0 */ is null",
    "hint": "clicks > 0 /*+ broadcast(x) */",
    "double quotes": 'plan = "free" and clicks > 0',
    "backslash": "plan = 'a\\' or 1 = 1 --'",
    "doubled quote": "plan = 'it''s'",
    "open quote": "plan = 'free",
    "parameter": "clicks > :limit",
    "variable": "clicks > ${env:HOME}",
    "lambda": "exists(features, x -> x > clicks)",
    "cast": "cast(plan as int) > clicks",
    "case": "case when clicks > 0 then true end",
    "two conditions": "clicks > 0 clicks > 1",
    "no column": "1 = 1",
    "unknown column": "passwords > clicks",
    "look-alike": "сlicks > 0",
    "right to left": "clicks > 0 \u202e",
    "number and word": "clicks > 1L",
    "an alias": "clicks > 0 as x",
    "a star": "* = clicks",
    "too deep": "(" * (MAX_NESTING + 1) + "clicks" + ")" * (MAX_NESTING + 1),
    "too long": "clicks > " + "1 + " * MAX_LENGTH + "1",
    "very deep": "(" * 490 + "clicks" + ")" * 490,
}


@pytest.mark.parametrize("condition", TAKEN)
def test_a_condition_of_the_grammar_is_taken(condition: str) -> None:
    check_condition(condition, COLUMNS)


@pytest.mark.parametrize("case", REFUSED)
def test_s50_what_is_no_plain_condition_never_reaches_spark(case: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        check_condition(REFUSED[case], COLUMNS)
    condition = REFUSED[case].replace("clicks", "bought").replace("plan", "note")
    text = swap(VISITS, "{expect: rows where bought > 50", "{expect: " + _quoted(f"rows where {condition}"))
    with pytest.raises(SpecError, match=r"visits\.yaml:22: the condition .*; write a comparison of columns"):
        load(tmp_path, text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@pytest.mark.parametrize("value", [name for name in HOSTILE if name not in ("empty", "blank")])
@pytest.mark.parametrize(
    ("passage", "instead"),
    [
        ("dataset: shop.visits", "dataset: {}"),
        ("transform: shops.visits:build", "transform: {}"),
        ("horizon: $horizon", "horizon: ${}"),
        ("partition_by: [day(began_at), shop]", "partition_by: [{}]"),
        ("event_time: began_at", "event_time: {}"),
        ("dataset: shop.sales", "dataset: {}"),
        ("  note:", "  {}:"),
    ],
)
def test_s50_a_hostile_name_in_a_spec_is_refused(tmp_path: Path, passage: str, instead: str, value: str) -> None:
    given = HOSTILE[value]
    known = ("accounts.signups", "accounts", "ops.sessions", "other.accounts.signups")
    before, after = instead.split("{}")
    with pytest.raises(SpecError, match=r"visits\.yaml") as refused:
        spec = load(tmp_path, swap(VISITS, passage, before + _yaml(given, "$" in before) + after))
        # The name has a valid form but does not belong here. The checks of the whole folder refuse it.
        assert spec.inputs["sales"].dataset in known
        load_specs(tmp_path, VALUES)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 700


def _yaml(text: str, plain: bool) -> str:
    """Return a text in YAML's double quotes, with its control characters escaped."""
    body = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return text.replace("\n", " ").replace("\x00", "").replace("\x1b", "")[:200] if plain and not body else f'"{body}"'


ACCOUNTED = swap(
    swap(DOORS, "shops.feed:parse", "tests.accounts.parsers:parse"),
    "mode:",
    'accounted_by: "shops.feed:remarks"\nmode:',
)
ENTRIES = [
    "os:system",
    "subprocess:run",
    "posix:system",
    "builtins:exec",
    "shutil:rmtree",
    "importlib:import_module",
    "os.path:join",
    "antigravity:build",
    "numpy:load",
    "pandas:read_pickle",
    "tests.hostile.test_specs:load",
    "tests.hostile.test_specs:HOSTILE",
    "tests.hostile.nowhere:build",
    "__main__:build",
]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("name", "text", "passage"),
    [
        ("visits", VISITS, "shops.visits:build"),
        ("doors", DOORS, "shops.feed:parse"),
        ("doors", ACCOUNTED, "shops.feed:remarks"),
    ],
)
def test_s50_code_that_is_no_transform_is_refused_and_not_imported(
    tmp_path: Path, name: str, text: str, passage: str, entry: str
) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    changed = swap(text, passage, entry)
    if name == "visits":  # It is the only spec in its folder, so it can name only itself as input.
        changed = swap(changed, "mode: stateful", "mode: versioned")
        for line in ("event_time: began_at\n", "catch_up_limit: 60d\n"):
            changed = swap(changed, line, "")
        begin, end = changed.index("inputs:\n"), changed.index("columns:\n")
        changed = changed[:begin] + "inputs: {before: {dataset: shop.visits}}\n" + changed[end:]
    (schemas / f"{name}.yaml").write_text(changed)
    settings = Settings(home=tmp_path / "home", schemas=schemas, values=VALUES)
    before = set(sys.modules)
    with pytest.raises(SpecError, match=rf"{name}\.yaml: .*{entry}: "):
        session.open_context(settings, datetime(2026, 4, 13, tzinfo=UTC))
    assert entry.split(":")[0] not in set(sys.modules) - before
    assert not settings.home.exists()


def test_the_specs_of_the_checkout_name_transforms() -> None:
    from tidemark.settings import load_settings
    from tidemark.spec.verify.entries import check_entry

    settings = load_settings({})
    for spec in load_specs(settings.schemas, settings.values).values():
        check_entry(spec)


@pytest.mark.parametrize(
    "value",
    ["!!int ''", "!!bool maybe", "!!timestamp never", "!!float x", "0001-01-01 00:00:00+14:00", "9" * 400, "1e999"],
)
def test_s50_a_value_that_is_none_of_its_tag_is_refused_with_its_line(tmp_path: Path, value: str) -> None:
    with pytest.raises(SpecError, match=r"visits\.yaml:\d+: "):
        load(tmp_path, swap(VISITS, "min: 0, max: 100", f"min: 0, max: {value}"))


def test_s50_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "visits.yaml").symlink_to("/dev/zero")
    with pytest.raises(SpecError, match="larger than 1 MB"):
        load_specs(tmp_path, VALUES)
