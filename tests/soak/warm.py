"""Imports the modules that runners and readers need, in the process from which they are forked."""

from __future__ import annotations

import pyspark.sql.connect.session  # noqa: F401

import tests.accounts.transforms
import tests.soak.reader
import tests.soak.runner  # noqa: F401
import tidemark.steps.audit
import tidemark.steps.write  # noqa: F401
from tidemark.audit import preload

preload()
