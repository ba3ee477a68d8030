"""Rankers in the forms of other systems, each checked by scoring the same rows as the ranker itself.

`trees` reads the text of a model, `narrow` turns its 64-bit splits into 32-bit ones, `probes` makes rows that pass each
split on both sides. `ltr`, `onnx_form` and `description` write the forms.
"""
