"""Search ranking: pure transforms, formulas and the learner. It knows nothing of the loop, catalog or scheduler."""
