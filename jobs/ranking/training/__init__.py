"""Training and evaluation of a ranker: examples, the learner, metrics, the gate, the registry and the scores."""
