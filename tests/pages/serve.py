"""Serve Tidemark's plugin with the parts of Airflow that protect it: its plugin loader, its login and its middleware.

python -m tests.pages.serve PORT

Prints one line of JSON: the paths of the app, and a login token for each role. Airflow's database holds only the
table that every check of a token reads.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import uvicorn
from airflow.api_fastapi.app import init_auth_manager, init_plugins
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.auth.middlewares.refresh_token import JWTRefreshMiddleware
from airflow.models.revoked_token import RevokedToken
from airflow.settings import engine
from fastapi import FastAPI

from tidemark.airflow.pages.app import make_app

ROLES = ("viewer", "user", "op", "admin", None)


def main(port: int) -> None:
    """Serve until the process is ended."""
    RevokedToken.__table__.create(engine, checkfirst=True)
    app = FastAPI()
    init_plugins(app)
    manager: Any = init_auth_manager(app)
    app.add_middleware(JWTRefreshMiddleware)
    tokens = {str(role): manager.generate_jwt(SimpleAuthManagerUser(username="u", role=role)) for role in ROLES}
    print(
        json.dumps({"tokens": tokens, "routes": [getattr(route, "path", "") for route in make_app().routes]}),
        flush=True,
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
