"""LambdaMART: the only door to LightGBM.

The recipe: grades on the fixed scale 0-4 in 31 levels, every row twice (once with behaviour masked, as for a
pair that nobody saw yet), deterministic, stopped early by an nDCG that skips queries with nothing relevant.
The same examples, recipe and seed give the same bytes. A model is text; nothing is ever unpickled.
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

LONGEST_NAMES = 1 << 20  # letters of the list of features in a registry row
CURVE_QUERIES = 500  # training queries that the learning curve is drawn from
MAX_GROUP = 10_000  # rows that LightGBM takes in one group


class ModelRefused(ValueError):
    """An artifact that is not the LightGBM ranker that the registry row describes."""


@dataclass(frozen=True)
class Trained:
    """A trained model as text, its learning curves (nDCG@10 a round) and the gain of each feature."""

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
    """A loaded ranker: scores of pairs, higher is better, comparable within a query only."""

    booster: lgb.Booster
    names: tuple[str, ...]

    def predict(self, features: Matrix) -> Floats:
        """One score a row; the columns are `names`, in that order."""
        if not len(features):
            return np.array([], dtype=np.float64)
        return np.asarray(self.booster.predict(features, num_threads=1), dtype=np.float64)


def train(examples: Examples, valid: Examples, recipe: Recipe) -> Trained:
    """Fit on `examples`, stop by `valid` (other queries). No group of either may be longer than `MAX_GROUP`."""
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
    """A ranker from the registry; `ModelRefused` unless checksum, format and features are as the row says."""
    if artifact is None or len(artifact) > model_text.LARGEST:
        raise ModelRefused(f"artifact is not there, or larger than {model_text.LARGEST} bytes; train a new ranker")
    found, said = hashlib.sha256(artifact).hexdigest(), sha256 or "none"
    if found != said:
        raise ModelRefused(f"artifact has sha256 {found[:12]}, its row says {said[:12]}: it was changed or cut short")
    text = artifact.decode("utf-8", errors="replace")
    try:
        model_text.check(text, (model_text.columns(names), model_text.columns_before(names)))
    except ValueError as error:
        if str(error) == model_text.FEATURES:
            raise ModelRefused("artifact was trained on other features, or another order, than its row says") from None
        raise ModelRefused(
            f"artifact is not the text of a LightGBM lambdarank model, version v4: {error}; train a new ranker"
        ) from None
    return Model(lgb.Booster(model_str=text), names)


def read_names(text: str | None) -> tuple[str, ...]:
    """The features of a registry row, from JSON; `ModelRefused` unless they are a list of different names."""
    try:
        names = json.loads(text) if text is not None and len(text) <= LONGEST_NAMES else None
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ModelRefused("features of the registry row are no list of names; train a new ranker")
    if len(set(names)) < len(names):
        raise ModelRefused("features of the registry row name one twice; train a new ranker")
    return tuple(names)


def _refuse_long_groups(examples: Examples) -> None:
    longest = int(group_sizes(examples.group).max(initial=0))
    if longest > MAX_GROUP:
        raise ValueError(f"a query has {longest} examples, LightGBM takes {MAX_GROUP}; cut_long_groups first")


def _training_data(examples: Examples, recipe: Recipe, parameters: dict[str, Any]) -> lgb.Dataset:
    rows = (examples.features, quantise(examples.grade), examples.weight, group_sizes(examples.group))
    features, level, weight, sizes = with_twins(examples) if recipe.twins else rows
    return lgb.Dataset(
        features, level, group=sizes, weight=weight, feature_name=model_text.columns(examples.names), params=parameters
    ).construct()


def _dataset(rows: Examples, reference: lgb.Dataset, parameters: dict[str, Any]) -> lgb.Dataset:
    return lgb.Dataset(rows.features, quantise(rows.grade), reference, group=group_sizes(rows.group), params=parameters)


def _sample(examples: Examples) -> Examples:
    """The rows of an even spread of training queries, enough to draw a curve."""
    sizes = group_sizes(examples.group)
    kept = np.zeros(len(sizes), dtype=np.bool_)
    kept[np.unique(np.linspace(0, len(sizes) - 1, min(CURVE_QUERIES, len(sizes))).astype(int))] = True
    return examples.take(np.repeat(kept, sizes))


def _countable(rows: Examples) -> int:
    """Queries whose best label is relevant: those that the stopping nDCG counts."""
    starts = np.r_[0, np.cumsum(group_sizes(rows.group))[:-1]].astype(int) if len(rows) else []
    return int((np.maximum.reduceat(rows.grade, starts) >= RELEVANT).sum()) if len(rows) else 0


def _judge(sets: Mapping[int, Examples]) -> Any:
    """nDCG@10 over the queries with a relevant label; LightGBM's own counts the others as perfect."""

    def judge(scores: Floats, data: lgb.Dataset) -> tuple[str, float, bool]:
        rows = sets[id(data)]
        values = metrics.ndcg(scores, metrics.gains_of(rows.grade), rows.group, 10)
        best = metrics.ndcg(scores, (rows.grade >= RELEVANT).astype(np.float64), rows.group, 1)
        return "ndcg@10", float(np.mean(values[~np.isnan(best)])), True

    return judge


def _stop_early(patience: int, least_rounds: int) -> Any:
    """Stop by the held-out queries alone: the training curve is recorded, but stops nothing."""
    best: list[tuple[float, int, list[Any]]] = []

    def stop(env: Any) -> None:
        now = [entry for entry in env.evaluation_result_list if entry[0] == "valid"]
        if not best or env.iteration < least_rounds or now[0][2] > best[0][0]:
            best[:] = [(now[0][2], env.iteration, now)]
        if env.iteration - best[0][1] >= patience or env.iteration == env.end_iteration - 1:
            raise lgb.callback.EarlyStopException(best[0][1], best[0][2])

    stop.order = 30  # type: ignore[attr-defined]  # after the recorder, which has 20
    return stop
