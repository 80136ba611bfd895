"""`/healthz`: this process answers. `/readyz`: it reaches its database and the schema is the one it was written for."""

from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from laurel.web.access import PUBLIC, policy
from laurel.web.limits import limiter
from laurel.web.session import current_session
from laurel.web.urgency import urgent

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@limiter.exempt
@policy(GET=PUBLIC)
@urgent
def alive() -> ResponseReturnValue:
    return {"status": "ok", "boot": current_app.extensions["laurel_settings"].boot_id}, {"Cache-Control": "no-store"}


@bp.get("/readyz")
@limiter.exempt
@policy(GET=PUBLIC)
@urgent
def ready() -> ResponseReturnValue:
    current_session().execute(text("SELECT 1"))
    return {"status": "ready"}, {"Cache-Control": "no-store"}


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
