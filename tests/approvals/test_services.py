from datetime import timedelta
from typing import Literal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.accounts.services import set_roles
from laurel.approvals.models import Approval
from laurel.approvals.queries import get_request, has_given_roles, list_waiting
from laurel.approvals.rules import (
    AnsweredError,
    ApprovalState,
    AskerWithoutRightError,
    OtherRequestError,
    OwnRequestError,
    SecondWithoutRightError,
)
from laurel.approvals.services import agree, ask, end_if_void, refuse
from laurel.core import clock
from laurel.core.errors import NotFoundError
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from tests.factories.accounts import make_user

NOW = clock.now()
DAY = timedelta(hours=24)
MAY = "keys:write"


@pytest.fixture
def asker(session: Session) -> User:
    return make_user(session, name="Ann Asker", roles=["owner"])


@pytest.fixture
def second(session: Session) -> User:
    return make_user(session, name="Sue Second", roles=["owner"])


def wanted(session: Session, asker: User, *, what: str = "this") -> Approval:
    return ask(session, action="test", about_id=asker.id, facts={"what": what}, asked_by_id=asker.id, capability=MAY, now=NOW)


def test_what_is_asked_for_twice_waits_once(session: Session, asker: User, second: User) -> None:
    one = wanted(session, asker)

    assert wanted(session, asker) is one
    assert wanted(session, second, what="something else") is not one
    assert {(found.approval.facts["what"], found.asked_by) for found in list_waiting(session, action="test", now=NOW)} == {
        ("this", "Ann Asker"),
        ("something else", "Sue Second"),
    }
    assert list_waiting(session, action="another kind", now=NOW) == []
    with pytest.raises(NotFoundError):
        get_request(session, one.id, action="another kind")


def test_a_second_person_agrees_to_exactly_that_and_it_is_written_down(session: Session, asker: User, second: User) -> None:
    request = wanted(session, asker)
    with pytest.raises(OwnRequestError):
        agree(session, request.id, seen=request.fingerprint, person_id=asker.id, capability=MAY, now=NOW)
    with pytest.raises(OtherRequestError):
        agree(session, request.id, seen="what was shown was something else", person_id=second.id, capability=MAY, now=NOW)

    agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=NOW)

    assert (request.state, request.answered_by_id) == (ApprovalState.AGREED, second.id)
    told = session.scalars(select(EventRecord).filter_by(subject_id=request.id).order_by(EventRecord.id)).all()
    assert [(event.name, event.actor_id) for event in told] == [("ApprovalAsked", asker.id), ("ApprovalGiven", second.id)]
    assert list_waiting(session, action="test", now=NOW) == []
    with pytest.raises(AnsweredError):
        agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=NOW)


def test_what_was_altered_after_it_was_asked_for_is_agreed_to_by_nobody(session: Session, asker: User, second: User) -> None:
    request = wanted(session, asker)
    request.facts = {"what": "something worse"}
    session.flush()

    with pytest.raises(OtherRequestError):
        agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=NOW)


def test_after_a_day_it_has_ended_and_can_be_asked_for_again(session: Session, asker: User, second: User) -> None:
    request = wanted(session, asker)
    later = NOW + DAY
    with pytest.raises(AnsweredError):
        agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=later)
    assert list_waiting(session, action="test", now=later) == []

    again = ask(session, action="test", about_id=asker.id, facts={"what": "this"}, asked_by_id=second.id, capability=MAY, now=later)

    assert (request.state, again.state, again.id != request.id) == (ApprovalState.ENDED, ApprovalState.WAITING, True)


def test_others_refuse_and_who_asked_takes_back(session: Session, asker: User, second: User) -> None:
    refused = refuse(session, wanted(session, asker, what="a").id, person_id=second.id, now=NOW)
    withdrawn = refuse(session, wanted(session, asker, what="b").id, person_id=asker.id, now=NOW)

    assert (refused.state, withdrawn.state) == (ApprovalState.REFUSED, ApprovalState.WITHDRAWN)
    with pytest.raises(AnsweredError):
        refuse(session, refused.id, person_id=second.id, now=NOW)
    with pytest.raises(NotFoundError):
        refuse(session, new_id(), person_id=second.id, now=NOW)


Loss = Literal["role", "account"]


def lose(session: Session, person: User, loss: Loss) -> None:
    if loss == "role":
        person.role_names = ["admin"]
    else:
        person.active = False
    session.flush()


@pytest.mark.parametrize("loss", ["role", "account"])
def test_the_wish_of_who_lost_the_right_is_not_carried_out_and_ends(session: Session, asker: User, second: User, loss: Loss) -> None:
    request = wanted(session, asker)
    lose(session, asker, loss)

    with pytest.raises(AskerWithoutRightError, match="may not ask for this any more"):
        agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=NOW)
    assert request.state is ApprovalState.WAITING

    assert end_if_void(session, request.id, capability=MAY, now=NOW)
    assert (request.state, request.answered_by_id, request.answered_at) == (ApprovalState.VOID, None, NOW)
    assert not end_if_void(session, request.id, capability=MAY, now=NOW)
    told = session.scalars(select(EventRecord).filter_by(subject_id=request.id, name="ApprovalVoided")).one()
    assert told.actor_id is None
    with pytest.raises(AnsweredError, match="void"):
        agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=NOW)


@pytest.mark.parametrize("loss", ["role", "account"])
def test_who_lost_the_right_since_they_opened_the_page_cannot_agree(session: Session, asker: User, second: User, loss: Loss) -> None:
    request = wanted(session, asker)
    lose(session, second, loss)

    with pytest.raises(SecondWithoutRightError):
        agree(session, request.id, seen=request.fingerprint, person_id=second.id, capability=MAY, now=NOW)

    assert not end_if_void(session, request.id, capability=MAY, now=NOW)
    assert request.state is ApprovalState.WAITING


def test_the_same_can_be_asked_for_by_somebody_who_may_when_who_asked_first_may_not_any_more(
    session: Session, asker: User, second: User
) -> None:
    request = wanted(session, asker)
    lose(session, asker, "role")

    again = wanted_of(session, request, second)

    assert (request.state, again.state, again.asked_by_id) == (ApprovalState.VOID, ApprovalState.WAITING, second.id)


def wanted_of(session: Session, request: Approval, person: User) -> Approval:
    facts = dict(request.facts)
    return ask(session, action="test", about_id=request.about_id, facts=facts, asked_by_id=person.id, capability=MAY, now=NOW)


def test_it_is_known_who_gave_whom_their_roles(session: Session, asker: User, second: User) -> None:
    third = make_user(session)
    set_roles(session, third.id, role_names=["owner"], by_id=asker.id, now=NOW)

    assert has_given_roles(session, by_id=asker.id, to_id=third.id)
    assert not has_given_roles(session, by_id=asker.id, to_id=second.id)
    assert not has_given_roles(session, by_id=second.id, to_id=third.id)
