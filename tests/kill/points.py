"""Where a process dies, as plain data: the step, a function of it, and whether before or after that function.

A function is named as its caller looks it up (`module:attribute`). `table` picks the call that has this name
among its arguments, `inside` the calls made while another function runs. `during` stands for a write that goes
on in Spark when its client is dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Step = Literal["init", "write_audit_publish", "commit"]
When = Literal["before", "during", "after"]

INIT: Step = "init"
MIDDLE: Step = "write_audit_publish"
COMMIT: Step = "commit"

MODES = ("stateless", "stateful")
CLOSING = (*MODES, "source")
TOUCH, FIRST, SOURCE, EXPECTATIONS = ("touch",), ("first",), ("source",), ("expectations",)

OPS_APPEND = "tidemark.lake.ops:append"
SWAP = "pyiceberg.catalog.sql:SqlCatalog.commit_table"
WRITE_METADATA = "pyiceberg.catalog.sql:SqlCatalog._write_metadata"
CREATE_BRANCH = "tidemark.lake.catalog:Lake.create_branch"
REMOVE_BRANCH = "tidemark.lake.catalog:Lake.remove_branch"
PUBLISH = "tidemark.steps.publish:publish_watermark"


@dataclass(frozen=True)
class Point:
    """One place in a step; `worlds` are the kinds of session that pass it."""

    name: str
    step: Step
    when: When
    function: str
    table: str | None = None
    inside: str | None = None
    worlds: tuple[str, ...] = MODES


POINTS: tuple[Point, ...] = (
    Point("before anything is planned", INIT, "before", "tidemark.steps.init:survey"),
    Point("before the session row", INIT, "before", OPS_APPEND, "ops.sessions"),
    Point("session row written, not committed", INIT, "before", SWAP, inside="tidemark.steps.init:store"),
    Point("after the session row", INIT, "after", OPS_APPEND, "ops.sessions"),
    Point("before the branch", MIDDLE, "before", CREATE_BRANCH),
    Point("after the branch", MIDDLE, "after", CREATE_BRANCH),
    Point("mid write, Spark commits late", MIDDLE, "during", "tidemark.steps.write:_write"),
    Point("after staging, not looked at yet", MIDDLE, "after", "tidemark.steps.write:_write"),
    Point("after staging", MIDDLE, "after", "tidemark.steps.write:write"),
    Point("mid audit, only metadata read", MIDDLE, "after", "tidemark.audit.run:staged_files"),
    Point("mid audit, all checks made", MIDDLE, "before", "tidemark.audit.run:write_page"),
    Point("before the audit rows", MIDDLE, "before", OPS_APPEND, "ops.audit_results"),
    Point("audit rows written, not committed", MIDDLE, "before", SWAP, inside="tidemark.steps.audit:audit"),
    Point("after the audit rows", MIDDLE, "after", OPS_APPEND, "ops.audit_results"),
    Point("before publish", MIDDLE, "before", "tidemark.session:publish"),
    Point("publish: before the commit", MIDDLE, "before", SWAP, inside=PUBLISH),
    Point("publish: metadata written, not swapped", MIDDLE, "after", WRITE_METADATA, inside=PUBLISH),
    Point("publish: swapped, not returned", MIDDLE, "after", SWAP, inside=PUBLISH),
    Point("between publish and commit", MIDDLE, "after", "tidemark.session:publish"),
    Point("before anything is closed", COMMIT, "before", "tidemark.session:commit_step", worlds=CLOSING),
    Point("before the file rows", COMMIT, "before", OPS_APPEND, "ops.landed_files", worlds=SOURCE),
    Point("after the file rows", COMMIT, "after", OPS_APPEND, "ops.landed_files", worlds=SOURCE),
    Point("before the watermark row", COMMIT, "before", OPS_APPEND, "ops.high_watermarks", worlds=CLOSING),
    Point("watermark row written, not committed", COMMIT, "before", SWAP, inside="tidemark.steps.commit:_close"),
    Point("after the watermark row", COMMIT, "after", OPS_APPEND, "ops.high_watermarks", worlds=CLOSING),
    Point("before the branch goes", COMMIT, "before", REMOVE_BRANCH),
    Point("mid clean-up", COMMIT, "before", SWAP, inside=REMOVE_BRANCH),
    Point("after the branch went", COMMIT, "after", REMOVE_BRANCH),
    Point("after everything", COMMIT, "after", "tidemark.session:commit_step", worlds=CLOSING),
    Point("mid audit, before the expectations", MIDDLE, "before", "tidemark.audit.gx:run_expectations", worlds=EXPECTATIONS),
    Point("mid audit, after the expectations", MIDDLE, "after", "tidemark.audit.gx:run_expectations", worlds=EXPECTATIONS),
    Point("touch: before the commit", MIDDLE, "before", SWAP, inside=PUBLISH, worlds=TOUCH),
    Point("touch: swapped, not returned", MIDDLE, "after", SWAP, inside=PUBLISH, worlds=TOUCH),
    Point("touch: before the watermark row", COMMIT, "before", OPS_APPEND, "ops.high_watermarks", worlds=TOUCH),
    Point("first run: before the table", INIT, "before", "tidemark.lake.catalog:Lake._create", worlds=FIRST),
    Point("first run: table without a snapshot", INIT, "before", "tidemark.lake.catalog:Lake._first_commit", worlds=FIRST),
    Point("first run: ops table without a row", INIT, "after", "tidemark.lake.ops:_ensure", worlds=FIRST),
)  # fmt: skip
