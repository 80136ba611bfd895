"""Renewing by sitting the exam again: who may, what it takes, what it earns, and that it happens once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.commerce.models import Entitlement, ExamCredit
from laurel.commerce.queries import Credits, count_credits
from laurel.commerce.rules import EntitlementStatus
from laurel.core import clock
from laurel.credentials.models import Achievement, Credential, CredentialEvent
from laurel.credentials.queries import get_version
from laurel.credentials.queries.holding import list_kin
from laurel.credentials.queries.renewing import list_earned
from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.moments import add_months
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.verdicts import CredentialSource, CredentialState, RevocationReason
from laurel.credentials.rules.visibility import Visibility
from laurel.credentials.services.issuing import revoke
from laurel.credentials.services.renewing import RenewalRefusedError
from laurel.quizzes.models import Attempt, ExamRound
from laurel.quizzes.rules import QuizStatus
from laurel.quizzes.rules.starting import Obstacle
from laurel.quizzes.services import StartRefusedError
from tests.factories.renewals import Holder, bring_from_elsewhere, make_holder
from tests.factories.terms import make_override

pytestmark = pytest.mark.usefixtures("shared_app")
DAY = timedelta(days=1)
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what the rules decide: databases differ in locks and constraints."""


@pytest.fixture
def holder(session: Session) -> Holder:
    return make_holder(session)


def revoke_it(session: Session, credential: Credential) -> None:
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())


def obstacle_to(act: Callable[[], object]) -> Obstacle:
    with pytest.raises(StartRefusedError) as refused:
        act()
    return refused.value.obstacle


# ---- the way


def test_who_passes_again_before_the_end_gets_a_new_certificate_that_counts_from_the_old_end(holder: Holder) -> None:
    old = holder.credential
    old.visibility = Visibility.PUBLIC
    former_end = get_version(holder.session, old.id, 1).valid_until
    holder.begin()
    attempt = holder.sit()

    [new] = holder.renewals()
    holder.sign(new)

    assert former_end is not None
    assert get_version(holder.session, new.id, 1).valid_until == add_months(former_end, 12)
    assert (new.state, new.attempt_id, new.visibility, new.number != old.number) == (
        CredentialState.ISSUED,
        attempt.id,
        Visibility.PUBLIC,
        True,
    )
    assert (old.state, get_version(holder.session, old.id, old.current_n).valid_until) == (CredentialState.ISSUED, former_end)
    told = holder.session.scalars(select(CredentialEvent).filter_by(kind=HistoryKind.RENEWED)).one()
    assert (told.credential_id, told.reason) == (old.id, f"by {new.id}")


@on_one
@pytest.mark.parametrize(("is_former", "carried"), [(False, "王小明"), (True, "Augusta Ada King")])
def test_a_renewal_carries_the_name_on_what_it_renews_unless_that_is_a_former_one(holder: Holder, is_former: bool, carried: str) -> None:
    old, person = holder.credential, holder.session.get_one(User, holder.credential.holder_id)
    old.holder_name, old.former_name_since = "王小明", clock.now() if is_former else None
    person.name, person.certificate_name = "Mallory", "Augusta Ada King"
    holder.begin()
    holder.sit()

    assert [new.holder_name for new in holder.renewals()] == [carried]


def test_who_is_late_gets_one_that_counts_from_the_day_of_passing(session: Session) -> None:
    holder = make_holder(session, days_ago=400)
    holder.begin()
    holder.sit()

    [new] = holder.renewals()
    holder.sign(new)

    assert get_version(session, new.id, 1).valid_until == add_months(new.awarded_at, 12)


@on_one
def test_whoever_does_not_say_that_they_renew_has_passed(holder: Holder) -> None:
    assert obstacle_to(holder.start) is Obstacle.PASSED


@on_one
def test_an_exam_that_was_passed_to_renew_is_passed(holder: Holder) -> None:
    holder.begin()
    holder.sit()

    assert obstacle_to(holder.start) is Obstacle.PASSED
    with pytest.raises(RenewalRefusedError):
        holder.begin()


@on_one
@pytest.mark.parametrize("days_ago", [200, 460])
def test_too_early_and_too_late_nobody_can_renew(session: Session, days_ago: int) -> None:
    holder = make_holder(session, days_ago=days_ago)

    with pytest.raises(RenewalRefusedError):
        holder.begin()
    assert session.scalar(select(func.count()).select_from(ExamRound)) == 0


def test_who_has_begun_to_renew_and_lets_the_time_pass_can_start_no_more(holder: Holder) -> None:
    holder.begin()
    end_of_grace = get_version(holder.session, holder.credential.id, 1).valid_until
    assert end_of_grace is not None
    end_of_grace += 90 * DAY

    assert obstacle_to(partial(holder.start, end_of_grace)) is Obstacle.ROUND_OVER
    late = holder.start(end_of_grace - timedelta(seconds=1))
    holder.hand_in(late, moment=end_of_grace + timedelta(minutes=5))
    assert [found.attempt_id for found in holder.renewals()] == [late.id]


@on_one
def test_a_failed_renewal_changes_nothing_and_may_be_tried_again(holder: Holder) -> None:
    holder.begin()
    holder.sit(right=0)

    assert (holder.renewals(), holder.credential.state) == ([], CredentialState.ISSUED)
    holder.sit()
    assert len(holder.renewals()) == 1


@on_one
def test_what_was_used_up_before_is_not_counted_again(session: Session) -> None:
    holder = make_holder(session, attempts_allowed=1)
    holder.begin()
    holder.sit(right=0)

    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT


@on_one
def test_the_exams_waiting_time_holds_in_a_renewal_too(session: Session) -> None:
    holder = make_holder(session, retake_wait_hours=(24,))
    holder.begin()
    holder.sit(right=0)

    assert obstacle_to(holder.start) is Obstacle.WAIT


@on_one
def test_a_chain_of_renewals_goes_on(session: Session) -> None:
    holder = make_holder(session, days_ago=400)
    holder.begin(clock.now() - 30 * DAY)
    holder.sit(moment=clock.now() - 30 * DAY)
    second = Holder(session, holder.room, holder.sign(holder.renewals()[0]))
    near = clock.now() + 250 * DAY
    second.begin(near)
    second.sit(moment=near)

    [third] = second.renewals()
    assert third.renewed_from_id == second.credential.id
    assert session.scalars(select(ExamRound.number).order_by(ExamRound.number)).all() == [2, 3]


# ---- money


def test_where_attempts_are_sold_each_of_a_renewal_is_bought(session: Session) -> None:
    holder = make_holder(session, sells_attempts=True)
    holder.begin()
    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT

    holder.buy()
    holder.sit(right=0)
    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT
    holder.buy()
    holder.sit()

    assert len(holder.renewals()) == 1
    assert session.scalars(select(ExamCredit.consumed_by_attempt_id)).all().count(None) == 0


@on_one
def test_a_program_may_say_that_a_renewal_brings_its_attempts_along(session: Session) -> None:
    holder = make_holder(session, sells_attempts=True, renewal=RenewalTerms(includes_attempts=True))
    holder.begin()

    holder.sit()

    assert len(holder.renewals()) == 1


def test_attempts_bought_for_the_first_certificate_are_neither_counted_nor_lost(session: Session) -> None:
    holder = make_holder(session, sells_attempts=True)
    person, course = holder.room.learner.id, holder.room.course.id
    first = session.scalars(select(Attempt)).one()
    holder.begin()
    holder.buy()
    session.scalars(select(ExamCredit)).one().consumed_by_attempt_id = first.id
    session.flush()
    holder.buy()

    assert count_credits(session, person, course) == Credits(used=0, unused=1)
    holder.sit(right=0)
    assert count_credits(session, person, course) == Credits(used=1, unused=0)
    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT


@pytest.mark.parametrize(("used_before", "own"), [(0, 2), (1, 1), (2, 0)])
def test_who_has_never_passed_the_exam_uses_what_came_with_the_course_before_buying(session: Session, used_before: int, own: int) -> None:
    holder = make_holder(session, sells_attempts=True)
    bring_from_elsewhere(holder, used=used_before)
    holder.begin()
    for _ in range(own):
        holder.sit(right=0)
    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT

    holder.buy()
    holder.sit()

    assert len(holder.renewals()) == 1
    assert count_credits(session, holder.room.learner.id, holder.room.course.id) == Credits(used=1, unused=0)


@on_one
def test_what_was_bought_waits_until_the_attempts_that_came_with_the_course_are_used(session: Session) -> None:
    holder = make_holder(session, sells_attempts=True, attempts_allowed=1)
    bring_from_elsewhere(holder, used=1)
    holder.buy()
    holder.sit(right=0)
    holder.buy()
    make_override(session, holder.room.exam, learner_id=holder.room.learner.id, attempts=2)
    holder.begin()
    assert count_credits(session, holder.room.learner.id, holder.room.course.id) == Credits(used=1, unused=1)

    holder.sit(right=0)
    assert count_credits(session, holder.room.learner.id, holder.room.course.id) == Credits(used=1, unused=1)
    holder.sit(right=0)

    assert count_credits(session, holder.room.learner.id, holder.room.course.id) == Credits(used=2, unused=0)
    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT


@on_one
def test_once_the_exam_is_passed_what_came_with_the_course_has_served(session: Session) -> None:
    """Also for a certificate from elsewhere, if another one was earned here first."""
    holder = make_holder(session, sells_attempts=True)
    bring_from_elsewhere(holder, used=0)
    holder.sit()
    holder.begin()

    assert obstacle_to(holder.start) is Obstacle.NO_ATTEMPTS_LEFT


def test_who_lets_the_time_of_a_renewal_pass_still_has_the_attempts_of_the_course_and_earns_a_first_certificate(session: Session) -> None:
    holder = make_holder(session, sells_attempts=True)
    bring_from_elsewhere(holder, used=0)
    holder.begin()
    late = clock.now() + 400 * DAY

    attempt = holder.sit(moment=late)

    assert holder.renewals() == []
    assert list_earned(session) == []
    earned = session.scalars(select(Credential).filter_by(attempt_id=attempt.id)).one()
    assert (earned.source, earned.renewed_from_id) == (CredentialSource.EXAM, None)


@on_one
def test_saying_it_again_brings_along_what_the_program_grants_since_and_takes_nothing_back(session: Session) -> None:
    holder = make_holder(session, sells_attempts=True)
    holder.begin()
    program = session.scalars(select(Achievement)).one()
    program.renewal_includes_attempts = True
    session.flush()
    holder.begin()
    program.renewal_includes_attempts, program.renewal_grace_days = False, 0
    session.flush()
    holder.begin()

    found = session.scalars(select(ExamRound)).one()
    assert found.includes_attempts
    assert found.closes_at > clock.now() + 100 * DAY
    holder.start()


# ---- what does not count any more, and what is not there


@on_one
def test_what_is_revoked_cannot_be_renewed(holder: Holder) -> None:
    revoke_it(holder.session, holder.credential)

    with pytest.raises(RenewalRefusedError):
        holder.begin()


def test_whoever_loses_the_certificate_while_renewing_starts_nothing_any_more(holder: Holder) -> None:
    holder.begin()
    revoke_it(holder.session, holder.credential)

    assert obstacle_to(partial(holder.start, clock.now() + timedelta(seconds=1))) is Obstacle.ROUND_OVER


@on_one
def test_an_attempt_that_ran_when_the_certificate_was_revoked_renews_nothing(holder: Holder) -> None:
    holder.begin()
    attempt = holder.start()
    revoke_it(holder.session, holder.credential)
    holder.hand_in(attempt)

    assert attempt.passed
    assert holder.renewals() == []


def test_once_the_renewal_was_revoked_the_old_one_can_be_renewed_again(holder: Holder) -> None:
    holder.begin()
    holder.sit()
    new = holder.sign(holder.renewals()[0])
    assert list_kin(holder.session, holder.credential) == [new]
    revoke_it(holder.session, new)
    assert (list_kin(holder.session, holder.credential), list_kin(holder.session, new)) == ([], [holder.credential])
    holder.begin()
    holder.sit()

    assert [found.state for found in holder.renewals()] == [CredentialState.REVOKED, CredentialState.PENDING]


def no_exam(holder: Holder) -> None:
    holder.room.exam.status = QuizStatus.ARCHIVED


def no_access(holder: Holder) -> None:
    holder.session.execute(update(Entitlement).values(status=EntitlementStatus.REVOKED))


@on_one
@pytest.mark.parametrize("happened", [no_exam, no_access])
def test_without_an_exam_or_the_course_there_is_nothing_to_sit(holder: Holder, happened: Callable[[Holder], None]) -> None:
    happened(holder)
    holder.session.flush()

    with pytest.raises(RenewalRefusedError):
        holder.begin()


def test_a_certificate_from_elsewhere_is_renewed_by_whoever_has_the_course(holder: Holder) -> None:
    """Its exam completes the course at the same moment: one certificate comes of it, the renewal."""
    bring_from_elsewhere(holder)

    holder.begin()
    holder.sit()

    assert len(holder.renewals()) == 1
    assert holder.session.scalar(select(func.count()).select_from(Credential)) == 2
    assert holder.room.enrollment.completed_at is not None


@on_one
def test_what_was_to_be_renewed_is_revoked_before_the_worker_comes_and_the_completed_course_earns_a_first_one(holder: Holder) -> None:
    bring_from_elsewhere(holder)
    holder.begin()
    attempt = holder.start()
    holder.hand_in(attempt, works=False)
    revoke_it(holder.session, holder.credential)

    holder.award()

    assert holder.renewals() == []
    assert [found.renewed_from_id for found in holder.session.scalars(select(Credential).filter_by(attempt_id=attempt.id))] == [None]
