"""Training and judging a ranker: examples, the learner, metrics, the gate, the registry and the scores."""
