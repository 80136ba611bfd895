"""The holder's own page of one certificate: its files, who may see it, links that show it, and the day on which it ends."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from flask import Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.accounts.queries import list_further_addresses
from laurel.core.db import database_now
from laurel.core.errors import NotFoundError
from laurel.credentials import artwork
from laurel.credentials.forms import ShareLinkForm, VisibilityForm
from laurel.credentials.models import Credential
from laurel.credentials.queries import CredentialRecord, SignedCredential, holding, renewing, signed
from laurel.credentials.queries.weekly_views import map_views
from laurel.credentials.rules import linkedin
from laurel.credentials.rules.calendar import expiry_event
from laurel.credentials.rules.shown import as_object, confirmed_address
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.rules.weekly_views import Week, weeks_told
from laurel.credentials.services import old_links
from laurel.credentials.services import visibility as services
from laurel.credentials.services.tokens import NoTokenError, find_token_key
from laurel.credentials.views.admission import holder_token, link_token
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.bundle import bundle
from laurel.credentials.views.presenters import ShownCredential, show
from laurel.credentials.views.printing import compose, issued_by
from laurel.web.access import SIGNED_IN, my_id, policy, viewer
from laurel.web.limits import limiter
from laurel.web.session import current_session, end_transaction, transaction

BUNDLES = "10 per minute"
AS_FILE = "private, no-store"


@bp.get("/account/credentials/<uuid:credential_id>")
@policy(GET=SIGNED_IN)
def holder_page(credential_id: UUID) -> ResponseReturnValue:
    record = holding.get_credential_of(current_session(), my_id(), credential_id)
    return _page(record)


@bp.post("/account/credentials/<uuid:credential_id>/visibility")
@policy(POST=SIGNED_IN)
def change_visibility(credential_id: UUID) -> ResponseReturnValue:
    record = holding.get_credential_of(current_session(), my_id(), credential_id)
    form = VisibilityForm()
    if not form.validate_on_submit():
        return _page(record, visibility_form=form), 400
    wanted = Visibility(form.visibility.data)
    try:
        with transaction() as session:
            services.change_visibility(session, my_id(), credential_id, wanted=wanted, now=database_now(session))
    except services.FormerNameError as error:
        form.form_errors.append(error.message)
        return _page(holding.get_credential_of(current_session(), my_id(), credential_id), visibility_form=form), 409
    flash(f"This certificate is {wanted} now.", "success")
    return redirect(url_for(".holder_page", credential_id=credential_id), 303)


@bp.post("/account/credentials/<uuid:credential_id>/share-links")
@policy(POST=SIGNED_IN)
def make_share_link(credential_id: UUID) -> ResponseReturnValue:
    record = holding.get_credential_of(current_session(), my_id(), credential_id)
    form = ShareLinkForm()
    if record.credential.visibility is not Visibility.PRIVATE:  # since the page was opened: it has no such form any more
        return _go_on_open(record.credential, "No link was made: this")
    if not form.validate_on_submit():
        return _page(record, link_form=form), 400
    try:
        with transaction() as session:
            days = int(form.days.data)
            services.make_share_link(session, my_id(), credential_id, label=form.label.data or "", days=days, now=database_now(session))
    except services.NoLinkNeededError:
        return _go_on_open(holding.get_credential_of(current_session(), my_id(), credential_id).credential, "No link was made: this")
    except services.TooManyLinksError as error:
        form.form_errors.append(error.message)
        return _page(holding.get_credential_of(current_session(), my_id(), credential_id), link_form=form), 409
    flash("The link is made. Copy it below.", "success")
    return redirect(url_for(".holder_page", credential_id=credential_id, _anchor="links"), 303)


@bp.post("/account/credentials/<uuid:credential_id>/share-links/<uuid:link_id>/withdraw")
@policy(POST=SIGNED_IN)
def withdraw_share_link(credential_id: UUID, link_id: UUID) -> ResponseReturnValue:
    with transaction() as session:
        services.withdraw_share_link(session, my_id(), credential_id, link_id, now=database_now(session))
    credential = holding.get_credential_of(current_session(), my_id(), credential_id).credential
    if credential.visibility is not Visibility.PRIVATE and credential.address_token is None:
        return _go_on_open(credential, "That link is withdrawn. This")
    flash("That link shows nothing any more.", "success")
    return redirect(url_for(".holder_page", credential_id=credential_id, _anchor="links"), 303)


def _go_on_open(credential: Credential, said: str) -> ResponseReturnValue:
    """To the address of a certificate that anybody sees by it, of which a link was spoken."""
    flash(f"{said} certificate is {credential.visibility} now, so whoever has its address sees it.", "info")
    return redirect(url_for(".holder_page", credential_id=credential.id, _anchor="share"), 303)


@bp.post("/account/credentials/<uuid:credential_id>/old-links/<any('open', 'close'):act>")
@policy(POST=SIGNED_IN)
def change_old_links(credential_id: UUID, act: str) -> ResponseReturnValue:
    """Whether links and QR codes from before a change of name lead to the certificate with the new one."""
    with transaction() as session:
        old_links.change_old_links(session, my_id(), credential_id, lead_on=act == "open", now=database_now(session))
    said = "Links and codes from before lead to this certificate now." if act == "open" else "Links and codes from before show nothing now."
    flash(said, "success")
    return redirect(url_for(".holder_page", credential_id=credential_id, _anchor="old-links"), 303)


FILES = {
    "page": "credentials.credential_page",
    "pdf": "credentials.certificate_pdf",
    "png": "credentials.credential_badge_png",
    "svg": "credentials.credential_badge_svg",
    "json": "credentials.credential_json",
    "jwt": "credentials.credential_jwt",
}


@bp.get("/account/credentials/<uuid:credential_id>/files/<any('page', 'pdf', 'png', 'svg', 'json', 'jwt'):file>")
@policy(GET=SIGNED_IN)
def holder_file(credential_id: UUID, file: str) -> ResponseReturnValue:
    """To one's own page or file. Of a private certificate the way there is opened anew each time: the page may have been open for hours."""
    credential = holding.get_credential_of(current_session(), my_id(), credential_id).credential
    response = redirect(_address_of(file, credential_id, holder_token(credential, database_now(current_session()))), 303)
    response.headers["Cache-Control"] = AS_FILE
    return response


@bp.get("/account/credentials/<uuid:credential_id>/everything.zip")
@limiter.limit(BUNDLES)
@policy(GET=SIGNED_IN)
def everything_zip(credential_id: UUID) -> ResponseReturnValue:
    """All files of the certificate in one."""
    found = _get_signed_of(credential_id)
    token, own = None, issued_by(issuer(), found)
    with suppress(NoTokenError):
        token = find_token_key(current_session(), own, current_app.extensions["laurel_ports"].keys)
    parts = bundle(own, found, token, compose(current_session(), issuer(), found))
    end_transaction()
    response = Response(parts.packed(), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{parts.number}.zip"'
    response.headers["Cache-Control"] = AS_FILE
    return response


@bp.get("/account/credentials/<uuid:credential_id>/expiry.ics")
@policy(GET=SIGNED_IN)
def expiry_calendar(credential_id: UUID) -> ResponseReturnValue:
    """The day on which it ends, for the holder's calendar."""
    found = _get_signed_of(credential_id)
    if found.version.valid_until is None:
        raise NotFoundError("This certificate does not expire.")
    page, own = url_for(".holder_page", credential_id=credential_id), issued_by(issuer(), found)
    event = expiry_event(
        uid=f"expiry-{credential_id}@{issuer().public_url.split('//')[-1]}",
        ends_on=found.version.valid_until.date(),
        summary=f"Certificate expires: {found.achievement.name}",
        description=f"Certificate {found.credential.number} by {own.name}. Its page says how to renew it.",
        url=f"{issuer().public_url}{page}",
        written_at=found.version.signed_at,
    )
    response = Response(event, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.credential.number}.ics"'
    response.headers["Cache-Control"] = AS_FILE
    return response


def _address_of(file: str, credential_id: UUID, token: str | None = None) -> str:
    return url_for(FILES[file], credential_id=credential_id, download=None if file == "page" else 1, t=token)


def _get_signed_of(credential_id: UUID) -> SignedCredential:
    record = holding.get_credential_of(current_session(), my_id(), credential_id)
    found = signed(record)
    if found is None:
        raise NotFoundError(f"{show(issuer(), record).sentence} There are no files of it.")
    return found


def _page(record: CredentialRecord, *, visibility_form: VisibilityForm | None = None, link_form: ShareLinkForm | None = None) -> str:
    session, credential = current_session(), record.credential
    now = database_now(session)
    is_private = credential.visibility is Visibility.PRIVATE
    links = holding.list_share_links(session, credential.id, now=now) if is_private else []
    shown, token = show(issuer(), record), holder_token(credential, now)
    return render_template(
        "credentials/holder_page.html",
        shown=shown,
        issuer=shown.issuer,
        addresses={
            file: url_for(".holder_file", credential_id=credential.id, file=file) if is_private else _address_of(file, credential.id, token)
            for file in FILES
        },
        wallet_qr=artwork.qr_code(f"{shown.page_url}.json{f'?t={token}' if token else ''}", quiet_zone=4) if record.version else "",
        links=[(link, f"{shown.page_url}?t={link_token(link.id)}") for link in links],
        visibility_form=visibility_form or VisibilityForm(visibility=credential.visibility.value),
        link_form=link_form or ShareLinkForm(),
        linkedin_add=linkedin.add_to_profile_url(_entry(shown)) if record.version else "",
        linkedin_entries=linkedin.ENTRIES,
        linkedin_share=linkedin.share_url(shown.address),
        weeks=[] if is_private else _weeks_told(session, credential, now),
        confirmed=_confirmed_address(record),
        kin=holding.list_kin_in_any_name(session, credential),
        renewal=renewing.map_renewals(session, [record], now=now)[credential.id],
    )


def _weeks_told(session: Session, credential: Credential, now: datetime) -> Sequence[Week]:
    return weeks_told(map_views(session, credential.id), since=credential.issued_at, now=now) if credential.issued_at else []


def _confirmed_address(record: CredentialRecord) -> str | None:
    """As `shown.confirmed_address` says it of the holder's addresses of today."""
    if record.version is None:
        return None
    document, person = as_object(record.version.signed_json), viewer()
    said = confirmed_address(document, [person.email] if person is not None else [])
    if said == "":  # not the first one: only then are the others asked for
        return confirmed_address(document, [address.email for address in list_further_addresses(current_session(), my_id())])
    return said


def _entry(shown: ShownCredential) -> linkedin.Entry:
    record = shown.record
    return linkedin.Entry(
        name=record.achievement.name,
        organization=shown.issuer.name,
        organization_id=shown.issuer.linkedin_id,
        issued=record.credential.awarded_at,
        ends=record.version.valid_until if record.version else None,
        page_url=shown.address,
        number=record.credential.number,
    )
