from __future__ import annotations

from tests.web.conftest import http, serve

__all__ = ["http", "serve"]
