"""The certificates of one import as one ZIP file, for staff: packed while it is sent, so that ten thousand need no more memory than ten."""

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Lock
from uuid import UUID

from flask import Flask, Response, flash, g, got_request_exception, redirect, request, stream_with_context
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from laurel.core.db import database_now
from laurel.core.errors import ConflictError
from laurel.core.spreadsheets import harmless
from laurel.credentials.queries import SignedCredential
from laurel.credentials.queries.bulk import list_issued
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.bulk_downloads import begin_download, note_downloads
from laurel.credentials.services.shown import UnsignedWordsError
from laurel.credentials.typst_gateway import Certificate, UnprintableError, render_certificate
from laurel.credentials.views import drawings
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.packing import Outlet, write_file
from laurel.credentials.views.printing import issued_by, logo_beside
from laurel.web.access import my_id, policy
from laurel.web.limits import limiter
from laurel.web.session import database, separate_transaction, transaction

PACKINGS = "20 per hour"
AT_ONCE = 20
"""Certificates that are read, written down and packed together."""
PRIVATE = "left out: private, its holder decides who sees it"
UNPRINTABLE = "no PDF: our fonts lack some of its characters"
UNSIGNED = "no PDF: our records do not agree with its signed file (see laurel credentials audit)"
_packing = Lock()


class OneAtATimeError(ConflictError):
    """Somebody else's file is being packed in this process: a second would take the processor from exams."""

    message = "Another file of certificates is being packed at the moment. Try again in a minute."


@bp.post("/backoffice/credentials/bulk/<uuid:job_id>/certificates.zip")
@limiter.limit(PACKINGS)
@policy(POST="credentials:write")
def bulk_zip(job_id: UUID) -> ResponseReturnValue:
    """PDF and JSON of everything that an import issued, and a list of it. What a holder has made private stays with the holder.

    Whoever has to wait, or finds nothing there, is led back to the job's page, which says so.
    """
    try:
        with take_turn() as held:
            with transaction() as session:
                begin_download(session, job_id, actor_id=my_id(), now=database_now(session))
            g.packing_turn = turn = held.pop_all()
    except ConflictError as error:
        flash(error.message, "warning")
        return redirect(request.path.rpartition("/")[0], 303)
    response = Response(stream_with_context(pack(job_id, issuer(), my_id(), turn)), mimetype="application/zip")
    response.call_on_close(turn.close)  # whoever goes away before the first byte
    response.headers["Content-Disposition"] = f'attachment; filename="certificates-{job_id}.zip"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def take_turn() -> ExitStack:
    """What ends the turn when it is closed; raises OneAtATimeError while it is somebody else's."""
    if not _packing.acquire(blocking=False):
        raise OneAtATimeError
    turn = ExitStack()
    turn.callback(_packing.release)
    return turn


@bp.record_once
def end_turns_of_what_fails(state: BlueprintSetupState) -> None:
    """An answer that fails after its view, as when its session cannot be kept, is thrown away without being closed."""
    got_request_exception.connect(_end_turn, state.app)


def _end_turn(_app: Flask, **_facts: object) -> None:
    g.pop("packing_turn", ExitStack()).close()


def pack(job_id: UUID, house: Issuer, actor_id: UUID, turn: ExitStack) -> Iterator[bytes]:
    """The file, piece by piece; the turn ends with it. The database is let go of before a page is set."""
    outlet, contents, last = Outlet(), [("line", "number", "what")], 0
    with turn, zipfile.ZipFile(outlet, "w") as archive:
        while found := _read(job_id, last):
            last = found[-1][0]
            with separate_transaction() as session:
                note_downloads(
                    session, [one for _n, one, _logo in found if not _is_private(one)], actor_id=actor_id, now=database_now(session)
                )
            for n, one, logo in found:
                said = PRIVATE if _is_private(one) else _add(archive, house, one, logo)
                contents.append((str(n), one.credential.number, said))
                yield outlet.take()
        write_file(archive, "contents.csv", _table(contents))
    yield outlet.take()


def _is_private(found: SignedCredential) -> bool:
    return found.credential.visibility is Visibility.PRIVATE


def _read(job_id: UUID, last: int) -> list[tuple[int, SignedCredential, str]]:
    """(line, certificate, the logo on it)"""
    with database().session(writes=False) as session:
        found, logos = list_issued(session, job_id, after=last, limit=AT_ONCE), dict[UUID | None, str]()
        for _n, one in found:
            if one.achievement.organization_id not in logos:
                logos[one.achievement.organization_id] = logo_beside(session, one)
        return [(n, one, logos[one.achievement.organization_id]) for n, one in found]


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
