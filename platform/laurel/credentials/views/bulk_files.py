"""Certificates of an import or a list as one ZIP file, for staff: packed while sent, so that ten thousand need no more memory than ten."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.core.db import database_now
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.core.spreadsheets import harmless
from laurel.credentials.queries import SignedCredential, list_signed
from laurel.credentials.queries.bulk import list_issued
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.verdicts import CredentialState
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.bulk_downloads import begin_download, begin_download_of_list, note_downloads
from laurel.credentials.services.shown import UnsignedWordsError
from laurel.credentials.typst_gateway import Certificate, UnprintableError, render_certificate
from laurel.credentials.views import drawings
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.packing import Outlet, write_file
from laurel.credentials.views.printing import issued_by, logo_beside
from laurel.credentials.views.turns import hand_out, take_turn
from laurel.web.access import my_id, policy
from laurel.web.limits import limiter
from laurel.web.session import database, separate_transaction, transaction

PACKINGS = "20 per hour"
AT_ONCE = 20
"""Certificates that are read, written down and packed together."""
PRIVATE = "left out: private, its holder decides who sees it"
UNPRINTABLE = "no PDF: our fonts lack some of its characters"
UNSIGNED = "no PDF: our records do not agree with its signed file (see laurel credentials audit)"
Numbered = tuple[int, SignedCredential]
"""A certificate with its line."""


@bp.post("/backoffice/credentials/bulk/<uuid:job_id>/certificates.zip")
@limiter.limit(PACKINGS)
@policy(POST="credentials:write")
def bulk_zip(job_id: UUID) -> ResponseReturnValue:
    """PDF and JSON of everything that an import issued, and a list of it. What a holder has made private stays with the holder."""

    def begin(session: Session) -> Iterator[list[Numbered]]:
        begin_download(session, job_id, actor_id=my_id(), now=database_now(session))
        return _read_job(job_id)

    return _hand_out(begin, f"certificates-{job_id}.zip")


@bp.post("/backoffice/credentials/certificates.zip")
@limiter.limit(PACKINGS)
@policy(POST="credentials:write")
def listed_zip() -> ResponseReturnValue:
    """The same of what the list of certificates shows, by the same words and choices in the address."""
    words, state, achievement = (request.args.get(name, "").strip() for name in ("q", "state", "achievement"))
    try:
        wanted = (words, CredentialState(state) if state else None, UUID(achievement) if achievement else None)
    except ValueError:
        raise InvalidInputError("Choose a state and a credential of the list.") from None

    def begin(session: Session) -> Iterator[list[Numbered]]:
        return _read_list(begin_download_of_list(session, *wanted, actor_id=my_id(), now=database_now(session)))

    return _hand_out(begin, "certificates.zip")


def _hand_out(begin: Callable[[Session], Iterator[list[Numbered]]], name: str) -> ResponseReturnValue:
    """The file of what `begin` writes down and reads. Whoever comes while another is packed, or finds nothing, is led back to the page."""
    page = request.full_path.replace("/certificates.zip", "", 1).rstrip("?")
    try:
        with take_turn(page) as held:
            with transaction() as session:
                chunks = begin(session)
            return hand_out(held, pack(chunks, issuer(), my_id()), name)
    except ConflictError as error:
        flash(error.message, "warning")
        return redirect(page, 303)


def pack(chunks: Iterator[list[Numbered]], house: Issuer, actor_id: UUID) -> Iterator[bytes]:
    """The file, piece by piece. The database is let go of before a page is set."""
    outlet, contents = Outlet(), [("line", "number", "what")]
    with zipfile.ZipFile(outlet, "w") as archive:
        for chunk in chunks:
            with database().session(writes=False) as session:
                logos = _logos(session, chunk)
            with separate_transaction() as session:
                note_downloads(session, [one for _n, one in chunk if not _is_private(one)], actor_id=actor_id, now=database_now(session))
            for n, one in chunk:
                said = PRIVATE if _is_private(one) else _add(archive, house, one, logos[one.achievement.organization_id])
                contents.append((str(n), one.credential.number, said))
                yield outlet.take()
        write_file(archive, "contents.csv", _table(contents))
    yield outlet.take()


def _is_private(found: SignedCredential) -> bool:
    return found.credential.visibility is Visibility.PRIVATE


def _read_job(job_id: UUID) -> Iterator[list[Numbered]]:
    """By the lines of the file that was imported."""
    last = 0
    while True:
        with database().session(writes=False) as session:
            found = list_issued(session, job_id, after=last, limit=AT_ONCE)
        if not found:
            return
        last = found[-1][0]
        yield found


def _read_list(credential_ids: Sequence[UUID]) -> Iterator[list[Numbered]]:
    """By their places on the list. What was erased meanwhile is left out."""
    place = {credential_id: n for n, credential_id in enumerate(credential_ids, start=1)}
    for start in range(0, len(credential_ids), AT_ONCE):
        with database().session(writes=False) as session:
            found = list_signed(session, credential_ids[start : start + AT_ONCE])
        yield [(place[one.credential.id], one) for one in found]


def _logos(session: Session, chunk: list[Numbered]) -> dict[UUID | None, str]:
    """The logo of each issuer, by its organization."""
    by_issuer = {one.achievement.organization_id: one for _n, one in chunk}
    return {organization_id: logo_beside(session, one) for organization_id, one in by_issuer.items()}


def _add(archive: zipfile.ZipFile, house: Issuer, found: SignedCredential, logo: str) -> str:
    """Put the files of one certificate in; returns what the list says of it."""
    number, said = found.credential.number, "PDF and JSON"
    try:
        certificate: Certificate = drawings.compose_certificate(issued_by(house, found), found, logo=logo)
        pdf = render_certificate(certificate)
        write_file(archive, f"{number}/certificate.pdf", pdf, compress=False)  # it is compressed already
    except UnprintableError:
        said = UNPRINTABLE
    except UnsignedWordsError:
        said = UNSIGNED
    write_file(archive, f"{number}/credential.json", found.version.signed_json.encode())
    return f"{said}; revoked" if found.credential.revoked_at is not None else said


def _table(rows: list[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")
