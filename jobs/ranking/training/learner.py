"""Training and loading of LambdaMART rankers. This is the only module that imports LightGBM.

Grades from 0 to 4 become 31 levels on a fixed scale. Each row is used twice, once with its behaviour features masked as
for a pair without traffic. Training is deterministic and stops early by an nDCG that skips queries without a relevant
item. The same examples, recipe and seed give the same bytes. A model is stored as text and never unpickled.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from ranking.training import metrics, model_text
from ranking.training.matrices import Examples, Floats, Matrix, group_sizes
from ranking.training.recipe import RELEVANT, Recipe, quantise, with_twins

LONGEST_NAMES = 1 << 20  # longest feature list of a registry row, in characters
CURVE_QUERIES = 500  # training lists that the training curve is computed on
MAX_GROUP = 10_000  # rows that LightGBM accepts in one group


class ModelRefused(ValueError):
    """The artifact is not the LightGBM ranker that its registry row describes."""


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


@dataclass(frozen=True)
class Model:
    """A loaded ranker. A higher score ranks first; scores can be compared only within a query."""

    booster: lgb.Booster
    names: tuple[str, ...]

    def predict(self, features: Matrix) -> Floats:
        """Return one score per row. `features` has shape (rows, features), with the columns `names` in that order."""
        if not len(features):
            return np.array([], dtype=np.float64)
        return np.asarray(self.booster.predict(features, num_threads=1), dtype=np.float64)


def train(examples: Examples, valid: Examples, recipe: Recipe) -> Trained:
    """Fit a ranker on `examples`, and stop early by `valid`, which has other queries.

    If `valid` has too few queries to decide, a fixed number of trees is trained. Raises ValueError if a group has more
    than `MAX_GROUP` rows.
    """
    for rows in (examples, valid):
        _refuse_long_groups(rows)
    parameters, names = recipe.parameters(), list(examples.names)
    data = _training_data(examples, recipe, parameters)
    watched = {"train": _sample(examples), "valid": valid}
    watched = {name: rows for name, rows in watched.items() if _countable(rows)}
    sets = [_dataset(rows, data, parameters) for rows in watched.values()]
    curves: dict[str, dict[str, list[float]]] = {}
    callbacks: list[Any] = [lgb.record_evaluation(curves)]
    stopped = _countable(valid) >= recipe.least_valid
    if stopped:
        callbacks.append(_stop_early(recipe.patience, recipe.least_rounds))
    booster = lgb.train(
        parameters,
        data,
        recipe.rounds if stopped else recipe.unwatched_rounds,
        valid_sets=sets,
        valid_names=list(watched),
        feval=_judge({id(data): rows for data, rows in zip(sets, watched.values(), strict=True)}),
        callbacks=callbacks,
    )
    rounds = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    text = booster.model_to_string(num_iteration=rounds).encode()
    gain = booster.feature_importance("gain", iteration=rounds)
    return Trained(
        text,
        tuple(names),
        rounds,
        {name: curve["ndcg@10"] for name, curve in curves.items()},
        dict(zip(names, map(float, gain), strict=True)),
        _countable(valid),
    )


def load_model(artifact: bytes | None, sha256: str | None, names: tuple[str, ...]) -> Model:
    """Load a ranker from the registry.

    Raises ModelRefused unless checksum, format and features are as the registry row says.
    """
    if artifact is None or len(artifact) > model_text.LARGEST:
        raise ModelRefused(f"the artifact is missing or larger than {model_text.LARGEST} bytes; train a new ranker")
    found, expected = hashlib.sha256(artifact).hexdigest(), sha256 or "none"
    if found != expected:
        raise ModelRefused(
            f"the artifact has sha256 {found[:12]}, but its registry row says {expected[:12]}: it was changed or cut "
            "short; train a new ranker"
        )
    text = artifact.decode("utf-8", errors="replace")
    try:
        model_text.check(text, (model_text.columns(names), model_text.columns_before(names)))
    except ValueError as error:
        if str(error) == model_text.FEATURES:
            raise ModelRefused(
                "the artifact was trained on other features, or in another order, than its registry row says; "
                "train a new ranker"
            ) from None
        raise ModelRefused(
            f"the artifact is not the text of a LightGBM lambdarank model, version v4: {error}; train a new ranker"
        ) from None
    return Model(lgb.Booster(model_str=text), names)


def read_names(text: str | None) -> tuple[str, ...]:
    """Read the features of a registry row from JSON. Raises ModelRefused unless they are a list of different names."""
    try:
        names = json.loads(text) if text is not None and len(text) <= LONGEST_NAMES else None
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ModelRefused("the features of the registry row are not a list of names; train a new ranker")
    if len(set(names)) < len(names):
        raise ModelRefused("the features of the registry row contain a name twice; train a new ranker")
    return tuple(names)


def _refuse_long_groups(examples: Examples) -> None:
    longest = int(group_sizes(examples.group).max(initial=0))
    if longest > MAX_GROUP:
        raise ValueError(
            f"a query has {longest} examples, but LightGBM accepts at most {MAX_GROUP}; call cut_long_groups first"
        )


def _training_data(examples: Examples, recipe: Recipe, parameters: dict[str, Any]) -> lgb.Dataset:
    rows = (examples.features, quantise(examples.grade), examples.weight, group_sizes(examples.group))
    features, level, weight, sizes = with_twins(examples) if recipe.twins else rows
    return lgb.Dataset(
        features, level, group=sizes, weight=weight, feature_name=model_text.columns(examples.names), params=parameters
    ).construct()


def _dataset(rows: Examples, reference: lgb.Dataset, parameters: dict[str, Any]) -> lgb.Dataset:
    return lgb.Dataset(rows.features, quantise(rows.grade), reference, group=group_sizes(rows.group), params=parameters)


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


def _judge(sets: Mapping[int, Examples]) -> Any:
    """Return an evaluation function: the mean nDCG@10 over the lists with a relevant label.

    LightGBM's own nDCG counts the other lists as perfect.
    """

    def judge(scores: Floats, data: lgb.Dataset) -> tuple[str, float, bool]:
        rows = sets[id(data)]
        values = metrics.ndcg(scores, metrics.gains_of(rows.grade), rows.group, 10)
        best = metrics.ndcg(scores, (rows.grade >= RELEVANT).astype(np.float64), rows.group, 1)
        return "ndcg@10", float(np.mean(values[~np.isnan(best)])), True

    return judge


def _stop_early(patience: int, least_rounds: int) -> Any:
    """Return a callback that stops by the held-out queries alone. The training curve is recorded but stops nothing."""
    best: list[tuple[float, int, list[Any]]] = []

    def stop(env: Any) -> None:
        now = [entry for entry in env.evaluation_result_list if entry[0] == "valid"]
        if not best or env.iteration < least_rounds or now[0][2] > best[0][0]:
            best[:] = [(now[0][2], env.iteration, now)]
        if env.iteration - best[0][1] >= patience or env.iteration == env.end_iteration - 1:
            raise lgb.callback.EarlyStopException(best[0][1], best[0][2])

    stop.order = 30  # type: ignore[attr-defined]  # after the recorder, which has 20
    return stop
