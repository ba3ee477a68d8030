"""The decisions of people about rankers: the parser of their landed files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ranking.training.champion import ACTIONS

Record = Mapping[str, Any]
TEXTS = {"decision_id": 64, "model_version": 250, "reason": 500, "decided_by": 100}
"""The texts of a decision, each with the most characters that it may have."""


def parse(record: Record, place: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Parse one decision. Raises ValueError, with the wrong field first, for a record that is none."""
    for name, longest in TEXTS.items():
        _check_text(name, record.get(name), longest)
    if record.get("action") not in ACTIONS:
        raise ValueError(f"action is wrong: write one of {', '.join(ACTIONS)}")
    names = ("action", "decided_at", "after_version", *TEXTS)
    yield "ranker_decisions", {name: record.get(name) for name in names}


def holds_news(files: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> bool:
    """Return false: a decision alone is no reason to train a ranker on the same examples again."""
    return False


def _check_text(name: str, text: Any, longest: int) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{name} is missing" if text is None else f"{name} is wrong: it is not a text")
    if len(text) > longest or not text.isprintable():
        raise ValueError(f"{name} is wrong: write at most {longest} printable characters")
