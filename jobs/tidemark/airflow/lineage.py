"""Lineage of sessions for OpenLineage, if Airflow's provider for it is installed and set up.

The task that writes and publishes reports the tables that the session read and the one that it published, each with
its columns and the snapshot. A fault here is logged and never fails a task. docs/cookbook/metrics-and-lineage.md says
how to set it up.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tidemark.settings import Settings
from tidemark.spec import DatasetSpec
from tidemark.stages import Published
from tidemark.state.effect import stages_rows
from tidemark.state.plan import Plan
from tidemark.steps.context import Context
from tidemark.support.paths import to_location

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Described:
    """A table or a folder of files: its namespace and name, what it is for, its version, and its columns.

    `columns` holds type and meaning by name.
    """

    namespace: str
    name: str
    why: str = ""
    version: str | None = None
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def report_lineage(context: Context, published: Published) -> None:
    """Report what a session read and wrote. A session that only moved the watermark has read and written no rows."""
    try:
        api = _active_provider()
        if api is None or not stages_rows(published.plan.effect):
            return
        inputs, output = inputs_of(context, published.plan), output_of(context, published)
        api.emit_dataset_lineage(inputs=_converted(inputs), outputs=_converted([output]), raise_on_error=True)
    except Exception as error:
        _LOGGER.warning("no lineage of this session: %s: %s", type(error).__name__, error)


def inputs_of(context: Context, plan: Plan) -> list[Described]:
    """Return the tables that a session read, at their snapshots, or the landing folders of its files."""
    folders = sorted({file.path.split("/")[0] for file in plan.files})
    landed = [Described("file", str(context.settings.landing / folder)) for folder in folders]
    read = {i.dataset: i.read_snapshot for i in plan.inputs.values()}
    return [*landed, *(_table(context.settings, context.spec(name), at) for name, at in sorted(read.items()))]


def output_of(context: Context, published: Published) -> Described:
    """Return the table that a session published, at its new snapshot."""
    return _table(context.settings, context.spec(published.plan.dataset), published.snapshot_id)


def _table(settings: Settings, spec: DatasetSpec, snapshot: int) -> Described:
    columns = {column.name: (column.type, column.means) for column in spec.columns.values()}
    return Described(to_location(settings.warehouse), spec.dataset, spec.why, str(snapshot), columns)


def _active_provider() -> ModuleType | None:
    """Return the provider's interface; None if it is not installed, or not set up."""
    try:
        from airflow.providers.openlineage import api
    except ImportError:
        return None
    return api if api.is_openlineage_active() else None


def _converted(described: Sequence[Described]) -> list[Any]:
    """Return datasets in the classes of OpenLineage."""
    from openlineage.client import facet_v2 as facets
    from openlineage.client.event_v2 import Dataset

    def facets_of(each: Described) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if each.columns:
            field_of = facets.schema_dataset.SchemaDatasetFacetFields
            fields = [field_of(name=name, type=kind, description=why) for name, (kind, why) in each.columns.items()]
            found["schema"] = facets.schema_dataset.SchemaDatasetFacet(fields=fields)
        if each.why:
            found["documentation"] = facets.documentation_dataset.DocumentationDatasetFacet(description=each.why)
        if each.version:
            found["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=each.version)
        return found

    return [Dataset(namespace=each.namespace, name=each.name, facets=facets_of(each)) for each in described]
