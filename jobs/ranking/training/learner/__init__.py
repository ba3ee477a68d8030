"""Training and loading of LambdaMART rankers. Only this package imports LightGBM.

Grades from 0 to 4 become 31 levels on a fixed scale. Each row is used twice, once with its behaviour features masked as
for a pair without traffic. One process bins the features, another one boosts, and neither holds them whole. Training is
deterministic and stops early by an nDCG that skips queries without a relevant item. The same examples, recipe, sample
and seed give the same bytes.
"""

from ranking.training.learner.model import LONGEST_NAMES, Model, ModelRefused, load_model, read_names
from ranking.training.learner.train import MAX_GROUP, Trained, train

__all__ = [
    "LONGEST_NAMES", "MAX_GROUP", "Model", "ModelRefused", "Trained", "load_model", "read_names", "train",
]  # fmt: skip
