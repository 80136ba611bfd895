"""Files of certificates for people who hold one already."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import Credential, CredentialEvent, NameChange
from laurel.credentials.queries.bulk import count_corrections, count_rows
from laurel.credentials.rules.bulk import RowState
from laurel.credentials.rules.duplicates import Duplicates
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.name_changes import NameChangeState
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.credentials.bulk_jobs import YESTERDAY, draft, finish, make_line, rows_of, start
from tests.factories.accounts import make_further_address, make_user
from tests.factories.credentials import make_achievement


def test_replacing_corrects_what_is_held_and_the_same_file_again_changes_nothing(session: Session) -> None:
    achievement = make_achievement(session)
    people = [make_user(session, name="Ada") for _ in range(2)]
    first = draft(session, *(make_line(person, achievement.slug) for person in people), key="one")
    finish(session, start(session, first))
    renamed = [make_line(people[0], achievement.slug, name="Ada King"), make_line(people[1], achievement.slug)]
    newcomer = make_line(make_user(session), achievement.slug)
    before = session.scalars(select(Credential).filter_by(holder_id=people[0].id)).one().number

    second = draft(session, *renamed, newcomer, key="two", duplicates=Duplicates.REPLACE)
    assert (count_rows(session, second.id)[RowState.READY], count_corrections(session, second.id)) == (2, 1)
    finish(session, start(session, second))
    again = draft(session, *renamed, newcomer, key="three", duplicates=Duplicates.REPLACE)

    corrected = session.scalars(select(Credential).filter_by(holder_id=people[0].id)).one()
    assert (corrected.number, corrected.holder_name, corrected.current_n) == (before, "Ada King", 2)
    assert session.scalar(select(func.count()).select_from(Credential)) == 3
    act = session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.CORRECTED)).one()
    assert (act.credential_id, act.actor_id) == (corrected.id, second.actor_id)
    assert [row.state for row in rows_of(session, second)] == [RowState.DONE, RowState.SKIPPED, RowState.DONE]
    assert [row.state for row in rows_of(session, again)] == [RowState.SKIPPED] * 3


def test_what_is_revoked_after_the_dry_run_is_not_issued_anew_instead_of_corrected(session: Session) -> None:
    achievement, person = make_achievement(session), make_user(session, name="Ada")
    finish(session, start(session, draft(session, make_line(person, achievement.slug), key="one")))
    held = session.scalars(select(Credential)).one()
    job = draft(session, make_line(person, achievement.slug, name="Ada King"), key="two", duplicates=Duplicates.REPLACE)
    job_id = start(session, job)
    revoke(session, held.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())

    finish(session, job_id)

    assert session.scalars(select(Credential)).all() == [held]
    [row] = rows_of(session, job)
    assert (row.state, row.message) == (RowState.FAILED, "What this row corrects was revoked in the meantime.")


def test_allowing_issues_another_one_and_the_same_file_again_none(session: Session) -> None:
    achievement = make_achievement(session)
    person = make_user(session)
    lines = [make_line(person, achievement.slug, at=YESTERDAY - timedelta(days=days)) for days in (0, 9)]
    finish(session, start(session, draft(session, lines[0], key="one")))

    second = draft(session, *lines, key="two", duplicates=Duplicates.ALLOW)
    also = draft(session, *lines, key="three", duplicates=Duplicates.ALLOW)
    finish(session, start(session, second))
    finish(session, start(session, also))

    assert [row.state for row in rows_of(session, second)] == [RowState.SKIPPED, RowState.DONE]
    assert [row.state for row in rows_of(session, also)] == [RowState.SKIPPED, RowState.SKIPPED]
    assert len(set(session.scalars(select(Credential.number)))) == 2


def test_a_list_does_not_bring_back_a_former_name(session: Session) -> None:
    achievement = make_achievement(session)
    person = make_user(session, name="Ada Now")
    finish(session, start(session, draft(session, make_line(person, achievement.slug), key="one")))
    change = NameChange(
        person_id=person.id, new_name="Ada Now", words="", state=NameChangeState.APPLIED, is_automatic=False, asked_at=clock.now()
    )
    session.add(change)
    session.flush()

    job = draft(session, make_line(person, achievement.slug, name="Ada Former"), key="two", duplicates=Duplicates.REPLACE)

    [row] = rows_of(session, job)
    assert row.state is RowState.WRONG
    assert "Changed their name here" in row.message


def test_a_person_is_found_by_any_of_their_addresses_and_not_taken_for_two(session: Session) -> None:
    achievement, ada = make_achievement(session), make_user(session)
    make_further_address(session, ada, "ada@work.example")
    lines = [f"{address},Ada Lovelace,{achievement.slug},{YESTERDAY:%Y-%m-%d}" for address in ("Ada@Work.example", ada.email)]

    job = draft(session, *lines)
    assert [(row.state, row.message) for row in rows_of(session, job)] == [
        (RowState.READY, ""),
        (RowState.WRONG, "Line 2 is for the same person, by another of their addresses."),
    ]
    finish(session, start(session, job))

    assert session.scalars(select(Credential)).one().holder_id == ada.id
    again = draft(session, lines[1], key="again")
    assert [row.state for row in rows_of(session, again)] == [RowState.SKIPPED]
