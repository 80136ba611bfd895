"""Verification for machines (docs/verification-api.md). No cookie, no key, any origin; errors as RFC 9457 says."""

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.credentials.models.erasure import ErasedCredential
from laurel.credentials.queries import CredentialRecord
from laurel.credentials.queries.erasure import find_issuer_of_erased
from laurel.credentials.rules.foreign import MAX_UPLOAD, Kind, UnreadableError
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import timestamp
from laurel.credentials.rules.numbers import parse_number
from laurel.credentials.rules.scores import score_in
from laurel.credentials.rules.shown import as_object, official_in
from laurel.credentials.rules.verdicts import Check, Verdict
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.examining import Issued
from laurel.credentials.views.admission import admit
from laurel.credentials.views.base import FOR_ALL, RegisterAwayError, bp, compact, document, from_register, issuer, problem
from laurel.credentials.views.presenters import close, holder_in, show
from laurel.credentials.views.uploads import examine
from laurel.credentials.views.verification import find_by_number
from laurel.web.access import PUBLIC, READING, policy
from laurel.web.bodies import takes
from laurel.web.limits import VERIFY
from laurel.web.session import current_session

KINDS = {
    "application/json": Kind.JSON,
    "application/vc": Kind.JSON,
    "application/ld+json": Kind.JSON,
    "application/vc+ld+json": Kind.JSON,
    "application/jwt": Kind.JWT,
    "image/png": Kind.PNG,
    "image/svg+xml": Kind.SVG,
    "application/pdf": Kind.PDF,
}
MINUTE = "public, max-age=60"
PREFLIGHT = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type", "Access-Control-Max-Age": "86400"}


@bp.post("/api/v1/verify", provide_automatic_options=False)
@VERIFY
@takes(MAX_UPLOAD)
@policy(POST=READING)
def verify_by_api() -> ResponseReturnValue:
    """The file is the whole body, and Content-Type says what it is."""
    kind = KINDS.get(request.mimetype)
    if kind is None or request.content_encoding:
        return problem(415, "That format is not understood", f"Send one of {', '.join(KINDS)}, not compressed.")
    content = request.get_data(cache=False)
    if not content:
        return problem(400, "Nothing was sent", "Send the credential as the body of the request.")
    try:
        examination = examine(content, kind)
    except UnreadableError as error:
        return problem(422, "That cannot be read as a credential", error.message, cause=error.cause)
    except RegisterAwayError as error:
        return _unknown(error)
    examined, issued = examination.examined, examination.issued
    answer = _answer(examined.verdict, examined.checks, _describe_issued(issuer(), issued) if issued is not None else None)
    answer["compare"] = _describe_signed(issued) if issued is not None and examined.looks else None
    response = Response(compact(answer), mimetype="application/json")
    response.headers.update(FOR_ALL | {"Cache-Control": "no-store"})
    return response


@bp.route("/api/v1/verify", methods=["OPTIONS"])
def allow_other_origins() -> ResponseReturnValue:
    """What browsers ask before they send a page's request here."""
    return Response(status=204, headers=FOR_ALL | PREFLIGHT | {"Allow": "POST, OPTIONS"})


@bp.get("/api/v1/certificates/<number>")
@VERIFY
@policy(GET=PUBLIC)
def certificate_status(number: str) -> ResponseReturnValue:
    """The status of a certificate by its number. It does not say whose it is: the page does, to who looks at it."""
    try:
        printed = parse_number(number)
    except InvalidInputError as error:
        raise NotFoundError(error.message) from None
    try:
        found = from_register(lambda: find_by_number(printed))
    except RegisterAwayError as error:
        return _unknown(error)
    if found is None:
        raise NotFoundError("There is no such certificate.")
    if isinstance(found, ErasedCredential):
        answer = _answer(Verdict.REVOKED, (), _describe_erased(found, printed))
        return document(compact(answer), "application/json", caching=MINUTE)
    shown = show(issuer(), found)
    if found.credential.address_token is not None and admit(found.credential).is_closed:
        answer = _answer(close(found.credential).verdict, (), _describe_little(shown.issuer, found))
        return document(compact(answer), "application/json", caching=MINUTE)
    is_private = found.credential.visibility is Visibility.PRIVATE
    checks = shown.findings.checks if shown.findings is not None and not is_private else ()  # they tell whether it ends
    described = _describe_little(shown.issuer, found) if is_private else _describe_record(shown.issuer, found)
    answer = _answer(shown.verdict, checks, described)
    return document(compact(answer), "application/json", caching=MINUTE)


def _unknown(error: RegisterAwayError) -> Response:
    return problem(503, "Temporarily unknown", error.message, verdict=Verdict.TEMPORARILY_UNKNOWN)


def _answer(verdict: Verdict, checks: tuple[Check, ...], credential: dict[str, Any] | None) -> dict[str, Any]:
    listed = [{"id": check.id, "ok": check.is_passed, "detail": check.answer} for check in checks]
    return {"verdict": verdict, "checks": listed, "credential": credential}


def _describe_issued(issuer: Issuer, issued: Issued) -> dict[str, Any]:
    return {
        "id": issuer.credential_url(issued.credential_id),
        "number": issued.number,
        "name": issued.document["name"],
        "issuer": issued.document["issuer"]["id"],
        "official": official_in(issued.document) or None,
        "validFrom": timestamp(issued.valid_from),
        "validUntil": timestamp(issued.valid_until) if issued.valid_until else None,
        "revokedAt": timestamp(issued.revoked_at) if issued.revoked_at else None,
        "revocationReason": issued.revocation_reason,
        **_describe_score(issued.document),
    }


def _describe_signed(issued: Issued) -> dict[str, Any]:
    """What must be read on the file itself, too: its sender has the name anyway, in the credential inside."""
    return {
        "holder": holder_in(issued.document),
        "title": issued.document["name"],
        "awarded": issued.document["awardedDate"],
        "validUntil": timestamp(issued.valid_until) if issued.valid_until else None,
        "number": issued.number,
    }


def _describe_erased(found: ErasedCredential, number: str) -> dict[str, Any]:
    return {
        "id": issuer().credential_url(found.credential_id),
        "number": number,
        "issuer": find_issuer_of_erased(current_session(), found.credential_id),
        "revokedAt": timestamp(found.erased_at),
        "revocationReason": found.reason,
    }


def _describe_little(issuer: Issuer, found: CredentialRecord) -> dict[str, Any]:
    return {"id": issuer.credential_url(found.credential.id), "number": found.credential.number, "issuer": issuer.did}


def _describe_record(issuer: Issuer, found: CredentialRecord) -> dict[str, Any]:
    credential, version = found.credential, found.version
    return {
        "id": issuer.credential_url(credential.id),
        "number": credential.number,
        "name": found.achievement.name,
        "issuer": issuer.did,
        "official": (version and official_in(as_object(version.signed_json))) or None,
        "validFrom": timestamp(version.valid_from) if version else None,
        "validUntil": timestamp(version.valid_until) if version and version.valid_until else None,
        "revokedAt": timestamp(credential.revoked_at) if credential.revoked_at else None,
        "revocationReason": credential.revocation_reason,
        **_describe_score(as_object(version.signed_json) if version else None),
    }


def _describe_score(document: Any) -> dict[str, Any]:
    """In percent, as it was signed; nothing where the holder does not show it."""
    score = score_in(document)
    return {"score": {"value": score.value, "requiredValue": score.required}} if score is not None else {}
