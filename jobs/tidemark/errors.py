"""Every error that Tidemark raises on purpose.

    TidemarkError
    |- SettingsError          a setting is missing or wrong
    |- SpecError              a dataset spec is wrong: file, line, remedy
    |- RequestRefused         a run parameter (range, dataset, reason) is not acceptable
    |- InputChanged           an input did something that the loop does not follow
    |  |- PositionLost        the watermark's snapshot is no longer in the input's history
    |  `- TransformRefused    a transform says that it cannot work with what it was given
    |- ColumnsDiffer          a table has not the columns of its spec, and more than adding would mend it
    |- TargetChanged          somebody else's hand was on a target
    |  |- ForeignCommit       a commit that no session made
    |  |- RolledBack          main was moved by hand, away from the published snapshot
    |  |- SnapshotExpired     nothing shows any more how main came from the published snapshot
    |  `- WatermarkLost       sessions have published, and the table's watermark was taken away
    |- WriteError             a write did not stage what it should have
    |- AuditError             the audit could not be carried out
    |- AuditFailed            the audit was carried out and found against the rows
    |- MainMoved              another session published first
    |- LandingError           a landing folder or file cannot be taken in
    `- EngineError            Spark, Java or the catalog is not there
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
    """An input did something that the loop does not follow."""


class PositionLost(InputChanged):
    """The watermark's snapshot is no longer in the input's history."""


class TransformRefused(InputChanged):
    """A transform says that it cannot work with what its inputs or settings hold; nothing was written."""


class ColumnsDiffer(TidemarkError):
    """A table has not the columns or partitions of its spec; nothing was written."""


class TargetChanged(TidemarkError):
    """A target was changed by somebody else's hand."""


class ForeignCommit(TargetChanged):
    """The target's main holds a commit that no session made."""


class RolledBack(TargetChanged):
    """The target's main was moved by hand: back behind the published snapshot, or on to another session's."""


class SnapshotExpired(TargetChanged):
    """The published snapshot expired, and with it the way from it to the target's main."""


class WatermarkLost(TargetChanged):
    """The target's main holds what a session published, and no watermark says what."""


class WriteError(TidemarkError):
    """A write did not stage what it should have."""


class AuditError(TidemarkError):
    """The audit could not be carried out; nothing may be published."""


class AuditFailed(TidemarkError):
    """The audit found against the staged rows; main is unchanged."""


class MainMoved(TidemarkError):
    """Another session published first; this one published nothing and has to plan again."""


class LandingError(TidemarkError):
    """A landing folder or file cannot be taken in."""


class EngineError(TidemarkError):
    """Spark, Java or the catalog is not there."""


class StorageError(EngineError):
    """A file of a table cannot be read or written."""
