"""Judge rankers by rows that none has seen: python -m bench.training.judged ROWS.parquet WIDTH MODEL.txt..."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.training.sizes import LIST
from ranking.training import metrics
from ranking.training.feature_files import FeatureFiles
from ranking.training.feature_rows import StoredFeatures, batches
from ranking.training.learner.model import Model, load_model


def main() -> int:
    """Print, for each model, its mean nDCG@10, and how much it gains over the first, with the standard error."""
    rows, width, *models = sys.argv[1:]
    features = np.concatenate(list(batches(StoredFeatures.of(FeatureFiles([rows], int(width))))))
    gains = metrics.gains_of(pq.read_table(rows, columns=["grade"])["grade"].to_numpy())
    group = np.repeat(np.arange(len(gains) // LIST), LIST)
    found = [metrics.ndcg(_load(Path(model)).predict(features), gains, group, 10) for model in models]
    differences = [values - found[0] for values in found]
    error = [float(np.nanstd(each) / np.sqrt(len(each))) for each in differences]
    means = [float(np.nanmean(values)) for values in found]
    print(json.dumps([means, [float(np.nanmean(each)) for each in differences], error]))
    return 0


def _load(path: Path) -> Model:
    """Load a ranker as the registry's are loaded."""
    artifact = path.read_bytes()
    [named] = [line for line in artifact.decode().splitlines() if line.startswith("feature_names=")]
    return load_model(artifact, hashlib.sha256(artifact).hexdigest(), tuple(named.partition("=")[2].split()))


if __name__ == "__main__":
    sys.exit(main())
