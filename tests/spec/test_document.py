"""YAML that a spec may not contain, and the places in error messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.spec.writing import VALUES, VISITS, load, swap
from tidemark.errors import SpecError
from tidemark.spec.load import load_spec
from tidemark.spec.parse.document import MAX_BYTES

REFUSED = {
    "an alias": ("a: &x [1]\nb: *x\n", ":1: anchors and aliases are not supported; write the value out"),
    "a bomb": ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ":1: anchors and aliases"),
    "a Python tag": ("a: !!python/object/apply:os.system [ls]\n", ":1: the tag tag:yaml.org,2002:python"),
    "a tag on a text": ("a: !secret x\n", ":1: the tag !secret is not supported; remove it"),
    "a set": ("a: !!set {x}\n", ":1: the tag tag:yaml.org,2002:set is not supported"),
    "deep lists": ("a: " + "[" * 100_000, "nested more than"),
    "deep blocks": ("- " * 100_000, "nested more than"),
    "two documents": ("a: 1\n---\nb: 2\n", ":2: a second document begins here; write one dataset in each file"),
    "a list": ("- a\n- b\n", ":1: the file has no keys; begin it with dataset:"),
    "nothing": ("", ":1: the file has no keys"),
    "only a comment": ("# later\n", ":1: the file has no keys"),
    "a tab": ("a:\n\tb: 1\n", ":2: cannot be read as YAML"),
    "an open quote": ("a: 1\nb: 'x\n", "cannot be read as YAML"),
    "a control character": ("a: \x07\n", ":1: cannot be read as YAML"),
    "no date": ("a: 2026-13-45\n", ":1: '2026-13-45' cannot be read; put it in quotes"),
    "a huge number": ("a: " + "9" * 5000 + "\n", "cannot be read"),
    "a merge": ("<<: {dataset: shop.visits}\n", ":1: unknown key <<"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    text, words = REFUSED[case]
    with pytest.raises(SpecError) as refused:
        load(tmp_path, text)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path / 'visits.yaml'}:")
    assert len(str(refused.value)) < 400


def test_a_file_beyond_a_megabyte_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"visits\.yaml:1: the file is larger than 1 MB"):
        load(tmp_path, VISITS + "#" * MAX_BYTES)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "visits.yaml"
    path.write_bytes(swap(VISITS, "the shop", "der Händler").encode("latin-1"))
    with pytest.raises(SpecError, match=r"visits\.yaml:1: the file is not UTF-8; save it as UTF-8"):
        load_spec(path, VALUES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"none\.yaml:1: cannot be read: No such file"):
        load_spec(tmp_path / "none.yaml", VALUES)


@settings(max_examples=examples(200), deadline=None)
@given(start=st.integers(0, len(VISITS) - 1), length=st.integers(0, 40), other=st.text(max_size=12))
def test_whatever_is_typed_is_a_spec_or_refused_with_a_place(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, other: str
) -> None:
    text = VISITS[:start] + other + VISITS[start + length :]
    path = tmp_path_factory.getbasetemp() / "visits.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        spec = load_spec(path, VALUES)
    except SpecError as refused:
        place, _, rest = str(refused).removeprefix(f"{path}:").partition(": ")
        assert 1 <= int(place) <= len(text.splitlines()) + 1
        assert "; " in rest
    else:
        assert spec.dataset == "shop.visits"
