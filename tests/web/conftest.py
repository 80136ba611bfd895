"""A second application with a few views of every kind, for what holds on all pages."""

from typing import Any

import pytest
from flask import Blueprint, Flask, abort, flash, redirect, render_template_string, request, session
from flask.testing import FlaskClient
from wtforms import BooleanField, FieldList, FileField, FormField, PasswordField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from laurel.app import Ports, create_app
from laurel.core.db import Database
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, UnavailableError
from laurel.settings import Settings
from laurel.web.access import ANYONE, PUBLIC, SIGNED_IN, WEBHOOK, policy
from laurel.web.forms import LaurelForm, NameField, PartForm
from tests.conftest import BrowserLikeClient

bp = Blueprint("probe", __name__, url_prefix="/probe")
FAMILIES: dict[str, type[Exception]] = {
    "missing": NotFoundError,
    "forbidden": ForbiddenError,
    "conflict": ConflictError,
    "input": InvalidInputError,
    "unavailable": UnavailableError,
    "bug": ZeroDivisionError,
}
PAGE = '{% extends "layouts/site.html" %}{% block main %}<h1>Probe</h1>{% endblock %}'


class Part(PartForm):
    label = StringField(validators=[InputRequired()])
    note = TextAreaField()


class EveryField(LaurelForm):
    name = NameField(validators=[DataRequired()])
    line = StringField()
    text = TextAreaField()
    secret = PasswordField()
    agreed = BooleanField()
    file = FileField()
    several = SelectMultipleField(choices=["a", "b"])
    words = FieldList(StringField())
    parts = FieldList(FormField(Part))


class KnownFieldsOnly(LaurelForm):
    class Meta:
        only_known = True

    line = StringField()
    words = FieldList(StringField())


@bp.get("/public")
@policy(GET=PUBLIC)
def public() -> str:
    return render_template_string(PAGE)


@bp.route("/anyone", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def anyone() -> Any:
    if request.method == "POST":
        session["seen"] = session.get("seen", 0) + 1
        return redirect("/probe/anyone")
    return render_template_string(PAGE + "{{ csrf_token() }}")


@bp.get("/flash")
@policy(GET=ANYONE)
def say() -> Any:
    flash("Said.")
    return redirect("/probe/public")


@bp.route("/mine", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def mine() -> str:
    return render_template_string(PAGE)


@bp.route("/staff", methods=["GET", "POST"])
@policy(GET="backoffice:enter", POST="backoffice:enter")
def staff() -> str:
    return render_template_string(PAGE)


@bp.get("/studio")
@policy(GET="question:write")
def studio() -> str:
    return render_template_string(PAGE)


@bp.post("/webhook")
@policy(POST=WEBHOOK)
def webhook() -> str:
    return "taken"


@bp.get("/undeclared")
def undeclared() -> str:
    return "open"


@bp.route("/half", methods=["GET", "POST"])
@policy(GET=PUBLIC)
def half() -> str:
    return "open"


@bp.get("/wrong/<kind>")
@policy(GET=ANYONE)
def wrong(kind: str) -> str:
    if kind in FAMILIES:
        raise FAMILIES[kind]("Words for people." if kind != "bug" else "secret words")
    return str(abort(int(kind)))


@bp.post("/failing/<kind>")
@policy(POST=ANYONE)
def failing(kind: str) -> str:
    raise FAMILIES[kind]("Words for people.")


@bp.route("/form", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def form() -> Any:
    filled = EveryField()
    is_good = filled.validate_on_submit()
    data = {key: value for key, value in filled.data.items() if key not in {"csrf_token", "file"}}
    return {"good": is_good, "data": data, "errors": filled.errors, "csrf": filled.csrf_token.current_token}


@bp.post("/known")
@policy(POST=ANYONE)
def known() -> Any:
    filled = KnownFieldsOnly()
    return {"good": filled.validate_on_submit(), "line": filled.line.data}


@pytest.fixture(scope="session")
def shared_probe_app(settings: Settings, shared_database: Database, ports: Ports) -> Flask:
    app = create_app(settings, shared_database, ports)
    app.register_blueprint(bp)
    app.test_client_class = BrowserLikeClient
    return app


@pytest.fixture
def probe_app(shared_probe_app: Flask, app: Flask) -> Flask:
    return shared_probe_app


@pytest.fixture
def probe(probe_app: Flask) -> FlaskClient:
    """A browser at the second application."""
    return probe_app.test_client()


@pytest.fixture
def token(probe: FlaskClient) -> str:
    """The CSRF token of the probe's session."""
    return str(probe.get("/probe/form").json["csrf"])  # type: ignore[index]
