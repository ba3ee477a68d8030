"""The code that runs on a Spark worker: it reads files and returns Arrow batches of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from tidemark.errors import LandingError
from tidemark.landing.files.folders import top_folder
from tidemark.landing.files.hashing import hash_file
from tidemark.landing.formats.detection import read_items
from tidemark.landing.job import Job
from tidemark.landing.parsers import load_parser
from tidemark.landing.rows.batches import arrow_schema, to_batches
from tidemark.landing.rows.checklist import Row, Rules
from tidemark.landing.rows.conversion import File, FileRows


def parse_files(job: Job, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the target's rows of the files that the batches list (path, digest, hour, written_at), in their order.

    Raises LandingError if a file has changed since it was planned, or cannot be read any more.
    """
    files = (File(**row) for batch in batches for row in batch.to_pylist())
    yield from to_batches(parse_rows(job, files), arrow_schema(job.target))


def parse_rows(job: Job, files: Iterable[File]) -> Iterator[tuple[int, Row]]:
    """Yield each row of the target with the size of its record in bytes."""
    rules = {name: Rules(shape, job.earliest) for name, shape in job.shapes.items()}
    for file in files:
        path = _check_unchanged(job, file)
        parser = load_parser(job.parsers[top_folder(file.path)])
        rows = FileRows(job, rules, parser, file)
        if parser.file is not None:
            rows.look_ahead(read_items(path, parser, job.longest_line))
        for item in read_items(path, parser, job.longest_line):
            weight = len(getattr(item, "raw", b""))
            for row in rows.convert(item):
                yield weight, row


def _check_unchanged(job: Job, file: File) -> str:
    """Return the path of a planned file whose content is still the planned one."""
    path = Path(job.root, file.path)
    try:
        same = hash_file(path) == file.digest
    except OSError as error:
        raise LandingError(
            f"{path}: was planned but cannot be read any more ({error.strerror}); run the session again from init"
        ) from error
    if not same:
        raise LandingError(f"{path}: changed after it was planned; run the session again from init")
    return str(path)
