"""The plain fit: python -m bench.training.plain ROWS.parquet MODEL.txt ROUNDS."""

from __future__ import annotations

import sys

import lightgbm as lgb
import numpy as np
import pandas as pd

from bench.training.sizes import LIST
from ranking.training.recipe import SAMPLE, Recipe, quantise

OURS = ("bin_construct_sample_cnt", "deterministic", "force_row_wise", "force_col_wise", "num_threads", "metric")
"""Parameters that the plain fit leaves at LightGBM's defaults, but for the number of threads, which is the same."""


def main() -> int:
    """Read all rows into pandas, fit with the learner's parameters, and write the model's text."""
    rows, model, rounds = sys.argv[1:]
    recipe = Recipe()
    parameters = {name: value for name, value in recipe.parameters(SAMPLE).items() if name not in OURS}
    frame = pd.read_parquet(rows)
    grade = quantise(frame.pop("grade").to_numpy())
    ranker = lgb.LGBMRanker(n_estimators=int(rounds), n_jobs=recipe.threads, **parameters)
    ranker.fit(frame, grade, group=np.full(len(frame) // LIST, LIST))
    ranker.booster_.save_model(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
