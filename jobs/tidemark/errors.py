"""Every error that Tidemark raises on purpose.

    TidemarkError
    |- SettingsError          a setting is missing or wrong
    |- SpecError              a dataset spec is wrong: file, line, remedy
    |- RequestRefused         a run parameter (range, dataset, reason) is not acceptable
    |- InputChanged           an input changed in a way that the loop cannot follow
    |  |- PositionLost        the watermark's snapshot is no longer in the input's history
    |  `- TransformRefused    a transform cannot work with its inputs or settings
    |- ColumnsDiffer          a table differs from its spec in a way that adding columns does not repair
    |- TargetChanged          a target was changed from outside the loop
    |  |- ForeignCommit       main holds a commit that no session made
    |  |- RolledBack          main was moved by hand, away from the published snapshot
    |  |- SnapshotExpired     the history between the published snapshot and main has expired
    |  `- WatermarkLost       sessions have published, but the table has no watermark any more
    |- WriteError             a write staged something else than its plan says
    |  `- OutputRefused       the rows of a transform do not fit the columns of its spec
    |- AuditError             the audit could not be carried out
    |- AuditFailed            the audit was carried out, and the rows did not pass
    |- MainMoved              another session published first
    |- LandingError           a landing folder or file cannot be read
    `- EngineError            Spark, Java or the catalog is not available
       `- StorageError        a file of a table cannot be read or written

A message says where, what, and what to do next, in at most ten lines; details go to the log.
"""

from __future__ import annotations


class TidemarkError(Exception):
    """Base of all errors raised on purpose."""


class SettingsError(TidemarkError):
    """A setting is missing or wrong."""


class SpecError(TidemarkError):
    """A dataset spec is wrong; the message holds file, line and remedy."""


class RequestRefused(TidemarkError):
    """A run parameter is not acceptable; nothing was written."""


class InputChanged(TidemarkError):
    """An input changed in a way that the loop cannot follow."""


class PositionLost(InputChanged):
    """The watermark's snapshot is no longer in the input's history."""


class TransformRefused(InputChanged):
    """A transform reports that it cannot work with its inputs or settings; nothing was written."""


class ColumnsDiffer(TidemarkError):
    """A table's columns or partitions differ from its spec; nothing was written."""


class TargetChanged(TidemarkError):
    """A target was changed from outside the loop."""


class ForeignCommit(TargetChanged):
    """The target's main holds a commit that no session made."""


class RolledBack(TargetChanged):
    """The target's main was moved by hand: to before the published snapshot, or to another session's snapshot."""


class SnapshotExpired(TargetChanged):
    """The published snapshot has expired, and so has the history between it and the target's main."""


class WatermarkLost(TargetChanged):
    """The target's main holds rows that a session published, but the table has no watermark."""


class WriteError(TidemarkError):
    """A write staged something else than its plan says."""


class OutputRefused(WriteError):
    """A transform returned columns, types or values that its spec does not have; nothing was written."""


class AuditError(TidemarkError):
    """The audit could not be carried out; nothing may be published."""


class AuditFailed(TidemarkError):
    """The staged rows did not pass the audit; main is unchanged."""


class MainMoved(TidemarkError):
    """Another session published first; this one published nothing and has to be planned again."""


class LandingError(TidemarkError):
    """A landing folder or file cannot be read."""


class EngineError(TidemarkError):
    """Spark, Java or the catalog is not available."""


class StorageError(EngineError):
    """A file of a table cannot be read or written."""
