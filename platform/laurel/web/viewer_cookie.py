"""A cookie that says `somebody is signed in here` and nothing else.

Public pages are the same for everybody and read no session, so only a script can turn their "Sign in" into "Account". It cannot read
the session's cookie; it reads this one. It opens nothing: every page behind it asks the session.
"""

from datetime import datetime, timedelta

from flask import Flask, Response, g, request

from laurel.settings import Settings
from laurel.web.browser_sessions import LazySession

COOKIE = "laurel_viewer"


def init_app(app: Flask, settings: Settings) -> None:
    """Bring the cookie in line with the session on every answer that has read one, however the session began or ended."""

    @app.after_request
    def follow_the_session(response: Response) -> Response:
        session: LazySession = g.browser_session
        if not session.accessed or response.status_code >= 500:  # a session that could not be read says nothing
            return response
        is_signed_in = "_laurel_user" in session
        if is_signed_in and (session.renew or COOKIE not in request.cookies):
            age = int(_lifetime(session).total_seconds())
            response.set_cookie(COOKIE, "1", max_age=age, path="/", secure=settings.is_https, httponly=False, samesite="Lax")
        elif not is_signed_in and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path="/", secure=settings.is_https, samesite="Lax")
        return response


def _lifetime(session: LazySession) -> timedelta:
    """How long the session may last from now on."""
    if session.limits is not None:
        return session.limits[1]
    if session.row is None or session.loaded_at is None:
        return timedelta()
    ends_at: datetime = session.row.ends_at
    return ends_at - session.loaded_at
