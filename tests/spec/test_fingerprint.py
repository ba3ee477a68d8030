"""What of the code takes part in a dataset's logic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.accounts.world import SCHEMAS
from tidemark.spec import fingerprint
from tidemark.spec.load import load_spec

SIGNUPS = replace(load_spec(SCHEMAS / "signups.yaml", {}), transform="own_domain.a:build")
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
