"""`tidemark ranker register`, and the last task of the DAGs about rankers: register the champion in MLflow.

A ranker is registered once and found again by its tag. The alias `champion` follows the champion, also back. It moves
only if the model that the server hands out scores the same rows as the ranker. Without Spark.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator

from ranking.export import description
from ranking.training import learner
from ranking.training.champion import Run
from steering.loaded_ranker import Ranker, load_run
from steering.mlflow_registry import ALIAS, PINNED, MlflowFailed, MlflowRegistry, Registered, is_installed
from steering.registered_facts import read_facts
from steering.registration_settings import MlflowSettings, read_mlflow
from steering.registry import read_registry, read_run
from steering.same_scores import TOLERANCE, ScoresDiffer, check_rows, largest_difference
from tidemark.catalog import Lake
from tidemark.errors import RequestRefused
from tidemark.operate.lakes import open_existing_lake
from tidemark.session import WARNING
from tidemark.settings import load_settings
from tidemark.steps.context import Context
from tidemark.support.file_lock import holding
from tidemark.support.text import printable

PATIENCE = 60.0
"""Seconds to wait for another process that registers. One takes a few."""
LATER = "Nothing in the lake changed, and the next run tries again"
REMEDY = "start the server, or correct registration.mlflow in search.yaml, and run `tidemark ranker register`"


def register(options: argparse.Namespace) -> int:
    """Register the champion, and say what was done. Raises RequestRefused without the setting or the extra."""
    settings = load_settings()
    wanted = read_mlflow(settings.values)
    if wanted is None:
        raise RequestRefused(
            "registration: search.yaml names no MLflow; write for example registration: {mlflow: {tracking_uri: "
            "http://127.0.0.1:5000, model: shop-ranker}}"
        )
    for line in _register(open_existing_lake(settings), wanted):
        print(printable(line))
    return 0


def register_after_run(context: Context) -> str:
    """Register the champion if the settings say so, and return what was done.

    If MLflow does not answer, or fails otherwise, the text is a warning: the tables are published, and the next run
    registers what is missing. Raises RequestRefused without the extra, or if the registered model scores otherwise.
    """
    wanted = read_mlflow(context.settings.values)
    if wanted is None:
        return "nothing is registered: search.yaml has no registration"
    try:
        return "\n".join(_register(context.lake, wanted))
    except MlflowFailed as error:
        return f"{WARNING}{error}"


def _register(lake: Lake, wanted: MlflowSettings) -> list[str]:
    """Register the champion while no other process does, and return what was done."""
    if not is_installed():
        raise RequestRefused(
            f"registration.mlflow: the extra `mlflow` is not installed; run .venv/bin/python -m pip install {PINNED} "
            "and repeat, or take the setting out of search.yaml"
        )
    try:
        with holding(lake.settings.run / "registration.lock", PATIENCE):
            return list(_register_champion(lake, wanted))
    except TimeoutError as error:
        raise MlflowFailed(f"registration: {error}. {LATER}") from None
    except MlflowFailed as error:
        raise MlflowFailed(f"{error}. {LATER}; {REMEDY}") from error


def _register_champion(lake: Lake, wanted: MlflowSettings) -> Iterator[str]:
    champion = read_registry(lake).standing.champion
    if champion is None:
        yield "nothing is registered: there is no champion yet"
        return
    server = MlflowRegistry(wanted)
    facts = read_facts(lake, champion, read_run(lake, champion))
    known = server.find(champion.model_version)
    at = f"{champion.model_version}: version"
    if known is None:
        ranker = load_run(lake, champion)
        about = description.describe(ranker.row, ranker.text, ranker.model.names)
        known = server.add(facts, ranker.model, about)
        yield f"{at} {known.number} of {wanted.model} at {wanted.tracking_uri}, newly registered"
    else:
        amended = "its tags are brought up to date" if server.amend(known, facts.tags) else "registered before"
        yield f"{at} {known.number} of {wanted.model} at {wanted.tracking_uri}, {amended}"
    yield from _move_alias(lake, server, champion, known)


def _move_alias(lake: Lake, server: MlflowRegistry, champion: Run, known: Registered) -> Iterator[str]:
    """Move the alias to a version, after its model has scored as the ranker."""
    before = server.champion()
    if before == known.number:
        yield f"alias {ALIAS}: version {known.number}, as before"
        return
    yield _check(lake, load_run(lake, champion), server, known)
    server.make_champion(known.number)
    yield f"alias {ALIAS}: version {known.number}" + (f", until now version {before}" if before else "")


def _check(lake: Lake, ranker: Ranker, server: MlflowRegistry, known: Registered) -> str:
    """Return how the model that the server hands out was checked. Raises RequestRefused if it is another one."""
    content = server.read_model(known.number)
    rows = check_rows(lake, ranker)
    try:
        model = learner.load_model(content, hashlib.sha256(content).hexdigest(), ranker.model.names)
        most = largest_difference(model.predict(rows.values), ranker.model.predict(rows.values), TOLERANCE)
    except (learner.ModelRefused, ScoresDiffer) as error:
        why = str(error).removesuffix("; train a new ranker")  # of an artifact of the lake, which is fine
        raise RequestRefused(
            f"{ranker.run.model_version}: version {known.number} of {server.settings.model} at "
            f"{server.settings.tracking_uri} is another model: {why}. The alias {ALIAS} has not moved. "
            f"Remove this version there, and run `tidemark ranker register`"
        ) from None
    return f"checked by {rows.describe()}: the largest difference is {most:.1e}"
