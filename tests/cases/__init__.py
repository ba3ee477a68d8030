"""Data cases: `<dataset>/<case>.yaml`, each with a sentence why, given rows and the rows that follow.

why: a click that arrives a week later still belongs to its impression
ranges: [[2026-04-12, 2026-04-13]]      # what is to be produced; all of time where absent
params: {attribution_window: 2h}        # over those of the spec and of infra/search.yaml
defaults:                               # values of columns that the rows leave out, by input and for `then`
  actions: {application: shop, action: click}
given:
  actions:
    - {query_id: q1, item_id: a, occurred_at: 2026-04-12T10:00:00Z}
then:                                   # every row that follows; columns left out are not compared
  - {query_id: q1, item_id: a, clicks: 1}
refused: correct `position.base`        # instead of `then`: part of the ValueError
"""
