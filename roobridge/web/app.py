"""The Quart application."""

from __future__ import annotations

from quart import Quart

from roobridge.service.wiring import Services
from roobridge.web import errors
from roobridge.web.chat import chat_routes
from roobridge.web.description import description_routes
from roobridge.web.direct import SendInScope
from roobridge.web.guard import Guard
from roobridge.web.health import health_routes
from roobridge.web.keys import OwnKeys
from roobridge.web.metrics import metrics_routes
from roobridge.web.models import models_routes


def create_app(services: Services) -> Quart:
    """The API over these services; they are closed when the application shuts down."""
    app = Quart("roobridge", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = None  # the chat routes keep the limit themselves
    keys = OwnKeys(services.settings.service_keys)
    Guard(services.settings, keys).install(app)
    app.register_blueprint(chat_routes(services.answering, services.settings.body_limit, keys))
    app.register_blueprint(models_routes(services.routes))
    app.register_blueprint(health_routes(services.readiness))
    app.register_blueprint(description_routes())
    app.register_blueprint(metrics_routes(services.meters))
    errors.install(app, services.meters.refused)
    app.after_serving(services.aclose)
    app.asgi_app = SendInScope(app.asgi_app)  # type: ignore[method-assign]
    return app
