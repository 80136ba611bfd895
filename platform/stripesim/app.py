"""The WSGI application: the API, the payment page, the control API."""

import os

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from stripesim import API_VERSION
from stripesim.api.endpoint import Endpoint
from stripesim.api.pipeline import Pipeline
from stripesim.api.routes import ENDPOINTS
from stripesim.console import views as console_views
from stripesim.invoices import views as invoice_views
from stripesim.pay import views as pay_views
from stripesim.sandbox import Sandbox
from stripesim.sim import object_views as sim_views
from stripesim.store import Doc

LARGEST_REQUEST = 1024 * 1024


def create_app(sandbox: Sandbox) -> Flask:
    app = Flask("stripesim", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    app.extensions["sandbox"] = sandbox
    pipeline = Pipeline(sandbox)
    for endpoint in ENDPOINTS:
        _add(app, pipeline, endpoint)
    app.register_blueprint(pay_views.bp)
    app.register_blueprint(invoice_views.bp)
    app.register_blueprint(console_views.bp)
    app.register_blueprint(sim_views.bp)
    app.add_url_rule("/healthz", "healthz", _healthz)

    @app.errorhandler(HTTPException)
    def answer_stray_request(error: HTTPException) -> Response | HTTPException:
        """Below /v1 a wrong address or method is an API error like any other."""
        if request.path.startswith("/v1/") and error.code in (404, 405):
            return pipeline.respond(request, None)
        if request.path.startswith("/v1/") and error.code == 413:
            return pipeline.refuse_size(request)
        return error

    return app


def _add(app: Flask, pipeline: Pipeline, endpoint: Endpoint) -> None:
    def view(object_id: str = "") -> Response:
        return pipeline.respond(request, endpoint, object_id)

    name = f"{endpoint.method} {endpoint.path}".replace(".", "-")
    app.add_url_rule(endpoint.path, name, view, methods=[endpoint.method])


def _healthz() -> Doc:
    return {"ok": True, "pid": os.getpid(), "api_version": API_VERSION}
