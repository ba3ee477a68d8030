"""A training run. It adds one row to the model registry, with metrics, artifact and the gate's verdict."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from ranking.blocks import setting
from ranking.labels import horizon, splits
from ranking.logs.grades import by_people, machines, read_grades
from ranking.scratch import Place
from ranking.training import (
    canary,
    drift,
    evaluation,
    examination,
    example_files,
    example_splits,
    findings,
    gate,
    learner,
    matrices,
    memory,
    registry,
    schemes,
    shortage,
    summary,
    unchanged,
)
from ranking.training.champion import model_version_of
from ranking.training.evaluation import OURS, WARM
from ranking.training.matrices import Examples, Parts
from ranking.training.recipe import Recipe
from ranking.training.registry import Registry
from ranking.training.scheme import DROPPED, GAP, RANDOM, TEST, TRAIN

DEFAULTS: dict[str, Any] = {
    "cuts": example_splits.CUTS,
    "least_queries": 30,
    "least_examples": 300,
    "least_test_queries": 20,
    "valid_share": 0.15,
    "random_split": True,
    "position_feature": "f_position_mean_28",
    "popularity_feature": "f_item_clicks_28",
    "recipe": {},
}


def build(inputs: Mapping[str, DataFrame], params: Mapping[str, Any]) -> pa.Table:
    """Return exactly one row of the registry, also if nothing could be trained.

    Inputs: examples, splits, judgments, horizons, decisions, and rankers, the registry itself. Registry and decisions
    say which ranker is the champion. The features lie in `scratch`.

    Raises ModelRefused if the artifact of the champion is not what its row says, and ValueError if the run does not
    fit into `training_memory`.
    """
    place = Place.of(params)
    place.folder.mkdir(parents=True, exist_ok=True)
    settings = setting(params, "training", DEFAULTS)
    recipe = Recipe.of(settings["recipe"])
    scheme = example_splits.scheme_of(inputs["splits"])
    random_split = settings["random_split"] and scheme.scheme != RANDOM
    allowed = params.get("training_memory") or memory.DEFAULT
    examples, budget = example_files.prepare(inputs, recipe, random_split, allowed, place.below("examples"))
    parts = divide(examples, examples.split, settings)
    history = horizon.in_force(inputs["horizons"].toArrow().to_pylist())
    missing = shortage.what_is_missing(parts, settings, history) or canary.find_leak(parts.train)
    before = registry.read(inputs["rankers"], inputs["decisions"])
    if missing is not None:
        results = summary.of_parts(parts, history, scheme)
        return _row(parts, None, gate.cannot_train(missing), results, recipe, before, params)
    trained = learner.train(parts.train, parts.valid, recipe, budget.sample, place.folder)
    grades = evaluation.human_grades(_judgments(inputs["judgments"], params))
    examined, verdict = _examine(trained, parts.test, grades, before, settings, recipe)
    verdict = gate.trust(verdict, scheme.scheme, _trains_later(parts))
    verdict = gate.settle(verdict, unchanged.find_same(before, trained.sha256, params), unchanged.find_hold(before))
    results = summary.of_run(parts, history, scheme, trained, examined.scores, grades, recipe.seed)
    results["memory"] = asdict(budget)
    results |= findings.of_run(examined, verdict.yardstick, settings["least_test_queries"])
    results |= drift.of_run(parts.train, trained.gain, examined.scores, before.champion_metrics)
    if random_split:
        results["random_split"] = _random_split(examples, parts, recipe, settings, budget.sample, place.folder)
    return _row(parts, trained, verdict, results, recipe, before, params)


def divide(examples: Examples, split: schemes.Texts, settings: Mapping[str, Any]) -> Parts:
    """Divide the examples into parts by the names in `split`.

    Rows of weight 0, whose labels are the prior alone, are not used for training. Lists that are too long for
    the learner are cut in `train` and `valid`, and in no other part.
    """
    training = (split == TRAIN) & (examples.weight > 0)
    held_out = np.array(
        [splits.bucket_of(f"valid {query}") < settings["valid_share"] for query in examples.query], bool
    )
    chosen = (training & ~held_out, training & held_out, *(split == name for name in (GAP, TEST, DROPPED)))
    train, valid, gap, test, dropped = (examples.take(rows) for rows in chosen)
    train, left_out = matrices.cut_long_groups(train, learner.MAX_GROUP)
    valid, left_out_of_valid = matrices.cut_long_groups(valid, learner.MAX_GROUP)
    return Parts(train, valid, gap, test, dropped, (*left_out, *left_out_of_valid))


def _trains_later(parts: Parts) -> bool:
    """Return whether a training window ends after a test window begins."""
    return len(parts.test) > 0 and bool(parts.train.window_end.max() > parts.test.window_start.min())


def _examine(
    trained: learner.Trained,
    test: Examples,
    grades: Mapping[tuple[str, str, str], float],
    before: Registry,
    settings: Mapping[str, Any],
    recipe: Recipe,
) -> tuple[examination.Examination, gate.Verdict]:
    """Return the new ranker beside its rivals on the test part, and the gate's verdict.

    The scores come from the artifact as it is stored, so the ranker that is tested is the one that ships.
    """
    ours = learner.load_model(trained.artifact, trained.sha256, trained.names)
    scores = examination.all_scores(ours, test, before, settings)
    same_recipe = before.champion_recipe is None or before.champion_recipe.learns_as(recipe)
    examined = examination.Examination(test, scores, grades, same_recipe)
    return examined, examined.verdict(settings)


def _random_split(
    examples: Examples, parts: Parts, recipe: Recipe, settings: Mapping[str, Any], sample: int, folder: Path
) -> dict[str, Any]:
    """Train and evaluate on a random split of the same rows, whose score is too high because it leaks the future."""
    groups, place = np.unique(examples.group, return_inverse=True)
    share = len(np.unique(parts.test.group)) / max(1, len(groups))
    drawn = schemes.draw_lists([str(group) for group in groups], share, recipe.seed)
    other = divide(examples, drawn[place], settings)
    trained = learner.train(other.train, other.valid, recipe, sample, folder)
    model = learner.load_model(trained.artifact, trained.sha256, trained.names)
    scores = {OURS: {WARM: evaluation.model_scores(model, other.test)[WARM]}}
    found = evaluation.yardsticks(other.test, {})
    return {name: evaluation.table(found[name], other.test, scores, recipe.seed) for name in ("behaviour", "label")}


def _judgments(frame: DataFrame, params: Mapping[str, Any]) -> pa.Table:
    """Return the grades that people gave, whenever they arrived, because they only evaluate."""
    human = read_grades(frame, params).where(by_people(machines(params)))
    grades: pa.Table = human.select("application", "query", "item_id", "grade").toArrow()
    return grades


def _row(
    parts: Parts,
    trained: learner.Trained | None,
    verdict: gate.Verdict,
    results: dict[str, Any],
    recipe: Recipe,
    before: Registry,
    params: Mapping[str, Any],
) -> pa.Table:
    results |= {"gate": asdict(verdict), "champion": before.champion_version, "champion_why": before.standing.explain()}
    bounds = dict(params.get("complete_through") or {})
    through = {name: f"{bound:%Y-%m-%dT%H:%MZ}" if bound else None for name, bound in bounds.items()}
    snapshots = {"snapshots": dict(params.get("snapshots") or {}), "complete_through": through}
    fitted = np.concatenate([parts.train.window_start, parts.valid.window_start])
    row = {
        "model_version": model_version_of(params["session"]),
        "version": before.newest + 1,
        "promoted": verdict.promoted,
        "verdict": verdict.sentence,
        "artifact": trained.artifact if trained else None,
        "sha256": trained.sha256 if trained else None,
        "features": json.dumps(list(parts.train.names)),
        "metrics": _json(results),
        "parameters": _json(asdict(recipe)),
        "snapshots": _json(snapshots),
        "trained_from": fitted.min().item() if len(fitted) else None,
        "trained_through": parts.train.window_end.max().item() if len(parts.train) else None,
        "tested_through": parts.test.window_end.max().item() if len(parts.test) else None,
        "training_rows": len(parts.train) + len(parts.valid),
        "test_rows": len(parts.test),
        "drifted": drift.count_major(results.get("drift")),
    }
    return pa.Table.from_pylist([row], schema=registry.SCHEMA)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)
