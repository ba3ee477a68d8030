"""Search ranking: pure transforms, formulas and the learner. It knows no loop, no catalog, no scheduler."""
