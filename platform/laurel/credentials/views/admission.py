"""Who may see a certificate at its public address. No cookie is read there: a private one opens to a token in the address alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Response, current_app, g, request

from laurel.core.db import database_now
from laurel.core.errors import ForbiddenError
from laurel.credentials.models import Credential
from laurel.credentials.queries import holding
from laurel.credentials.rules.old_links import is_code
from laurel.credentials.rules.passes import Link, Pass, Token, read_token, write_token
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.views.base import bp
from laurel.settings import Settings
from laurel.web.session import current_session

PASS_LASTS = timedelta(hours=1)


class PrivateError(ForbiddenError):
    """Its holder shows it to nobody but those whom they give a link."""

    message = "This certificate is private. Its holder can give you a link that shows it."


class ClosedError(ForbiddenError):
    """The address is from before a change of name, and its holder has not chosen that it leads on."""

    message = "This was superseded by a corrected version. Ask the holder for the current one."


@dataclass(frozen=True, slots=True)
class Admission:
    """How somebody may see a certificate. `token` goes into the addresses of its files; None where none is needed."""

    is_full: bool
    token: str | None = None
    ends_at: datetime | None = None
    is_own: bool = False
    """It was opened from a page of its holder, or of staff: the token ends soon and is not for others."""
    is_dead: bool = False
    """A token was brought, and it opens nothing any more."""
    is_closed: bool = False
    """Links from before a change of name are closed, and nothing was brought that is newer."""


def admit(credential: Credential) -> Admission:
    """What this request may see of the certificate. From here on its answer is marked as that demands.

    The code of its present name is a part of its address, and of the key under which caches keep what is there: with it a certificate
    is as public as its holder made it. What is said without it, or to a token that ends, nobody keeps.
    """
    is_private, is_closed = credential.visibility is Visibility.PRIVATE, credential.address_token is not None
    text = request.args.get("t", "")
    knows_code = is_code(text, credential.address_code)
    g.shown_visibility = credential.visibility if knows_code or not is_closed else Visibility.PRIVATE
    if not (is_private or is_closed):
        return Admission(is_full=True)
    if knows_code:
        return Admission(is_full=not is_private, token=None if is_private else credential.address_token)
    token = read_token(text, (_settings().secret_key, *_settings().secret_key_fallbacks))
    ends_at = _good_until(credential, token)
    return Admission(
        is_full=ends_at is not None,
        token=text if ends_at else None,
        ends_at=ends_at,
        is_own=isinstance(token, Pass),
        is_dead=bool(text and ends_at is None),
        is_closed=is_closed and not ends_at,
    )


def require_admission(credential: Credential) -> None:
    """Raise PrivateError or ClosedError unless this request may have the certificate's files."""
    admission = admit(credential)
    if not admission.is_full:
        raise ClosedError if admission.is_closed else PrivateError


def link_token(link_id: UUID) -> str:
    """The token of a share link, for its address."""
    return write_token(Link(link_id), _settings().secret_key)


def holder_token(credential: Credential, now: datetime) -> str | None:
    """What opens the files of a private certificate to its holder, or to staff, from a page that knows them; None if nothing is closed.

    If only links from before a change of name are closed, that is the code which newer ones have.
    """
    if credential.visibility is not Visibility.PRIVATE:
        return credential.address_token
    return write_token(Pass(credential.id, now + PASS_LASTS), _settings().secret_key)


def _good_until(credential: Credential, token: Token | None) -> datetime | None:
    """When the token ends, if it opens this certificate now."""
    session = current_session()
    if token is None:
        return None
    now = database_now(session)
    if isinstance(token, Pass):
        return token.ends_at if token.credential_id == credential.id and now < token.ends_at else None
    link = holding.find_share_link(session, token.link_id)
    return link.ends_at if link is not None and link.credential_id == credential.id and link.is_good(now) else None


def _settings() -> Settings:
    found: Settings = current_app.extensions["laurel_settings"]
    return found


@bp.after_request
def mark_visibility(response: Response) -> Response:
    """Search engines list what is public and nothing else; nobody keeps a copy of what is private."""
    visibility = g.get("shown_visibility")
    if visibility is not None and visibility is not Visibility.PUBLIC:
        response.headers["X-Robots-Tag"] = "noindex"
    if visibility is Visibility.PRIVATE:
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
    return response
