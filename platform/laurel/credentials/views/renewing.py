"""Renewing a certificate: where it stands, what each way takes, and the buttons that lead to the exam and to the shop."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.commerce.queries import find_offer
from laurel.commerce.rules import OfferingKind
from laurel.core.db import database_now
from laurel.core.errors import NotFoundError
from laurel.credentials import queries
from laurel.credentials.queries import CredentialRecord, holding, points, renewing
from laurel.credentials.rules.erasure import ErasedError
from laurel.credentials.rules.points import points_text
from laurel.credentials.rules.renewing import Renewal
from laurel.credentials.services.fee_renewals import open_fee
from laurel.credentials.services.issuers import issuer_for
from laurel.credentials.services.renewing import RenewalRefusedError, begin_renewal
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.presenters import show
from laurel.quizzes.services import OpenAttemptError, RoundUnderWayError
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.limits import START, limiter
from laurel.web.session import current_session, transaction


@dataclass(frozen=True, slots=True)
class MyRenewal:
    """Where the certificate of a course stands, for the pages of that course."""

    credential_id: UUID
    ends_at: datetime | None
    renewal: Renewal


@bp.get("/account/credentials/<uuid:credential_id>/renewal")
@policy(GET=SIGNED_IN)
def renewal_page(credential_id: UUID) -> ResponseReturnValue:
    session = current_session()
    record = holding.get_credential_of(session, my_id(), credential_id)
    now = database_now(session)
    way = renewing.get_way(session, record, now=now)
    latest = queries.find_achievement_of_course(session, way.course_id)
    return render_template(
        "credentials/renewal_page.html",
        shown=show(issuer(), record),
        way=way,
        next_issuer=issuer_for(session, issuer(), latest.organization_id if latest is not None else None),
        prices={} if way.includes_attempts else _prices_of(way.course_id, OfferingKind.EXAM_RETAKE),
        fees=_prices_of(way.course_id, OfferingKind.RENEWAL) if way.renewal.paths.fee else {},
        tally=points.get_book(session, record, now=now).tally if way.renewal.paths.points else None,
        points_text=points_text,
        kin=holding.list_kin_in_any_name(session, record.credential),
    )


def _prices_of(course_id: UUID, kind: OfferingKind) -> dict[str, int]:
    """What it costs by currency, in the order in which the shop names them."""
    offer = find_offer(current_session(), course_id, kind)
    currencies = current_app.extensions["laurel_settings"].currencies
    return {code: offer.prices[code] for code in currencies if code in offer.prices} if offer is not None else {}


@bp.post("/account/credentials/<uuid:credential_id>/renewal")
@policy(POST=SIGNED_IN)
@limiter.limit(START)
def renew_by_exam(credential_id: UUID) -> ResponseReturnValue:
    """The holder begins, or goes on: to the door of the exam, which starts nothing by itself."""
    try:
        with transaction() as session:
            door = begin_renewal(session, holder_id=my_id(), credential_id=credential_id, now=database_now(session))
    except OpenAttemptError as error:
        flash("You have an attempt open. Finish it first, then renew.", "info")
        return redirect(url_for("quizzes.attempt_page", attempt_id=error.attempt_id), 303)
    except (RenewalRefusedError, RoundUnderWayError) as error:
        flash(error.message, "error")
        return redirect(url_for(".renewal_page", credential_id=credential_id), 303)
    return redirect(url_for("learning.lesson_page", course_slug=door.course_slug, lesson_slug=door.lesson_slug), 303)


@bp.post("/account/credentials/<uuid:credential_id>/renewal/fee")
@policy(POST=SIGNED_IN)
@limiter.limit(START)
def renew_for_fee(credential_id: UUID) -> ResponseReturnValue:
    """To the page that sells it. Nothing is ordered by that."""
    try:
        with transaction() as session:
            permit_id = open_fee(session, holder_id=my_id(), credential_id=credential_id, now=database_now(session))
    except RenewalRefusedError as error:
        flash(error.message, "error")
        return redirect(url_for(".renewal_page", credential_id=credential_id), 303)
    return redirect(url_for("commerce.renewal_page", permit_id=permit_id), 303)


@bp.app_template_global()
def certificate_of_permit(about_id: UUID | None) -> CredentialRecord | None:
    """The signed-in person's certificate that a renewal is about, for the shop's page; None if it was erased."""
    if about_id is None:
        return None
    try:
        return holding.get_credential_of(current_session(), my_id(), about_id)
    except (ErasedError, NotFoundError):
        return None


@bp.app_template_global()
def renewal_of_course(course_id: UUID) -> MyRenewal | None:
    """Where the signed-in person's certificate of a course stands: for pages below this package, which know of no certificates."""
    session = current_session()
    record = queries.find_credential_of(session, my_id(), course_id)
    if record is None:
        return None
    renewal = renewing.map_renewals(session, [record], now=database_now(session))[record.credential.id]
    return MyRenewal(record.credential.id, record.version.valid_until if record.version else None, renewal)
