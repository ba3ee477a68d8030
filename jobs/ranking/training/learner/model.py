"""Loading of rankers. A model is stored as text and never unpickled."""

import hashlib
import json
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from ranking.training import model_text
from ranking.training.matrices import Floats, Matrix

LONGEST_NAMES = 1 << 20  # longest feature list of a registry row, in characters


class ModelRefused(ValueError):
    """The artifact is not the LightGBM ranker that its registry row describes."""


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
