"""A fixed ranker: content features only, trained on one source of labels, judged by true grades of other queries."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ranking.training import feature_rows, learner, metrics
from ranking.training.matrices import Examples, Floats, Whole
from ranking.training.recipe import Recipe

SEEDS = (1, 2, 3)
"""The nDCG of a source is the mean over rankers with these seeds."""
KEYS = ["query", "item_id"]


@dataclass(frozen=True)
class Task:
    """The pairs of a world, sorted by query: content features, true grades, and which queries have no traffic."""

    pairs: pd.DataFrame
    names: tuple[str, ...]
    features: Floats
    group: Whole

    @classmethod
    def of(cls, truth: pd.DataFrame, features: pd.DataFrame) -> Task:
        """Join the true grades with the content features of the cut."""
        content = sorted(name for name in features.columns if name.startswith("c_"))
        pairs = truth.merge(features[[*KEYS, *content, "named"]], on=KEYS, validate="1:1")
        pairs = pairs.sort_values(KEYS, ignore_index=True)
        named = pd.DataFrame([dict(entries) for entries in pairs["named"]])
        named = named[sorted(name for name in named.columns if name.startswith("c_"))]
        matrix = np.hstack([pairs[content].to_numpy(np.float64), named.to_numpy(np.float64)])
        group = pairs["query"].astype("category").cat.codes.to_numpy().astype(np.int64)
        return cls(pairs.drop(columns=[*content, "named"]), (*content, *named.columns), matrix, group)

    def ndcg(self, label: Floats) -> float:
        """Return the mean nDCG@10 on queries without traffic, of rankers trained on the other pairs that have a label.

        `label` has a grade from 0 to 4 for each pair, or NaN.
        """
        return float(np.nanmean(self.by_query(label, Recipe(twins=False))))

    def by_query(self, label: Floats, recipe: Recipe) -> Floats:
        """Return the nDCG@10 of each query without traffic: the mean over rankers of a recipe with different seeds."""
        cold = self.pairs["cold"].to_numpy(bool)
        train, test = self._examples(label, ~cold & ~np.isnan(label)), self._examples(label, cold)
        gains = metrics.gains_of(self.pairs["true_grade"].to_numpy(float)[cold])
        found = []
        for seed in SEEDS:
            trained = learner.train(train, train.take(np.zeros(len(train), dtype=bool)), replace(recipe, seed=seed))
            model = learner.load_model(trained.artifact, trained.sha256, trained.names)
            features = np.concatenate(list(feature_rows.batches(test.features)))
            found.append(metrics.ndcg(model.predict(features), gains, test.group, 10))
        return np.asarray(np.mean(found, axis=0), dtype=np.float64)

    def _examples(self, label: Floats, rows: np.ndarray) -> Examples:
        count = int(rows.sum())
        text = self.pairs.loc[rows, KEYS].to_numpy(object)
        day = np.full(count, np.datetime64("2026-01-01", "D"))
        ones, zeros = np.ones(count), np.zeros(count, dtype=np.int64)
        return Examples(
            names=self.names, features=self.features[rows].astype(np.float32), application=text[:, 0],
            query=text[:, 0], item_id=text[:, 1], window_start=day, window_end=day,
            grade=np.nan_to_num(label[rows]), weight=ones, group=self.group[rows], split=text[:, 0],
            exam=zeros.astype(bool),
            confidence=ones, evidence=zeros, long_clicks=zeros, examination=ones,
        )  # fmt: skip
