"""The exam's score on one's certificate: looked at as it would be signed, agreed to, taken back; and the record that it refers to."""

import json
import logging
from uuid import UUID

from flask import current_app, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import ConflictError, NotFoundError
from laurel.credentials import queries
from laurel.credentials.forms import ScoreForm
from laurel.credentials.gateway import KeyVault, KeyVaultError
from laurel.credentials.openbadges_gateway import UnfitIssuerError
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.queries.holding import get_credential_of
from laurel.credentials.queries.scores import find_exam_record
from laurel.credentials.rules.document import CONTEXTS
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.negotiation import HTML, PART_TYPES
from laurel.credentials.rules.scores import ExamRecord, evidence_in, narrative_of, preview, score_in, write_percent
from laurel.credentials.rules.shown import as_object
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.services import scores
from laurel.credentials.services.issuers import NoActiveKeyError
from laurel.credentials.views.admission import require_admission
from laurel.credentials.views.base import asked_for, bp, compact, document, issuer, not_acceptable
from laurel.quizzes.queries import get_attempt_of
from laurel.web.access import PUBLIC, SIGNED_IN, my_id, policy
from laurel.web.limits import limiter
from laurel.web.session import current_session, transaction

log = logging.getLogger("laurel.credentials")
CHANGES = "10 per hour"
"""Each takes a place on a status list for good."""
NO_KEY = "We cannot sign at the moment, so nothing was changed. Try again in a while."
UNSIGNABLE = (
    "We cannot sign this certificate as it is, so nothing was changed. Please write to us: the address is on the certificate’s page."
)
EVIDENCE = "public, max-age=300"


@bp.get("/account/credentials/of-attempt/<uuid:attempt_id>/score")
@policy(GET=SIGNED_IN)
def score_of_attempt(attempt_id: UUID) -> ResponseReturnValue:
    """From the result of an exam to the question, also while the certificate is being signed."""
    session = current_session()
    get_attempt_of(session, my_id(), attempt_id)
    found = queries.find_credential_of_attempt(session, my_id(), attempt_id)
    if found is None:  # that page says why, or waits for it
        return redirect(url_for(".certificate_of_attempt", attempt_id=attempt_id))
    return redirect(url_for(".score_page", credential_id=found.id))


@bp.get("/account/credentials/<uuid:credential_id>/score")
@policy(GET=SIGNED_IN)
def score_page(credential_id: UUID) -> ResponseReturnValue:
    return _page(get_credential_of(current_session(), my_id(), credential_id))


@bp.post("/account/credentials/<uuid:credential_id>/score")
@limiter.limit(CHANGES)
@policy(POST=SIGNED_IN)
def change_score(credential_id: UUID) -> ResponseReturnValue:
    record, form = get_credential_of(current_session(), my_id(), credential_id), ScoreForm()
    if not form.validate_on_submit():
        return _page(record, error="Use one of the buttons."), 400
    try:
        _change(credential_id, form)
    except (KeyVaultError, NoActiveKeyError, UnfitIssuerError):
        return _page(_again(credential_id), error=NO_KEY), 503
    except UnsignableError:
        log.exception("Credential %s could not be signed with or without its score", credential_id)
        return _page(_again(credential_id), error=UNSIGNABLE), 409
    except ConflictError as error:
        return _page(_again(credential_id), error=error.message), 409
    said = "says your exam score now" if form.wish.data == "show" else "says no exam score any more"
    flash(f"Your certificate {said}.", "success")
    return redirect(url_for(".score_page", credential_id=credential_id), 303)


def _change(credential_id: UUID, form: ScoreForm) -> None:
    keys: KeyVault = current_app.extensions["laurel_ports"].keys
    with transaction() as session:
        now = database_now(session)
        if form.wish.data == "show":
            seen = form.seen.data or ""
            scores.show_score(session, my_id(), credential_id, seen=seen, issuer=issuer(), keys=keys, now=now)
        else:
            scores.hide_score(session, my_id(), credential_id, issuer=issuer(), keys=keys, now=now)


def _again(credential_id: UUID) -> CredentialRecord:
    """As it is after an attempt to change it was rolled back."""
    return get_credential_of(current_session(), my_id(), credential_id)


def _page(record: CredentialRecord, *, error: str = "") -> str:
    session, credential, version = current_session(), record.credential, record.version
    exam = find_exam_record(session, credential)
    has_ended = version is not None and version.valid_until is not None and database_now(session) >= version.valid_until
    return render_template(
        "credentials/score_page.html",
        credential=credential,
        achievement=record.achievement,
        exam=exam,
        score=write_percent(exam.score) if exam else "",
        required=write_percent(exam.required) if exam else "",
        narrative=narrative_of(exam) if exam else "",
        preview=_as_signed(record, exam) if exam else "",
        is_signed=version is not None,
        is_settled=has_ended or credential.state is CredentialState.REVOKED,
        error=error,
    )


def _as_signed(record: CredentialRecord, exam: ExamRecord) -> str:
    achievement = record.achievement
    address = issuer().achievement_url(achievement.slug, achievement.n)
    return json.dumps(preview(issuer().credential_url(record.credential.id), address, exam), indent=2, ensure_ascii=False)


@bp.get("/credentials/<uuid:credential_id>/evidence")
@policy(GET=PUBLIC)
def evidence_page(credential_id: UUID) -> ResponseReturnValue:
    """The record of the exam as the current document says it. Of a certificate that says none there is none."""
    media = asked_for(PART_TYPES)
    if media is None:
        return not_acceptable(PART_TYPES)
    record = queries.get_credential(current_session(), credential_id)
    require_admission(record.credential)
    signed = as_object(record.version.signed_json) if record.version else {}
    evidence = evidence_in(signed)
    if evidence is None:
        raise NotFoundError("There is no exam record of this certificate that may be shown.")
    if media != HTML:
        return document(compact({"@context": CONTEXTS, **evidence}), media, caching=EVIDENCE, negotiated=True)
    page = render_template(
        "credentials/evidence_page.html", record=record, evidence=evidence, score=score_in(signed), issuer_name=signed["issuer"]["name"]
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    return response
