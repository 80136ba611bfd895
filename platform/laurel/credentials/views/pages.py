"""The credential's own addresses: its page, its signed document, its badge and its PDF."""

from uuid import UUID

from flask import Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue

from laurel.core.errors import NotFoundError, UnavailableError
from laurel.credentials import artwork, queries
from laurel.credentials.queries import SignedCredential, holding
from laurel.credentials.rules.baking import bake_png, bake_svg
from laurel.credentials.rules.negotiation import HTML, PAGE_TYPES
from laurel.credentials.rules.old_links import with_code
from laurel.credentials.rules.verdicts import Verdict
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.issuers import in_name_of
from laurel.credentials.services.shown import check_printable
from laurel.credentials.services.tokens import find_token_key, make_token
from laurel.credentials.typst_gateway import UnprintableError, edition_of, render_card, render_certificate
from laurel.credentials.views import drawings
from laurel.credentials.views.admission import admit, require_admission
from laurel.credentials.views.base import as_download, asked_for, bp, document, issuer, not_acceptable
from laurel.credentials.views.counting import count_view
from laurel.credentials.views.presenters import ShownCredential, show
from laurel.credentials.views.printing import compose, issued_by
from laurel.credentials.views.private import closed_page, private_page
from laurel.web.access import PUBLIC, policy
from laurel.web.session import current_session, end_transaction

SIGNED = "public, max-age=300"


class StillPendingError(UnavailableError):
    """There is no signed document yet."""

    message = "This certificate was awarded and is being signed. Please try again in a minute."


class NeverSignedError(NotFoundError):
    """There is no signed document, and there will be none for the time being, or ever."""

    message = "This certificate has no signed file. Its page says why."


def _get_signed(credential_id: UUID) -> SignedCredential:
    record = queries.get_credential(current_session(), credential_id)
    require_admission(record.credential)
    found = queries.signed(record)
    if found is None:
        raise StillPendingError if show(issuer(), record).verdict is Verdict.PENDING else NeverSignedError
    return found


def _get_printable(credential_id: UUID) -> SignedCredential:
    found = _get_signed(credential_id)
    check_printable(issuer(), found)
    return found


@bp.get("/credentials/<uuid:credential_id>")
@policy(GET=PUBLIC)
def credential_page(credential_id: UUID) -> ResponseReturnValue:
    media = asked_for(PAGE_TYPES)
    if media is None:
        return not_acceptable(PAGE_TYPES)
    if media != HTML:
        return document(_get_signed(credential_id).version.signed_json, media, caching=SIGNED, negotiated=True)
    response = make_response(_page(show(issuer(), queries.get_credential(current_session(), credential_id))))
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    return response


def _page(shown: ShownCredential) -> str:
    """The whole certificate to who may see it; of a private one nobody else learns more than its number and its status."""
    credential = shown.record.credential
    admission = admit(credential)
    if admission.is_closed:
        return closed_page(shown)
    if not admission.is_full:
        return private_page(shown, is_dead=admission.is_dead)
    if not shown.is_named:
        return render_template("credentials/unsigned_page.html", shown=shown, issuer=shown.issuer)
    if credential.visibility is not Visibility.PRIVATE:
        count_view(credential.id)
    address = with_code(issuer().number_url(credential.number), credential.address_token)
    return render_template(
        "credentials/credential_page.html",
        shown=shown,
        issuer=shown.issuer,
        qr=artwork.qr_code(address, quiet_zone=4),
        address=address,
        admission=admission,
        kin=holding.list_kin(current_session(), credential),
    )


@bp.get("/credentials/<uuid:credential_id>.json")
@policy(GET=PUBLIC)
def credential_json(credential_id: UUID) -> ResponseReturnValue:
    found = _get_signed(credential_id)
    return as_download(document(found.version.signed_json, "application/json", caching=SIGNED), f"{found.credential.number}.json")


@bp.get("/credentials/<uuid:credential_id>.jwt")
@policy(GET=PUBLIC)
def credential_jwt(credential_id: UUID) -> ResponseReturnValue:
    """The same credential as a token. Made when asked for: a key that was withdrawn leaves no tokens behind."""
    found = _get_signed(credential_id)
    key = find_token_key(current_session(), in_name_of(issuer(), found.organization), current_app.extensions["laurel_ports"].keys)
    signed_json, filename = found.version.signed_json, f"{found.credential.number}.jwt"
    end_transaction()
    return as_download(document(make_token(signed_json, key), "application/jwt", caching=SIGNED), filename)


@bp.get("/credentials/<uuid:credential_id>/badge.svg")
@policy(GET=PUBLIC)
def credential_badge_svg(credential_id: UUID) -> ResponseReturnValue:
    """The badge with the signed credential in it."""
    found = _get_printable(credential_id)
    baked = bake_svg(drawings.badge_svg(found.achievement), found.version.signed_json)
    return as_download(document(baked, "image/svg+xml", caching=SIGNED), f"{found.credential.number}.svg")


@bp.get("/credentials/<uuid:credential_id>/badge.png")
@policy(GET=PUBLIC)
def credential_badge_png(credential_id: UUID) -> ResponseReturnValue:
    """The badge with the signed credential in it: the file that learners share."""
    found = _get_printable(credential_id)
    svg, text, filename = drawings.badge_svg(found.achievement), found.version.signed_json, f"{found.credential.number}.png"
    end_transaction()
    return as_download(document(bake_png(drawings.badge_png(svg), text), "image/png", caching=SIGNED), filename)


@bp.get("/credentials/<uuid:credential_id>/card.png")
@policy(GET=PUBLIC)
def card_png(credential_id: UUID) -> ResponseReturnValue:
    """The picture that networks show beside a link to the page: the badge alone if a letter of the name is in no font of ours."""
    found = _get_signed(credential_id)
    said = show(issuer(), queries.get_credential(current_session(), credential_id)).verdict
    text, badge = drawings.compose_card(issued_by(issuer(), found), found, said), drawings.badge_svg(found.achievement)
    end_transaction()
    try:
        picture = render_card(text, badge=badge, frame=artwork.frame(*drawings.CARD))
    except UnprintableError:
        picture = drawings.badge_png(badge)
    return document(picture, "image/png", caching=SIGNED)


@bp.get("/credentials/<uuid:credential_id>/certificate.pdf")
@policy(GET=PUBLIC)
def certificate_pdf(credential_id: UUID) -> ResponseReturnValue:
    """Made when asked for, unless the client has it already; a revoked one says so."""
    certificate = compose(current_session(), issuer(), _get_signed(credential_id))
    end_transaction()
    edition = edition_of(certificate)
    if request.if_none_match.contains_weak(edition):
        return _pdf(b"", edition, status=304)
    response = _pdf(render_certificate(certificate), edition)
    response.headers["Content-Disposition"] = f'inline; filename="{certificate.text.number}.pdf"'
    return as_download(response, f"{certificate.text.number}.pdf")


def _pdf(body: bytes, edition: str, *, status: int = 200) -> Response:
    response = Response(body, status=status, mimetype="application/pdf")
    response.headers["Cache-Control"] = "private, max-age=0"
    response.set_etag(edition)
    return response
