"""The process that boosts: it reads the binned data sets, and writes the model's text and its learning curves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from ranking.training import metrics, model_text
from ranking.training.learner.quiet import quieten
from ranking.training.learner.task import TRAIN, VALID, Rows, Task, data_file
from ranking.training.matrices import Floats
from ranking.training.recipe import RELEVANT

Say = Callable[[str], None]
METRIC = "ndcg@10"


@dataclass(frozen=True)
class Boosted:
    """A trained ranker: its text, the number of its trees, the total gain of each feature and its learning curves."""

    text: str
    rounds: int
    gains: Floats
    curves: dict[str, list[float]]


def boost(folder: Path, say: Say) -> None:
    """Train on the data sets of a folder. Write `model.txt`, and `result.json` with rounds, curves and gains.

    The curves are those of the first objective.
    """
    quieten()
    task = Task.read(folder)
    found = [_boost(folder, task, objective, say) for objective in task.settings.objectives]
    result = {
        "rounds": sum(each.rounds for each in found),
        "curves": found[0].curves,
        "gains": np.sum([each.gains for each in found], axis=0).tolist(),
    }
    text = model_text.join([each.text for each in found])
    (folder / "model.txt").write_text(text, encoding="utf-8", newline="")
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def _boost(folder: Path, task: Task, objective: str, say: Say) -> Boosted:
    settings, parameters = task.settings, {**task.settings.parameters, "objective": objective}
    data = lgb.Dataset(data_file(folder, TRAIN), params=parameters)
    watched = {name: rows for name, rows in task.rows.items() if name != TRAIN}
    sets = {name: lgb.Dataset(data_file(folder, name), reference=data, params=parameters) for name in watched}
    curves: dict[str, dict[str, list[float]]] = {}
    callbacks: list[Any] = [lgb.record_evaluation(curves), _report(settings.rounds, objective, say)]
    if settings.patience is not None:
        callbacks.append(_stop_early(settings.patience, settings.least_rounds))
    booster = lgb.train(
        parameters,
        data,
        settings.rounds,
        valid_sets=list(sets.values()),
        valid_names=list(sets),
        feval=_judge({id(sets[name]): rows for name, rows in watched.items()}),
        callbacks=callbacks,
    )
    rounds = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    return Boosted(
        booster.model_to_string(num_iteration=rounds),
        rounds,
        booster.feature_importance("gain", iteration=rounds),
        {name: curve[METRIC] for name, curve in curves.items()},
    )


def _judge(sets: Mapping[int, Rows]) -> Any:
    """Return an evaluation function: the mean nDCG@10 over the lists with a relevant label.

    LightGBM's own nDCG counts the other lists as perfect.
    """

    def judge(scores: Floats, data: lgb.Dataset) -> tuple[str, float, bool]:
        rows = sets[id(data)]
        group = np.repeat(np.arange(len(rows.sizes)), rows.sizes)
        values = metrics.ndcg(scores, metrics.gains_of(rows.grade), group, 10)
        best = metrics.ndcg(scores, (rows.grade >= RELEVANT).astype(np.float64), group, 1)
        return METRIC, float(np.mean(values[~np.isnan(best)])), True

    return judge


def _report(rounds: int, objective: str, say: Say) -> Any:
    """Return a callback that says after each tenth of the rounds how far the training is."""
    step = max(1, rounds // 10)

    def report(env: Any) -> None:
        if (env.iteration + 1) % step == 0:
            found = [f"; nDCG@10 of the {entry[0]} lists {entry[2]:.4f}" for entry in env.evaluation_result_list]
            say(f"boosted {objective}, round {env.iteration + 1:,} of at most {rounds:,}{''.join(found)}")

    report.order = 25  # type: ignore[attr-defined]  # after the recorder, which has 20
    return report


def _stop_early(patience: int, least_rounds: int) -> Any:
    """Return a callback that stops by the held-out queries alone. The training curve is recorded but stops nothing."""
    best: list[tuple[float, int, list[Any]]] = []

    def stop(env: Any) -> None:
        now = [entry for entry in env.evaluation_result_list if entry[0] == VALID]
        if not best or env.iteration < least_rounds or now[0][2] > best[0][0]:
            best[:] = [(now[0][2], env.iteration, now)]
        if env.iteration - best[0][1] >= patience or env.iteration == env.end_iteration - 1:
            raise lgb.callback.EarlyStopException(best[0][1], best[0][2])

    stop.order = 30  # type: ignore[attr-defined]  # after the report
    return stop
