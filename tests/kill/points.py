"""The points at which a process dies, as plain data: a step, a function in it, and before or after that function.

A function is named as its caller looks it up (`module:attribute`). `table` selects the call that has this name
among its arguments, `inside` the calls that are made while another function runs. `during` is a write that Spark
continues after its client is dead. With `fail` the process continues with an error: before the call, nothing
arrived; after the call, only the answer was lost. With `heals` the process finds out and succeeds.
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
PART, SAME = ("part",), ("same",)

OPS_MISSING = "tidemark.catalog.ops:append_missing"
OPS_ONCE = "tidemark.catalog.ops:append_once"
SWAP = "pyiceberg.catalog.sql:SqlCatalog.commit_table"
WRITE_METADATA = "pyiceberg.catalog.sql:SqlCatalog._write_metadata"
CREATE_BRANCH = "tidemark.catalog.lake:Lake.create_branch"
REMOVE_BRANCH = "tidemark.catalog.lake:Lake.remove_branch"
CREATE = "tidemark.catalog.lake:Lake._create"
FIRST_COMMIT = "tidemark.catalog.lake:Lake._first_commit"
STORE = "tidemark.steps.init:store"
WRITE = "tidemark.steps.write:_write"
AUDIT = "tidemark.steps.audit:audit"
EXPECT = "tidemark.audit.gx:run_expectations"
CLOSE = "tidemark.steps.commit:_close"
PUBLISH_PART = "tidemark.steps.unchanged:_publish_part"
PART_COMMIT = "tidemark.steps.unchanged:commit_files"
SAME_ROWS = "tidemark.stages:Audited.with_same_rows"
PUBLISH = "tidemark.steps.publish:publish_watermark"


@dataclass(frozen=True)
class Point:
    """A place in a step. `worlds` are the kinds of session that pass it."""

    name: str
    step: Step
    when: When
    function: str
    table: str | None = None
    inside: str | None = None
    worlds: tuple[str, ...] = MODES
    action: Literal["die", "fail"] = "die"
    heals: bool = False


POINTS: tuple[Point, ...] = (
    Point("before anything is planned", INIT, "before", "tidemark.steps.init:plan_session"),
    Point("before the session row", INIT, "before", OPS_ONCE, "ops.sessions"),
    Point("session row written, not committed", INIT, "before", SWAP, inside=STORE),
    Point("after the session row", INIT, "after", OPS_ONCE, "ops.sessions"),
    Point("before the branch", MIDDLE, "before", CREATE_BRANCH),
    Point("after the branch", MIDDLE, "after", CREATE_BRANCH),
    Point("mid write, Spark commits late", MIDDLE, "during", WRITE),
    Point("after staging, not looked at yet", MIDDLE, "after", WRITE),
    Point("after staging", MIDDLE, "after", "tidemark.steps.write:write"),
    Point("mid audit, only metadata read", MIDDLE, "after", "tidemark.audit.run:staged_files"),
    Point("mid audit, all checks made", MIDDLE, "before", "tidemark.audit.run:write_pages"),
    Point("before the audit rows", MIDDLE, "before", OPS_MISSING, "ops.audit_results"),
    Point("audit rows written, not committed", MIDDLE, "before", SWAP, inside=AUDIT),
    Point("after the audit rows", MIDDLE, "after", OPS_MISSING, "ops.audit_results"),
    Point("before publish", MIDDLE, "before", "tidemark.session:publish"),
    Point("publish: before the commit", MIDDLE, "before", SWAP, inside=PUBLISH),
    Point("publish: metadata written, not swapped", MIDDLE, "after", WRITE_METADATA, inside=PUBLISH),
    Point("publish: swapped, not returned", MIDDLE, "after", SWAP, inside=PUBLISH),
    Point("between publish and commit", MIDDLE, "after", "tidemark.session:publish"),
    Point("before anything is closed", COMMIT, "before", "tidemark.session:commit_step", worlds=CLOSING),
    Point("before the file rows", COMMIT, "before", OPS_ONCE, "ops.landed_files", worlds=SOURCE),
    Point("after the file rows", COMMIT, "after", OPS_ONCE, "ops.landed_files", worlds=SOURCE),
    Point("before the watermark row", COMMIT, "before", OPS_ONCE, "ops.high_watermarks", worlds=CLOSING),
    Point("watermark row written, not committed", COMMIT, "before", SWAP, inside=CLOSE),
    Point("after the watermark row", COMMIT, "after", OPS_ONCE, "ops.high_watermarks", worlds=CLOSING),
    Point("before the branch goes", COMMIT, "before", REMOVE_BRANCH),
    Point("mid clean-up", COMMIT, "before", SWAP, inside=REMOVE_BRANCH),
    Point("after the branch went", COMMIT, "after", REMOVE_BRANCH),
    Point("after everything", COMMIT, "after", "tidemark.session:commit_step", worlds=CLOSING),
    Point("mid audit, before the expectations", MIDDLE, "before", EXPECT, worlds=EXPECTATIONS),
    Point("mid audit, after the expectations", MIDDLE, "after", EXPECT, worlds=EXPECTATIONS),
    Point("touch: before the commit", MIDDLE, "before", SWAP, inside=PUBLISH, worlds=TOUCH),
    Point("touch: swapped, not returned", MIDDLE, "after", SWAP, inside=PUBLISH, worlds=TOUCH),
    Point("touch: before the watermark row", COMMIT, "before", OPS_ONCE, "ops.high_watermarks", worlds=TOUCH),
    Point("before the record accounts", MIDDLE, "before", OPS_ONCE, "ops.record_accounts", worlds=SOURCE),
    Point("record accounts written, not published", MIDDLE, "after", OPS_ONCE, "ops.record_accounts", worlds=SOURCE),
    Point("part: before its branch", MIDDLE, "before", PUBLISH_PART, worlds=PART),
    Point("part: branch without rows", MIDDLE, "before", PART_COMMIT, worlds=PART),
    Point("part: committed, not published", MIDDLE, "after", PART_COMMIT, worlds=PART),
    Point("part: published, two branches left", COMMIT, "before", REMOVE_BRANCH, worlds=PART),
    Point("same rows: found, not published", MIDDLE, "after", SAME_ROWS, worlds=SAME),
    Point("same rows: swapped, not returned", MIDDLE, "after", SWAP, inside=PUBLISH, worlds=SAME),
    Point("first run: before the table", INIT, "before", CREATE, worlds=FIRST),
    Point("first run: table without a snapshot", INIT, "before", FIRST_COMMIT, worlds=FIRST),
    Point("first run: ops table without a row", INIT, "after", "tidemark.catalog.ops:_ensure", worlds=FIRST),
)  # fmt: skip

MID_WRITE = next(point for point in POINTS if point.when == "during")
BEFORE_PUBLISH = next(point for point in POINTS if point.name == "before publish")

LOST: tuple[Point, ...] = (
    Point("publish never arrived", MIDDLE, "before", SWAP, inside=PUBLISH, action="fail"),
    Point("publish landed, answer lost", MIDDLE, "after", SWAP, inside=PUBLISH, action="fail", heals=True),
    Point("write landed, answer lost", MIDDLE, "after", WRITE, action="fail"),
    Point("watermark row landed, answer lost", COMMIT, "after", SWAP, inside=CLOSE, action="fail"),
    Point("session row landed, answer lost", INIT, "after", SWAP, inside=STORE, action="fail"),
    Point("branch landed, answer lost", MIDDLE, "after", SWAP, inside=CREATE_BRANCH, action="fail"),
    Point("audit rows landed, answer lost", MIDDLE, "after", SWAP, inside=AUDIT, action="fail"),
    Point("clean-up landed, answer lost", COMMIT, "after", SWAP, inside=REMOVE_BRANCH, action="fail"),
)  # fmt: skip
"""Commits after which the client does not know whether they succeeded."""
