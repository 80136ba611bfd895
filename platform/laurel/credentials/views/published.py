"""What machines read to check a credential: the issuer's keys, the status lists, the achievements."""

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.credentials import queries
from laurel.credentials.queries.keys import list_published_keys
from laurel.credentials.queries.organizations import get_logo
from laurel.credentials.rules.document import achievement_document
from laurel.credentials.rules.issuer import Issuer, did_document
from laurel.credentials.rules.keys import verification_method
from laurel.credentials.rules.negotiation import CREDENTIAL_TYPES, HTML, PART_TYPES
from laurel.credentials.services.issuers import get_issuer, issuer_for
from laurel.credentials.views import drawings
from laurel.credentials.views.base import RETRIEVAL_ERROR, asked_for, bp, compact, document, issuer, not_acceptable
from laurel.web.access import PUBLIC, policy
from laurel.web.limits import limiter
from laurel.web.session import current_session, end_transaction

DID_TYPES = ("application/json", "application/did+json")
HOUR = "public, max-age=3600"
STATUS = "public, max-age=300, stale-while-revalidate=600"


class NoSuchListError(NotFoundError):
    """We never published a list of that number."""

    message = "There is no such status list."
    problem_kind = RETRIEVAL_ERROR


class NoHistoryError(InvalidInputError):
    """Lists of an earlier moment are not kept (Bitstring Status List 1.0 §2.4)."""

    message = "Status lists are published for the present moment only; leave `timestamp` out."
    problem_kind = RETRIEVAL_ERROR


@bp.get("/.well-known/did.json")
@limiter.exempt
@policy(GET=PUBLIC)
def did_json() -> ResponseReturnValue:
    """The house's DID document."""
    return _did_document(issuer())


@bp.get("/orgs/<slug>/did.json")
@limiter.exempt
@policy(GET=PUBLIC)
def organization_did_json(slug: str) -> ResponseReturnValue:
    """An organization's DID document."""
    return _did_document(get_issuer(current_session(), issuer(), slug))


def _did_document(issued_by: Issuer) -> ResponseReturnValue:
    """Before the first key exists it is empty, and nobody shall remember that."""
    published = list_published_keys(current_session(), issued_by.did)
    methods = [verification_method(key.did, key.fragment, key.purpose, key.public_key) for key in published]
    body = compact(did_document(issued_by.did, methods))
    media = asked_for(DID_TYPES) or "application/json"
    return document(body, media, caching=HOUR if published else "no-store", negotiated=True)


@bp.get("/status/revocation/<int:number>")
@limiter.exempt
@policy(GET=PUBLIC)
def status_list(number: int) -> ResponseReturnValue:
    if "timestamp" in request.args:
        raise NoHistoryError
    try:
        found = queries.get_status_list(current_session(), number)
    except NotFoundError:
        raise NoSuchListError from None
    media = asked_for(CREDENTIAL_TYPES)
    if media is None:
        return not_acceptable(CREDENTIAL_TYPES)
    return document(found.signed_json, media, caching=STATUS, negotiated=True)


@bp.get("/achievements/<slug>/v<int:n>")
@policy(GET=PUBLIC)
def achievement_page(slug: str, n: int) -> ResponseReturnValue:
    """What was certified by that version; one that is no longer awarded stays readable."""
    found = queries.get_achievement_version(current_session(), slug, n)
    media = asked_for(PART_TYPES)
    if media is None:
        return not_acceptable(PART_TYPES)
    if media != HTML:
        return document(compact(achievement_document(issuer(), found.facts)), media, caching=HOUR, negotiated=True)
    awarded_by = issuer_for(current_session(), issuer(), found.organization_id)
    response = make_response(render_template("credentials/achievement_page.html", achievement=found, issuer=awarded_by))
    response.headers["Cache-Control"] = HOUR
    response.vary.add("Accept")
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/achievements/<slug>/v<int:n>/badge.svg")
@policy(GET=PUBLIC)
def achievement_badge_svg(slug: str, n: int) -> ResponseReturnValue:
    found = queries.get_achievement_version(current_session(), slug, n)
    return document(drawings.badge_svg(found), "image/svg+xml", caching=HOUR)


@bp.get("/achievements/<slug>/v<int:n>/badge.png")
@policy(GET=PUBLIC)
def achievement_badge_png(slug: str, n: int) -> ResponseReturnValue:
    svg = drawings.badge_svg(queries.get_achievement_version(current_session(), slug, n))
    end_transaction()
    return document(drawings.badge_png(svg), "image/png", caching=HOUR)


@bp.get("/issuer/logo.png")
@policy(GET=PUBLIC)
def logo_png() -> ResponseReturnValue:
    """The logo that credentials name: its address must not change, as those of static files do."""
    return document(drawings.logo_png(), "image/png", caching=HOUR)


@bp.get("/orgs/<slug>/logo.png")
@policy(GET=PUBLIC)
def organization_logo_png(slug: str) -> ResponseReturnValue:
    """The same for an organization that has one."""
    return document(get_logo(current_session(), slug), "image/png", caching=HOUR)
