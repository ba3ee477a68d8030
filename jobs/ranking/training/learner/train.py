"""A training run: it describes the task, has the features binned, has the trees boosted, and returns the model."""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ranking.training import feature_rows, model_text, separate
from ranking.training.learner.builder import build
from ranking.training.learner.task import CURVE, TRAIN, VALID, Rows, Settings, Task
from ranking.training.learner.trainer import boost
from ranking.training.matrices import Examples, group_sizes
from ranking.training.recipe import RELEVANT, SAMPLE, Recipe

CURVE_QUERIES = 500  # training lists that the training curve is computed on
MAX_GROUP = 10_000  # rows that LightGBM accepts in one group
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A trained model as text, its learning curves (nDCG@10 per round) and the total gain of each feature.

    `rounds` is the number of kept trees, `valid_queries` the number of held-out lists with a relevant label.
    """

    artifact: bytes
    names: tuple[str, ...]
    rounds: int
    curves: dict[str, list[float]]
    gain: dict[str, float]
    valid_queries: int

    @property
    def sha256(self) -> str:
        """The checksum that the registry keeps beside the artifact."""
        return hashlib.sha256(self.artifact).hexdigest()


def train(
    examples: Examples, valid: Examples, recipe: Recipe, sample: int = SAMPLE, apart_in: Path | None = None
) -> Trained:
    """Fit a ranker on `examples`, and stop early by `valid`, which has other queries.

    If `valid` has too few queries to decide, a fixed number of trees is trained. The limits of the bins are chosen by
    `sample` rows. If `apart_in` is given, two processes of their own bin and boost, with their files in this folder;
    the bytes are the same. Raises ValueError if a group has more than `MAX_GROUP` rows.
    """
    for rows in (examples, valid):
        _refuse_long_groups(rows)
    with TemporaryDirectory(prefix="training-", dir=apart_in) as name:
        folder = Path(name)
        _describe(examples, valid, recipe, sample, folder).write(folder)
        if apart_in is None:
            build(folder, _LOG.debug)
            boost(folder, _LOG.debug)
        else:
            separate.run(separate.BUILD, folder, _LOG.info)
            separate.run(separate.BOOST, folder, _LOG.info)
        return _read_result(folder, examples.names, _countable(valid))


def _describe(examples: Examples, valid: Examples, recipe: Recipe, sample: int, folder: Path) -> Task:
    """Return the task. Features in memory are written into the folder."""
    stopped = _countable(valid) >= recipe.least_valid
    settings = Settings(
        parameters=recipe.parameters(sample),
        objectives=recipe.objectives,
        columns=model_text.columns(examples.names),
        hidden=examples.behaviour.tolist() if recipe.twins else [],
        rounds=recipe.rounds if stopped else recipe.unwatched_rounds,
        patience=recipe.patience if stopped else None,
        least_rounds=recipe.least_rounds,
    )
    watched = {CURVE: _sample(examples), VALID: valid}
    parts = {TRAIN: examples} | {name: rows for name, rows in watched.items() if _countable(rows)}
    return Task(settings, {name: _rows(name, part, folder) for name, part in parts.items()})


def _rows(name: str, part: Examples, folder: Path) -> Rows:
    own = folder / name
    own.mkdir()
    stored = feature_rows.store(part.features, own)
    return Rows(stored, part.grade, group_sizes(part.group), part.weight if name == TRAIN else None)


def _read_result(folder: Path, names: tuple[str, ...], valid_queries: int) -> Trained:
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    gain = dict(zip(names, result["gains"], strict=True))
    artifact = (folder / "model.txt").read_bytes()
    return Trained(artifact, names, result["rounds"], result["curves"], gain, valid_queries)


def _refuse_long_groups(examples: Examples) -> None:
    longest = int(group_sizes(examples.group).max(initial=0))
    if longest > MAX_GROUP:
        raise ValueError(
            f"a query has {longest} examples, but LightGBM accepts at most {MAX_GROUP}; call cut_long_groups first"
        )


def _sample(examples: Examples) -> Examples:
    """Return the rows of up to `CURVE_QUERIES` training lists, evenly spread, for the training curve."""
    sizes = group_sizes(examples.group)
    kept = np.zeros(len(sizes), dtype=np.bool_)
    kept[np.unique(np.linspace(0, len(sizes) - 1, min(CURVE_QUERIES, len(sizes))).astype(int))] = True
    return examples.take(np.repeat(kept, sizes))


def _countable(rows: Examples) -> int:
    """Count the lists that the stopping nDCG counts: those whose best label is relevant."""
    starts = np.r_[0, np.cumsum(group_sizes(rows.group))[:-1]].astype(int) if len(rows) else []
    return int((np.maximum.reduceat(rows.grade, starts) >= RELEVANT).sum()) if len(rows) else 0
