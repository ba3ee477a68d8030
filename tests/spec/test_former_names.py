"""Moving a module, without another change, does not change the logic of its datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS
from tidemark.errors import SpecError
from tidemark.spec import fingerprint, modules
from tidemark.spec.former_names import former_names
from tidemark.spec.load import load_spec

SIGNUPS = load_spec(SCHEMAS / "signups.yaml", {})
BUILD = "def build(inputs, params):\n    return helper(zones.shift(spans.day(inputs)))"
BEFORE = {
    "__init__.py": "",
    "signups.py": f"from moved_domain import spans, zones\nfrom moved_domain.names import LIMIT, Name, helper\n{BUILD}",
    "spans.py": "def day(x): return x",
    "zones.py": "def shift(x): return x",
    "names.py": "LIMIT = 1\nclass Name: pass\ndef helper(x): return x",
}
AFTER = {
    "__init__.py": "",
    "facts/__init__.py": '"""Facts."""',
    "facts/signups.py": (
        "from moved_domain import zones\nfrom moved_domain.time import durations\n"
        f"from moved_domain.time.names import LIMIT, Name, helper\n{BUILD.replace('spans.', 'durations.')}"
    ),
    "time/__init__.py": "",
    "time/durations.py": BEFORE["spans.py"],
    "time/names.py": BEFORE["names.py"],
    "zones.py": BEFORE["zones.py"],
}
FORMERLY = """
moved_domain.facts: moved_domain
moved_domain.time: moved_domain
moved_domain.facts.signups: moved_domain.signups
moved_domain.time.durations: moved_domain.spans
moved_domain.time.names: moved_domain.names
"""

Logic = Callable[[Mapping[str, str], str], str]


@pytest.fixture
def logic_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logic:
    """Return a function that computes the logic of a dataset from the files of its package and the spec's entry."""
    package = tmp_path / "moved_domain"
    monkeypatch.syspath_prepend(str(tmp_path))

    def logic(files: Mapping[str, str], entry: str) -> str:
        for path in sorted(package.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        for name, text in files.items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(text, encoding="utf-8")
        fingerprint._code_hash.cache_clear()
        former_names.cache_clear()
        modules._roots.cache_clear()
        return fingerprint.logic(replace(SIGNUPS, transform=entry), {})

    return logic


def test_a_move_alone_changes_no_logic(logic_of: Logic) -> None:
    before = logic_of(BEFORE, "moved_domain.signups:build")

    assert logic_of({**AFTER, "formerly.yaml": FORMERLY}, "moved_domain.facts.signups:build") == before
    assert logic_of(AFTER, "moved_domain.facts.signups:build") != before


@pytest.mark.parametrize("name", [name for name in AFTER if AFTER[name] and "__init__" not in name])
def test_a_change_beside_the_move_still_counts(logic_of: Logic, name: str) -> None:
    before = logic_of(BEFORE, "moved_domain.signups:build")
    changed = {**AFTER, "formerly.yaml": FORMERLY, name: f"{AFTER[name]}\nADDED = 1"}

    assert logic_of(changed, "moved_domain.facts.signups:build") != before


@pytest.mark.parametrize("text", ["- a list", "moved_domain.a: 1", "text"])
def test_a_file_that_is_no_mapping_of_names_is_refused(logic_of: Logic, text: str) -> None:
    with pytest.raises(SpecError, match=r"formerly.yaml: not a mapping of names; write one line for each moved module"):
        logic_of({**AFTER, "formerly.yaml": text}, "moved_domain.facts.signups:build")
