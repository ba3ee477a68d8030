"""The setting `split`: by which scheme lists are divided into training and test. `schemes` applies it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ranking.labels.splits import whole_days

TRAIN, GAP, TEST, DROPPED = "train", "gap", "test", "dropped"
RANDOM, STRATIFIED = "random", "stratified"
TEMPORAL_STRATIFIED, LEAVE_LAST_OUT, GLOBAL_TEMPORAL = "temporal_stratified", "leave_last_out", "global_temporal"
IGNORE_TIME = (RANDOM, STRATIFIED)
DIVIDE_CLUSTERS = (STRATIFIED, TEMPORAL_STRATIFIED, LEAVE_LAST_OUT)
SCHEMES = (*IGNORE_TIME, TEMPORAL_STRATIFIED, LEAVE_LAST_OUT, GLOBAL_TEMPORAL)


@dataclass(frozen=True)
class Scheme:
    """The setting `split` of infra/search.yaml. Raises ValueError for a combination that makes no sense."""

    scheme: str = GLOBAL_TEMPORAL
    by: str = "query"
    test_share: float = 0.2
    disjoint: str = "none"
    unseen: str = "keep"
    gap: str = "0d"
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse combinations that make no sense, as infra/search.schema.yaml does when settings are read."""
        if self.scheme not in SCHEMES:
            raise ValueError(
                f"search.yaml, split.scheme: unknown scheme {self.scheme}; write one of {', '.join(SCHEMES)}"
            )
        if self.disjoint not in ("none", self.by):
            raise ValueError(f"search.yaml, split.disjoint: a split by {self.by} writes none or {self.by}")
        if self.disjoint != "none" and self.scheme in DIVIDE_CLUSTERS:
            raise ValueError(
                f"search.yaml, split: {self.scheme} divides each {self.by} between training and test; "
                "write disjoint: none"
            )
        if self.disjoint != "none" and self.unseen == "drop":
            raise ValueError(
                f"search.yaml, split: with disjoint: {self.by}, nothing of the test is trained on; write unseen: keep"
            )
        if self.scheme in IGNORE_TIME and whole_days(self.gap):
            raise ValueError(f"search.yaml, split: {self.scheme} ignores time, so it has no gap; write gap: 0d")

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Scheme":
        """Read the setting from a transform's params. Raises ValueError for an unknown key."""
        given = dict(params.get("split") or {})
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"search.yaml, split: unknown key {', '.join(unknown)}; known keys are {', '.join(known)}")
        return cls(**given)

    @property
    def gap_before_test(self) -> np.timedelta64:
        """The least time between the end of a training window and the beginning of the test."""
        return np.timedelta64(whole_days(self.gap), "D")
