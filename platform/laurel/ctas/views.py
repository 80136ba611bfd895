"""Following a call to action."""

from flask import Blueprint, current_app, redirect, request
from flask.typing import ResponseReturnValue

from laurel.attribution.rules import PURPOSE_HEADERS, TouchKind, find_bot_reason, find_referrer_host, is_prefetch
from laurel.attribution.services import record_touch
from laurel.core.db import database_now
from laurel.core.errors import NotFoundError
from laurel.ctas import queries
from laurel.ctas.rules import course_path, read_link_token
from laurel.settings import Settings
from laurel.web.access import PUBLIC, policy
from laurel.web.session import transaction

bp = Blueprint("ctas", __name__)


def blueprints(_settings: Settings) -> list[Blueprint]:
    return [bp]


@bp.get("/go/<token>")
@policy(GET=PUBLIC, writes_on_get=True)
def follow(token: str) -> ResponseReturnValue:
    """Record the click and lead to the course. The token only names a place of ours: nobody can make it lead elsewhere."""
    config = current_app.config
    placement_id = read_link_token(token, keys=[config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]])
    with transaction() as session:
        target = queries.find_target(session, placement_id) if placement_id else None
        if target is None:
            raise NotFoundError("This link does not lead anywhere. It may have been cut off.")
        click_token = None
        if request.method != "HEAD" and not is_prefetch(request.headers.get(name, "") for name in PURPOSE_HEADERS):
            click_token = record_touch(
                session,
                kind=TouchKind.CLICK,
                cta_id=target.cta_id,
                placement_id=target.placement_id,
                article_id=target.article_id,
                course_id=target.course_id,
                referrer_host=find_referrer_host(request.headers.get("Referer", ""), own_host=request.host),
                bot_reason=find_bot_reason(request.user_agent.string, request.headers.get("Accept-Language", "")),
                now=database_now(session),
            )
    response = redirect(course_path(target.course_slug, click_token))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
