"""Memory and time of a training run, beside a plain fit of the same rows from pandas.

`python -m bench.training rows=300000 features=200 rounds=50`. The rows are made here, in lists of 20, without twins on
either side. Each part runs in a fresh process, so that its peak of resident memory is its own:

- plain: `pandas.read_parquet` and `LGBMRanker.fit`, from doubles, as `ranking.training_examples` holds them
- plain, float32: the same from float32
- builder and trainer: the two processes of a training run, with the sample and row groups that `memory` gives

The figures are printed only if the rankers of all three rank equally well: nDCG@10 on lists that none has seen, within
three standard errors of the paired difference, or .002 if that is more.
"""
