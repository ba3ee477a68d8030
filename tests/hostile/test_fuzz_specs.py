"""Any input in specs, conditions and settings is accepted, or refused with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile.fuzzing import tried
from tests.hostile.values import HOSTILE
from tidemark.errors import SettingsError, SpecError
from tidemark.settings import load_settings
from tidemark.settings.file import check_landing, read_settings
from tidemark.settings.schema import check_values, read_schema
from tidemark.spec.load import load_spec
from tidemark.spec.parse.conditions import FUNCTIONS, check_condition

CHECKOUT = Path(__file__).resolve().parents[2]
REAL = {path.name: path.read_text(encoding="utf-8") for path in sorted((CHECKOUT / "schemas").glob("*.yaml"))}
SETTINGS = CHECKOUT / "infra" / "search.yaml"
SCHEMA = read_schema(SETTINGS)
VALUES = load_settings({"TIDEMARK_HOME": "/nonexistent"}).values

TYPED = st.text(max_size=12) | st.sampled_from(
    [value for name, value in HOSTILE.items() if name != "a megabyte"]
    + ["9" * 400, "1e999", ".inf", ".nan", "!!int", "!!timestamp x", "!!bool x", "&a", "*a", "<<:", "? ", "|", ">", "%"]
    + ["0001-01-01 00:00:00+14:00", "2026-02-30", "- - -", "{" * 20, "[", "]", ": ", "#", "\t", "$", "-$", "190:20:30"]
    + ["'", '"', "\\", "~", "null", "true", "0x", "0b", "0o", "_", "=", "\ufeff", "\u2028", "\x85"]
)
ANY_YAML: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4),
    max_leaves=15,
)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str]:
    """Return a real spec with one to four changes: text is inserted, cut or doubled, or two lines are exchanged."""
    name = draw(st.sampled_from(sorted(REAL)))
    text = REAL[name]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 40))
        lines = text.split("\n")
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in "ab")
        exchanged = [*lines]
        exchanged[one], exchanged[other] = lines[other], lines[one]
        text = draw(
            st.sampled_from(
                [text[:start] + text[end:], text[:end] + text[start:], "\n".join(exchanged), text[:start] + text[end:]]
            )
        )
        text = text[:start] + draw(TYPED) + text[start:]
    return name, text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("typed")


def taken_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        spec = load_spec(path, VALUES)
    except SpecError as refused:
        place, _, rest = str(refused).removeprefix(f"{path}:").partition(": ")
        assert place.isdigit()
        assert "; " in rest
        assert len(rest) < 3000
    else:
        assert spec.name == path.stem


@tried
@given(mutations())
def test_a_real_spec_mistyped_is_taken_or_refused_with_its_line(folder: Path, typed: tuple[str, str]) -> None:
    name, text = typed
    taken_or_refused(folder / name, text.encode("utf-8", "surrogatepass"))


@tried
@given(st.binary(max_size=300) | ANY_YAML.map(lambda value: yaml.safe_dump(value).encode("utf-8", "replace")))
@example(b"a: !!int ''")
@example(b"? [a]\n: b")
def test_any_file_is_taken_or_refused(folder: Path, content: bytes) -> None:
    taken_or_refused(folder / "impressions.yaml", content)


@st.composite
def spoiled(draw: st.DrawFn, texts: list[str]) -> dict[str, Any]:
    """Return a real file in which one value, at any depth, is replaced by any other value."""
    spec: Any = yaml.safe_load(draw(st.sampled_from(texts)))
    inner = spec
    while True:
        key = draw(st.sampled_from(sorted(inner, key=str) if isinstance(inner, dict) else range(len(inner))))
        if not isinstance(inner[key], dict | list) or not inner[key] or draw(st.integers(0, 3)) == 0:
            inner[key] = draw(ANY_YAML | TYPED)
            return dict(spec)
        inner = inner[key]


@tried
@given(spoiled(sorted(REAL.values())))
def test_a_real_spec_with_any_value_in_it_is_taken_or_refused(folder: Path, spec: dict[str, Any]) -> None:
    stem = str(spec.get("dataset")).rpartition(".")[2]
    name = stem if re.fullmatch("[a-z_]{1,40}", stem) else "typed"
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)
    taken_or_refused(folder / f"{name}.yaml", text.encode("utf-8", "replace"))


@tried
@given(st.binary(max_size=300) | ANY_YAML.map(lambda value: yaml.safe_dump(value).encode("utf-8", "replace")) | TYPED)
def test_any_settings_are_taken_or_refused(folder: Path, content: bytes | str) -> None:
    path = folder / "search.settings"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    try:
        values = read_settings(path)
        check_landing(values, path)
        check_landing({"landing": values}, path)
        check_values(values, path, SCHEMA)
    except SettingsError as refused:
        assert "; " in str(refused) or ": write" in str(refused)
    else:
        assert all(isinstance(key, str) for key in values)


@tried
@given(spoiled([SETTINGS.read_text(encoding="utf-8")]))
def test_real_settings_with_any_value_in_them_are_taken_or_refused(folder: Path, values: dict[str, Any]) -> None:
    path = folder / "search.settings"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8", errors="replace")
    try:
        found = read_settings(path)
        check_landing(found, path)
        check_values(found, path, SCHEMA)
    except SettingsError as refused:
        assert str(refused).startswith(f"{path}: ")
        assert len(str(refused)) < 1000


WORDS = ["clicks", "plan", "and", "or", "not", "is", "null", "in", "between", "like", "interval", "day", "true", "date"]
SIGNS = [
    "(",
    ")",
    ",",
    "=",
    "<",
    ">",
    "<>",
    "-",
    "--",
    "+",
    "*",
    "/",
    "/*",
    "[",
    "]",
    ";",
    "`",
    '"',
    "\\",
    ".",
    "::",
    "$",
]
OTHERS = [
    "select",
    "reflect",
    "java_method",
    "abs",
    "exists",
    "'x'",
    "'",
    "1",
    "2.5",
    "1e5",
    " ",
    "\n",
    "case",
    "as",
    "а",
]
FORBIDDEN = re.compile(r"--|/\*|[;`\"\\$.:]|\b(select|reflect|java_method|exists|case|as)\b")


@tried
@given(
    st.lists(st.sampled_from([*WORDS, *SIGNS, *OTHERS, *FUNCTIONS]) | st.text(max_size=3), max_size=14).map(" ".join)
)
def test_an_accepted_condition_says_nothing_that_is_not_in_the_grammar(condition: str) -> None:
    try:
        check_condition(condition, ("clicks", "plan"))
    except ValueError as refused:
        assert str(refused)
        return
    bare = re.sub(r"'[^']*'", "''", re.sub(r"[0-9]+\.[0-9]+", "1", condition))
    assert not FORBIDDEN.search(bare.lower())
    assert bare.isascii()
    called = {name.lower() for name in re.findall(r"([A-Za-z_]\w*)\s*\(", bare)}
    assert called <= {*FUNCTIONS, "and", "or", "not", "in", "between"}
