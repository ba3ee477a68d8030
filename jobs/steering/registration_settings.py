"""The block `registration` of the settings: where champions are registered. It holds no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemark.errors import SettingsError

_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/\[\]-]+")
_MODEL = re.compile(r"[A-Za-z0-9._-]{1,200}")


@dataclass(frozen=True)
class MlflowSettings:
    """An MLflow server, or a folder with a store of MLflow, and the name of the registered model."""

    tracking_uri: str
    model: str

    @property
    def folder(self) -> Path | None:
        """The folder of the store; None if a server is meant."""
        return Path(self.tracking_uri) if self.tracking_uri.startswith("/") else None


def read_mlflow(values: Mapping[str, Any]) -> MlflowSettings | None:
    """Return the settings of the registration in MLflow; None without them.

    The settings schema has refused wrong values already, with their place. This looks again, because a values file may
    have no schema beside it. Raises SettingsError, without the values: an address may hold a password by mistake.
    """
    given = (values.get("registration") or {}).get("mlflow")
    if given is None:
        return None
    address, model = given.get("tracking_uri"), given.get("model")
    if not isinstance(address, str) or not (_ADDRESS.fullmatch(address) or address.startswith("/")):
        raise SettingsError("registration.mlflow.tracking_uri: write the address of a server, or an absolute folder")
    if not isinstance(model, str) or not _MODEL.fullmatch(model):
        raise SettingsError("registration.mlflow.model: write a name of letters, digits, `.`, `_` and `-`")
    return MlflowSettings(address.rstrip("/") or "/", model)
