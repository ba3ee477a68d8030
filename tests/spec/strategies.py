"""Strategies that generate specs of any shape that the language allows."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from tidemark.spec import Column, DatasetSpec, Partition

PRIMITIVES = ("string", "int", "long", "double", "boolean", "date", "timestamp", "binary")
PARTITIONED = {
    "timestamp": ("hour", "day", "month"),
    "date": ("day", "month", "identity"),
    **dict.fromkeys(("string", "int", "long", "boolean"), ("identity",)),
}

names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
decimals = st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: f"decimal({p},{s})"))
types = st.recursive(
    st.sampled_from(PRIMITIVES) | decimals,
    lambda inner: inner.map(lambda t: f"list<{t}>") | inner.map(lambda t: f"map<string,{t}>"),
    max_leaves=3,
)
words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=12)
sentences = st.lists(words, min_size=1, max_size=4).map(" ".join).filter(lambda text: not text.endswith("]"))
units = words.filter(lambda text: not set(text) & set("[]"))


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Column]:
    """Return one to twelve columns, the first of which is a required number."""
    found = {"id": Column("id", "long", draw(sentences), required=True)}
    for name in draw(st.lists(names, max_size=11, unique=True)):
        unit = draw(st.none() | units)
        found.setdefault(name, Column(name, draw(types), draw(sentences), draw(st.booleans()), unit))
    return found


@st.composite
def specs(draw: st.DrawFn) -> DatasetSpec:
    """Return a spec with columns, a grain and partitions."""
    found = draw(columns())
    fit = [c for c in found.values() if c.type in PARTITIONED and c.required]
    chosen = draw(st.lists(st.sampled_from(fit), max_size=3, unique_by=lambda c: c.name))
    partitions = [Partition(draw(st.sampled_from(PARTITIONED[c.type])), c.name) for c in chosen]
    taken = {f"{p.column}_{p.transform}" for p in partitions}
    grain = [c.name for c in found.values() if c.required and c.type not in ("double",) and "<" not in c.type]
    return DatasetSpec(
        dataset="made.up",
        why=draw(sentences),
        grain=tuple(draw(st.permutations(grain))),
        mode="versioned",
        columns={name: column for name, column in found.items() if name not in taken},
        path=Path("up.yaml"),
        partition_by=tuple(partitions),
    )
