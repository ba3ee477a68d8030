"""Which parts of the code are in a dataset's logic."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS
from tidemark.spec import fingerprint
from tidemark.spec import stable_text as stable_text_module
from tidemark.spec.load import load_spec
from tidemark.spec.stable_text import stable_text

SIGNUPS = replace(load_spec(SCHEMAS / "signups.yaml", {}), transform="own_domain.a:build")
AS_OF_VERSION_0_1 = "b0c5592b3224"
"""The fingerprint of accounts.account_states in plans stored by version 0.1."""
CODE = {
    "__init__.py": "",
    "a.py": "from .b import x\nfrom . import c\nfrom own_domain.d import x\nfrom .deep import e",
    "b.py": "",
    "c.py": "",
    "d.py": "",
    "deep/__init__.py": "from .f import x",
    "deep/e.py": "from ..g import x",
    "deep/f.py": "",
    "g.py": "",
}


def logic() -> str:
    fingerprint._code_hash.cache_clear()
    return fingerprint.logic(SIGNUPS, {})


def test_s63_code_counts_however_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "own_domain"
    (package / "deep").mkdir(parents=True)
    for name, text in CODE.items():
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in CODE.items():
        before = logic()
        (package / name).write_text(f"{text}\nx = 2", encoding="utf-8")
        assert logic() != before, name


@dataclass(frozen=True)
class Window:
    """A class before a field was added. The class below has that field."""

    name: str
    keep: int | None = None


def with_a_later_field() -> type:
    @dataclass(frozen=True)
    class Window:
        name: str
        keep: int | None = None
        later: tuple[str, ...] = field(default_factory=tuple)

    Window.__qualname__ = "Window"
    return Window


def test_s72_a_field_that_came_later_takes_part_once_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stable_text_module.ALWAYS_SHOWN, "Window", "name keep")
    later = with_a_later_field()

    assert stable_text(later("a", 1)) == stable_text(Window("a", 1)) == b"\"Window(name='a', keep=1)\""
    assert stable_text(later("a", None)) == stable_text(Window("a")) != stable_text(later("a", None, ("b",)))


def test_s72_unused_keys_of_a_spec_leave_its_fingerprint_as_it_was() -> None:
    spec = load_spec(SCHEMAS / "account_states.yaml", {})
    (check, *rest), window = spec.expectations, spec.inputs["plans"]

    assert fingerprint.fingerprint(spec, {}) == AS_OF_VERSION_0_1
    assert fingerprint.fingerprint(replace(spec, fresh_within=timedelta(hours=3)), {}) == AS_OF_VERSION_0_1
    for unseen in (
        replace(spec, accounted_by="own_domain.a:remarks"),
        replace(spec, inputs={**spec.inputs, "plans": replace(window, renamed={"plan": "plan"})}),
    ):
        assert fingerprint.fingerprint(unseen, {}) == AS_OF_VERSION_0_1
        assert fingerprint.logic(unseen, {}) == fingerprint.logic(spec, {})
    for used in (
        replace(spec, expectations=(replace(check, shows="plan"), *rest)),
        replace(spec, inputs={**spec.inputs, "plans": replace(window, touches="hours")}),
    ):
        assert fingerprint.fingerprint(used, {}) != AS_OF_VERSION_0_1
