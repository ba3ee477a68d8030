"""Compare recipes of the learner: rankers trained on our labels, judged by true grades of other queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bench.labels import records
from bench.labels.learner import KEYS, Task
from bench.labels.tables import Tables
from bench.labels.worlds import Grades, World, WrongWorld
from ranking.training.matrices import Floats
from ranking.training.recipe import Recipe

PLAIN = Recipe(twins=False, query_share=1.0, extra_trees=False, second="")
RECIPES = {
    "plain": PLAIN,
    "bagged": Recipe(twins=False, query_share=0.7, extra_trees=False, second=""),
    "extra": Recipe(twins=False, query_share=1.0, extra_trees=True, second=""),
    "bagged-extra": Recipe(twins=False, query_share=0.7, extra_trees=True, second=""),
    "summed": Recipe(twins=False, query_share=1.0, extra_trees=False, second="rank_xendcg"),
    "bagged-summed": Recipe(twins=False, query_share=0.7, extra_trees=False, second="rank_xendcg"),
    "all": Recipe(twins=False, query_share=0.7, extra_trees=True, second="rank_xendcg"),
}
"""Rankers of content features, which have no twins. `summed` adds a second ranker by rank_xendcg."""


def recipes_of(names: Sequence[str]) -> dict[str, Recipe]:
    """Return the recipes with these names. Raises WrongWorld for an unknown name."""
    unknown = sorted(set(names) - set(RECIPES))
    if unknown:
        raise WrongWorld(f"{', '.join(unknown)}: no such recipe; choose from {', '.join(RECIPES)}")
    return {name: RECIPES[name] for name in names}


def compare(world: World, tables: Tables, settings: Sequence[Grades], chosen: Mapping[str, Recipe]) -> list[Floats]:
    """Return, for each recipe, the nDCG@10 of each query without traffic, the mean over the settings of grades."""
    task = Task.of(records.truth(world), tables.features())
    labels = []
    for grades in settings:
        joined = task.pairs.merge(tables.label(grades), on=KEYS, how="left", validate="1:1")
        labels.append(joined["grade"].to_numpy(float))
    return [np.mean([task.by_query(label, recipe) for label in labels], axis=0) for recipe in chosen.values()]


def comparison(chosen: Mapping[str, Recipe], worlds: Sequence[Sequence[Floats]]) -> str:
    """Return a line for each recipe: its mean nDCG@10, and its gain over the first with the standard error by query."""
    first = np.concatenate([values[0] for values in worlds])
    lines = [f"recipes on {len(first):,} queries of {len(worlds)} worlds: nDCG@10, gain over {next(iter(chosen))}, se"]
    for number, name in enumerate(chosen):
        values = np.concatenate([world[number] for world in worlds])
        gained = (values - first)[~np.isnan(values - first)]
        error = float(gained.std() / np.sqrt(len(gained)))
        by_world = " ".join(f"{float(np.nanmean(world[number] - world[0])):+.4f}" for world in worlds)
        lines.append(
            f"  {name:<14} {float(np.nanmean(values)):.4f}  {gained.mean():+.4f}  {error:.4f}  by world {by_world}"
        )
    return "\n".join(lines)
