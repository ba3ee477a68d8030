"""Data cases: `<dataset>/<case>.yaml`. Each has a sentence `why`, given rows, and the rows that the transform returns.

why: a click that arrives a week later still belongs to its impression
ranges: [[2026-04-12, 2026-04-13]]      # the ranges to build; all time if absent
params: {attribution_window: 2h}        # override those of the spec and of infra/search.yaml
defaults:                               # values of columns that the rows omit, by input and for `then`
  actions: {application: shop, action: click}
given:
  actions:
    - {query_id: q1, item_id: a, occurred_at: 2026-04-12T10:00:00Z}
then:                                   # all resulting rows; omitted columns are not compared
  - {query_id: q1, item_id: a, clicks: 1}
refused: correct `position.base`        # instead of `then`: part of the message of the ValueError
"""
