"""Planning imports no heavy packages: it reads metadata and sources, and does not start Spark."""

from __future__ import annotations

import subprocess
import sys

FINGERPRINTS = """
import sys
from tidemark.spec.fingerprint import fingerprint
from tidemark.settings import load_settings
from tidemark.spec.load import load_specs
settings = load_settings({})
hashes = {fingerprint(spec, settings.values) for spec in load_specs(settings.schemas, settings.values).values()}
print(len(hashes))
print(*sorted(name for name in sys.modules if name.split('.')[0] in ('pyspark', 'ranking', 'great_expectations')))
"""


def test_the_fingerprint_of_every_spec_is_its_own_and_imports_no_transform() -> None:
    done = subprocess.run([sys.executable, "-c", FINGERPRINTS], capture_output=True, text=True, check=True)
    count, *imported = done.stdout.splitlines()
    assert int(count) == 23
    assert imported in ([], [""])


def test_a_session_is_imported_without_an_engine() -> None:
    code = "import sys, tidemark.session; print('pyspark' in sys.modules, 'great_expectations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_settings_are_imported_without_the_library_that_checks_them() -> None:
    code = "import sys, tidemark.settings; print('jsonschema' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_the_commands_about_rankers_start_no_engine() -> None:
    code = "import sys, steering.show, steering.decide; print({'pyspark', 'lightgbm', 'airflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()"]
