"""Imports what runners and readers need, in the process that they are forked from."""

from __future__ import annotations

import pyspark.sql.connect.session  # noqa: F401

import tests.accounts.transforms
import tests.soak.reader
import tests.soak.runner  # noqa: F401
import tidemark.steps.audit
import tidemark.steps.write  # noqa: F401
from tidemark.audit import preload

preload()
