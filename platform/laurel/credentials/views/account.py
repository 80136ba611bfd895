"""A person's own certificates: the list of them, and the way to one from the course or the exam that earned it."""

from datetime import timedelta
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.catalog.queries import get_course_by_slug
from laurel.core.db import database_now
from laurel.credentials import queries
from laurel.credentials.models import Credential
from laurel.credentials.queries import renewing
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.everything import AT_MOST
from laurel.credentials.views.presenters import show
from laurel.quizzes.queries import get_attempt_of
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.pages import paginate
from laurel.web.session import current_session

PAGE_SIZE = 20
"""Each one's signature is checked, which takes some milliseconds the first time."""
SOON = timedelta(minutes=2)
"""How long signing may take before the page stops looking again by itself and says that it takes longer."""
LOOK_AFTER = 3  # seconds


@bp.get("/account/credentials")
@policy(GET=SIGNED_IN)
def credential_list() -> ResponseReturnValue:
    session = current_session()
    page = paginate(session, queries.select_credentials_of(my_id()), size=PAGE_SIZE, scalars=False)
    records = [queries.record_of(row) for row in page.rows]
    renewals = renewing.map_renewals(session, records, now=database_now(session))
    mine = [show(issuer(), record) for record in records]
    return render_template("credentials/credential_list.html", mine=mine, renewals=renewals, page=page, at_most=AT_MOST)


@bp.get("/account/credentials/of-course/<course_slug>")
@policy(GET=SIGNED_IN)
def certificate_of_course(course_slug: str) -> ResponseReturnValue:
    session = current_session()
    found = queries.find_credential_of(session, my_id(), get_course_by_slug(session, course_slug).id)
    return _lead_to(None if found is None else found.credential)


@bp.get("/account/credentials/of-attempt/<uuid:attempt_id>")
@policy(GET=SIGNED_IN)
def certificate_of_attempt(attempt_id: UUID) -> ResponseReturnValue:
    found = _of_attempt(attempt_id)
    return _lead_to(found, is_due=found is None and _is_renewal(attempt_id))


@bp.get("/account/credentials/of-attempt/<uuid:attempt_id>/state")
@policy(GET=SIGNED_IN)
def state_of_certificate(attempt_id: UUID) -> ResponseReturnValue:
    """For the script of the result page: `none`, `pending`, `issued` or `revoked`."""
    found = _of_attempt(attempt_id)
    if found is None:
        return {"state": "pending" if _is_renewal(attempt_id) else "none"}
    return {"state": found.state.value}


def _of_attempt(attempt_id: UUID) -> Credential | None:
    """What the person earned by their attempt; somebody else's attempt is not found."""
    session = current_session()
    get_attempt_of(session, my_id(), attempt_id)
    return queries.find_credential_of_attempt(session, my_id(), attempt_id)


def _is_renewal(attempt_id: UUID) -> bool:
    """Whether the person's attempt has earned a renewal that the worker has not come to yet."""
    return renewing.find_earned_by(current_session(), my_id(), attempt_id) is not None


def _lead_to(credential: Credential | None, *, is_due: bool = False) -> ResponseReturnValue:
    """To the certificate; to a page that waits for it while it is due or being signed; to words if there is none."""
    if credential is not None and credential.state is not CredentialState.PENDING:
        return redirect(url_for(".credential_page", credential_id=credential.id, t=credential.address_token))
    is_late = credential is not None and database_now(current_session()) - credential.awarded_at > SOON
    is_held = credential is not None and queries.is_held(current_session(), credential)
    is_coming = is_due or credential is not None
    page = render_template("credentials/waiting_page.html", is_coming=is_coming, is_late=is_late, is_held=is_held, address=request.path)
    response = make_response(page)
    if is_coming and not is_late and not is_held:
        response.headers["Refresh"] = str(LOOK_AFTER)
    return response
