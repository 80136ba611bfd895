"""Acts on many credentials: a dry run that changes nothing, then a confirmation by somebody who says how many."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.services.addresses import normalize_email
from laurel.core.bus import nudge_after_commit, publish
from laurel.core.db import table_of
from laurel.core.errors import ConflictError, ForbiddenError, InvalidInputError
from laurel.core.events import Event
from laurel.core.ids import new_id
from laurel.credentials.events import BulkJobConfirmed, BulkJobPaused, BulkJobResumed, BulkJobStopped
from laurel.credentials.models import BulkJob, BulkRow, Credential
from laurel.credentials.queries import bulk as queries
from laurel.credentials.queries.bulk import RevocationFilter
from laurel.credentials.rules.bulk import MAX_ROWS, BulkKind, BulkState, RowState, check_stoppable
from laurel.credentials.rules.bulk_table import ImportRow
from laurel.credentials.rules.correcting import check_new_name
from laurel.credentials.rules.duplicates import Act, Decision, Duplicates, decide
from laurel.credentials.rules.notes import check_note
from laurel.credentials.rules.printing import WITHOUT_PDF, has_pdf
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.importing import check_award

Verdict = tuple[RowState, str]
BEGUN = (BulkState.RUNNING, BulkState.PAUSED, BulkState.DONE)
OWN = "This is your own. A colleague has to do that."
UNKNOWN = "We never gave out this number."
ERASED = "It was erased. Nothing of it is left."
VERDICTS = {
    Act.ISSUE: RowState.READY,
    Act.CORRECT: RowState.READY,
    Act.LEAVE_OUT: RowState.SKIPPED,
    Act.REFUSE: RowState.WRONG,
}
"""What a dry run says of a row, by what would be done for it."""


def draft_import(
    session: Session,
    rows: Sequence[ImportRow],
    *,
    key: str,
    title: str,
    duplicates: Duplicates,
    tells_holder: bool,
    actor_id: UUID,
    now: datetime,
) -> BulkJob:
    """The dry run of a file: a verdict on every row, nothing issued. The same `key` again is the same job."""
    terms = {"duplicates": duplicates.value, "tells_holder": tells_holder}
    job = add_job(session, BulkKind.ISSUE, key=key, title=title, terms=terms, actor_id=actor_id, now=now)
    if job is None:
        return queries.get_job_by_key(session, key)
    judge = _Judge(session, rows, duplicates=duplicates, actor_id=actor_id, now=now)
    add_rows(session, job, ({**_shown(row), **judge.judge(row)} for row in rows))
    job.terms = {**terms, "without_pdf": judge.without_pdf}
    return job


def draft_revocation(
    session: Session,
    wanted: RevocationFilter,
    *,
    key: str,
    title: str,
    reason: RevocationReason,
    note: str,
    tells_holder: bool,
    actor_id: UUID,
    now: datetime,
) -> BulkJob:
    """The dry run of a filter: every certificate that fits it, nothing revoked. The same `key` again is the same job."""
    fitting = queries.list_revocable(session, wanted)
    if not fitting:
        raise InvalidInputError("No certificate fits this. Look at the dates, or at the numbers.")
    if len(fitting) > MAX_ROWS:
        raise InvalidInputError(f"More than {MAX_ROWS:,} certificates fit this. Narrow it by dates and do it in parts.")
    terms = {"reason": reason.value, "note": check_note(note), "tells_holder": tells_holder}
    job = add_job(session, BulkKind.REVOKE, key=key, title=title, terms=terms, actor_id=actor_id, now=now)
    if job is None:
        return queries.get_job_by_key(session, key)
    rows = [_revocation_row(n, *row, actor_id=actor_id) for n, row in enumerate(fitting, start=1)]
    missing = set(wanted.numbers) - {credential.number for credential, _holder, _name in fitting}
    rows += list_missing(session, missing, after=len(rows))
    add_rows(session, job, rows)
    return job


def confirm(session: Session, job_id: UUID, *, count: int, actor_id: UUID, now: datetime) -> BulkJob:
    """Begin, if whoever says so knows how many rows it is about. Twice changes nothing."""
    job = queries.lock_job(session, job_id)
    if job.state in BEGUN:
        return job
    counts = queries.count_rows(session, job_id)
    refusal = why_not(job, counts)
    if refusal:
        raise ConflictError(refusal)
    if count != counts[RowState.READY]:
        raise InvalidInputError("That is not the number of rows. Read the report once more before you go on.", field="count")
    job.advance(BulkState.RUNNING)
    job.confirmed_at, job.moved_at, job.actor_id = now, now, actor_id
    publish(session, BulkJobConfirmed(occurred_at=now, job_id=job.id, kind=job.kind.value, rows=count), actor_id=actor_id)
    nudge_after_commit(session)
    return job


def why_not(job: BulkJob, counts: dict[RowState, int]) -> str:
    """Why a dry run cannot be confirmed; empty if it can."""
    if counts[RowState.READY] == 0:
        return "There is nothing to do: no row is ready."
    if job.terms.get("duplicates") == Duplicates.REFUSE and counts[RowState.SKIPPED]:
        return "Some of these people hold the certificate already, and you chose that then nothing is issued."
    return ""


def stop(session: Session, job_id: UUID, *, actor_id: UUID, now: datetime) -> BulkJob:
    """Do no more of it. What was done stays done. Twice changes nothing; raises ConflictError for a dry run, and for what is over."""
    job = queries.lock_job(session, job_id)
    if job.state is not BulkState.STOPPED:
        check_stoppable(job.state)
    return _end(session, job, actor_id=actor_id, now=now)


def throw_away(session: Session, job_id: UUID, *, actor_id: UUID, now: datetime) -> BulkJob:
    """Do nothing of a dry run, ever. Raises ConflictError if somebody has confirmed it by now: that is stopped by whoever means it."""
    job = queries.lock_job(session, job_id)
    if job.confirmed_at is not None:
        raise ConflictError("Somebody has confirmed this dry run in the meantime. Nothing was changed.")
    return _end(session, job, actor_id=actor_id, now=now)


def _end(session: Session, job: BulkJob, *, actor_id: UUID, now: datetime) -> BulkJob:
    """Twice changes nothing."""
    if job.state is not BulkState.STOPPED:
        job.advance(BulkState.STOPPED)
        job.finished_at = now
        publish(session, BulkJobStopped(occurred_at=now, job_id=job.id), actor_id=actor_id)
    return job


def pause(session: Session, job_id: UUID, *, actor_id: UUID, now: datetime) -> BulkJob:
    """Do no more of it until somebody lets it go on."""
    return _turn(session, job_id, BulkState.PAUSED, BulkJobPaused(occurred_at=now, job_id=job_id), actor_id=actor_id)


def resume(session: Session, job_id: UUID, *, actor_id: UUID, now: datetime) -> BulkJob:
    """Go on where it was paused. Whoever confirmed it still answers for it."""
    job = queries.lock_job(session, job_id)
    if job.state is BulkState.DRAFT:
        raise ConflictError("Nobody has confirmed this dry run.")
    if job.state is BulkState.PAUSED:
        job.moved_at = now
        nudge_after_commit(session)
    return _turn(session, job_id, BulkState.RUNNING, BulkJobResumed(occurred_at=now, job_id=job_id), actor_id=actor_id)


def _turn(session: Session, job_id: UUID, wanted: BulkState, told: Event, *, actor_id: UUID) -> BulkJob:
    """Twice changes nothing."""
    job = queries.lock_job(session, job_id)
    if job.state is not wanted:
        job.advance(wanted)
        publish(session, told, actor_id=actor_id)
    return job


class _Judge:
    """What is to be said about each row, with everything looked up before: a few queries for the whole file."""

    def __init__(self, session: Session, rows: Sequence[ImportRow], *, duplicates: Duplicates, actor_id: UUID, now: datetime) -> None:
        self.duplicates, self.actor_id, self.now = duplicates, actor_id, now
        self.without_pdf = 0
        """Rows that are ready and whose names cannot be printed."""
        self.first: dict[tuple[UUID, str, datetime | None], int] = {}
        """The line on which each person and course (and day, where several are allowed) comes first."""
        self.people = queries.map_people(session, (row.email.casefold() for row in rows if not row.error))
        self.achievements = queries.map_achievements(session)
        people = list(self.people.values())
        self.held = queries.list_held(session, people)
        self.renamed = queries.list_renamed_people(session, people) if duplicates is Duplicates.REPLACE else set()

    def judge(self, row: ImportRow) -> dict[str, Any]:
        """The columns of the row that say what is to become of it."""
        if row.error or row.awarded_at is None:
            return verdict_of((RowState.WRONG, row.error))
        try:
            decision = self._decide(row, row.awarded_at)
        except (InvalidInputError, ForbiddenError) as error:
            return verdict_of((RowState.WRONG, error.message))
        verdict = VERDICTS[decision.act], decision.message
        if verdict[0] is RowState.READY and not has_pdf(row.name):
            self.without_pdf += 1
            verdict = RowState.READY, f"{decision.message} {WITHOUT_PDF}".lstrip()
        return {**verdict_of(verdict), "credential_id": decision.credential_id}

    def _decide(self, row: ImportRow, awarded_at: datetime) -> Decision:
        person = self.people.get(normalize_email(row.email))
        achievement = self.achievements.get(row.course)
        if achievement is None:
            raise InvalidInputError("No course with a certificate has this short name.")
        if person is None:
            raise InvalidInputError("Nobody has an account with this address. They have to register first.")
        self._refuse_twin(row, person)
        check_award(achievement, holder_id=person, actor_id=self.actor_id, awarded_at=awarded_at, now=self.now)
        return decide(
            self.held.get((person, achievement.achievement_id), []),
            name=check_new_name(row.name),
            awarded_on=awarded_at.date(),
            duplicates=self.duplicates,
            has_renamed=person in self.renamed,
            now=self.now,
        )

    def _refuse_twin(self, row: ImportRow, person: UUID) -> None:
        """The file was read before, and knows addresses only: two of them may be one person's."""
        n = self.first.setdefault((person, row.course, row.awarded_at if self.duplicates is Duplicates.ALLOW else None), row.n)
        if n != row.n:
            raise InvalidInputError(f"Line {n} is for the same person, by another of their addresses.")


def add_job(
    session: Session, kind: BulkKind, *, key: str, title: str, terms: dict[str, Any], actor_id: UUID, now: datetime
) -> BulkJob | None:
    """A new job; None if there is one of this key, perhaps since this very moment."""
    if queries.find_job_by_key(session, key) is not None:
        return None
    job = BulkJob(key=key, kind=kind, title=title[:200], terms=terms, actor_id=actor_id, created_at=now)
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()
    except IntegrityError:
        return None
    return job


def add_rows(session: Session, job: BulkJob, rows: Iterable[dict[str, Any]]) -> None:
    empty = {"email": "", "name": "", "course": "", "awarded_at": None, "credential_id": None}
    session.execute(insert(table_of(BulkRow)), [{**empty, **row, "id": new_id(), "job_id": job.id} for row in rows])


def _shown(row: ImportRow) -> dict[str, Any]:
    return {"n": row.n, "email": row.email.casefold(), "name": row.name, "course": row.course, "awarded_at": row.awarded_at}


def verdict_of(verdict: Verdict) -> dict[str, Any]:
    return {"state": verdict[0], "message": verdict[1][:300]}


def show_certificate(n: int, credential: Credential, holder: User, achievement: str) -> dict[str, Any]:
    """The columns of a row that say which certificate it is about."""
    return {
        "n": n,
        "email": holder.email,
        "name": credential.shown_name,
        "course": achievement,
        "awarded_at": credential.awarded_at,
        "credential_id": credential.id,
    }


def list_missing(session: Session, numbers: Iterable[str], *, after: int) -> list[dict[str, Any]]:
    """Rows for numbers that no certificate has, in their order, counted on from `after`."""
    missing = sorted(numbers)
    erased = queries.list_erased_numbers(session, missing)
    return [
        {"n": n, "name": number, **verdict_of((RowState.WRONG, ERASED if number in erased else UNKNOWN))}
        for n, number in enumerate(missing, start=after + 1)
    ]


def _revocation_row(n: int, credential: Credential, holder: User, achievement: str, *, actor_id: UUID) -> dict[str, Any]:
    verdict: Verdict = RowState.READY, ""
    if credential.holder_id == actor_id:
        verdict = RowState.WRONG, OWN
    elif credential.state is CredentialState.REVOKED:
        verdict = RowState.SKIPPED, "It was revoked before."
    elif credential.state is CredentialState.PENDING:
        verdict = RowState.READY, "It is not signed yet, and will not be."
    return {**show_certificate(n, credential, holder, achievement), **verdict_of(verdict)}
