"""The spec language."""
from tidemark.spec.load import load_spec, load_specs, parse_duration
from tidemark.spec.model import *  # noqa
