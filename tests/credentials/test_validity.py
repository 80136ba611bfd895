"""How long certificates are valid: so many months, until one day, or for ever."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import update
from sqlalchemy.orm import Session

from laurel.commerce.rules import OfferingKind
from laurel.core import clock
from laurel.core.dates import day
from laurel.core.errors import InvalidInputError
from laurel.credentials.models import AchievementVersion, CredentialVersion
from laurel.credentials.queries import get_credential
from laurel.credentials.queries.renewing import get_way
from laurel.credentials.rules.gate import UnsignableError
from laurel.credentials.rules.renewing import lengthens
from laurel.credentials.rules.validity import LAST_DAY, MAX_MONTHS, Validity, check_validity
from laurel.credentials.services.fee_renewals import open_fee
from laurel.credentials.services.importing import check_award
from laurel.credentials.services.issuing import issue
from laurel.credentials.services.renewing import RenewalRefusedError
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.factories.credentials import ISSUER, make_achievement, make_course, make_credential, make_pending
from tests.factories.renewals import make_holder
from tests.fakes import PlainVault

pytestmark = pytest.mark.usefixtures("shared_app")
DAY = timedelta(days=1)
LAST = datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("validity", "awarded", "former", "end"),
    [
        (Validity(), (2026, 11, 27), None, None),
        (Validity(months=1), (2027, 1, 31), None, (2027, 2, 28)),
        (Validity(months=1), (2028, 1, 31), None, (2028, 2, 29)),
        (Validity(months=12), (2028, 2, 29), None, (2029, 2, 28)),
        (Validity(months=12), (2026, 11, 27), (2027, 2, 28), (2028, 2, 28)),
    ],
)
def test_months_are_clamped_to_the_end_of_theirs(validity: Validity, awarded: Any, former: Any, end: Any) -> None:
    moment = datetime(*awarded, 9, 30, tzinfo=UTC)
    before = datetime(*former, 9, 30, tzinfo=UTC) if former else None

    assert validity.end(awarded_at=moment, former_end=before) == (datetime(*end, 9, 30, tzinfo=UTC) if end else None)


def test_one_day_is_the_end_of_all_whenever_they_were_awarded_or_renewed() -> None:
    fixed = Validity(until=date(2027, 12, 31))

    assert fixed.end(awarded_at=LAST - 400 * DAY) == fixed.end(awarded_at=LAST - DAY, former_end=LAST + DAY) == LAST
    assert (fixed.is_over(LAST - timedelta(seconds=1)), fixed.is_over(LAST)) == (False, True)
    assert [found.words for found in (fixed, Validity(), Validity(months=1), Validity(months=12))] == [
        "Until 31 December 2027",
        "Without expiry",
        "1 month",
        "12 months",
    ]


@pytest.mark.parametrize(("validity", "field"), [
    (Validity(months=-1), "validity_months"),
    (Validity(months=601), "validity_months"),
    (Validity(months="12"), "validity_months"),  # type: ignore[arg-type]
    (Validity(months=True), "validity_months"),
    (Validity(months=12, until=date(2027, 12, 31)), "valid_until"),
    (Validity(until=LAST_DAY + DAY), "valid_until"),
    (Validity(until=date(9999, 12, 31)), "valid_until"),
    (Validity(until=datetime(2027, 12, 31, tzinfo=UTC)), "valid_until"),
    (Validity(until="2027-12-31"), "valid_until"),  # type: ignore[arg-type]
])  # fmt: skip
def test_a_validity_that_cannot_be_meant_is_refused(validity: Validity, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_validity(validity)

    assert refused.value.field == field


def test_the_last_day_and_the_most_months_are_those_that_are_named() -> None:
    assert check_validity(Validity(until=LAST_DAY)).words == "Until 31 December 2999"
    assert check_validity(Validity(months=MAX_MONTHS)).months == MAX_MONTHS
    for beyond in (Validity(months=MAX_MONTHS + 1), Validity(until=LAST_DAY + DAY)):
        with pytest.raises(InvalidInputError, match="for ever"):
            check_validity(beyond)


def test_what_was_signed_for_as_long_as_there_are_dates_is_read_on_every_page(session: Session, sign_in: SignIn) -> None:
    """No program can say so any more; one could, and its certificates stand."""
    holder = make_holder(session, days_ago=200)
    session.execute(update(CredentialVersion).values(valid_until=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)))
    session.commit()
    client, home, course = sign_in(holder.room.learner), "/account/credentials", f"/learn/{holder.room.course.slug}"
    own = f"{home}/{holder.credential.id}"

    for address in (home, own, f"{own}/renewal", course, f"{course}/exam"):
        page = client.get(address)
        assert page.status_code == 200, address
        assert address.startswith(course) or "31 December 9999" in " ".join(page.text.split())
    assert "DTSTART;VALUE=DATE:99991231" in client.get(f"{own}/expiry.ics").text


def test_a_renewal_that_ends_no_later_or_has_ended_is_not_worth_having() -> None:
    assert [lengthens(end, former_end=LAST, now=LAST - DAY) for end in (None, LAST + DAY, LAST)] == [True, True, False]
    assert not lengthens(LAST, former_end=LAST - DAY, now=LAST + DAY)


def test_a_version_cannot_be_published_with_a_day_that_is_over_and_may_be_said_again_when_it_is(session: Session) -> None:
    course, today = make_course(session), clock.now()
    with pytest.raises(InvalidInputError, match="that day is over"):
        make_achievement(session, course=course, validity_months=0, valid_until=(today - DAY).date())

    facts: dict[str, Any] = {"validity_months": 0, "valid_until": (today + DAY).date()}
    first = make_achievement(session, course=course, **facts)

    assert make_achievement(session, course=course, **facts, now=today + 3 * DAY).id == first.id


def test_a_certificate_ends_with_the_day_and_what_is_earned_after_it_waits_for_another(session: Session) -> None:
    course, last = make_course(session), (clock.now() + 2 * DAY).date()
    facts: dict[str, Any] = {"course": course, "validity_months": 0, "valid_until": last}
    signed = get_credential(session, make_credential(session, **facts).id)
    assert signed.version is not None
    assert signed.version.valid_until == Validity(until=last).ends_at

    later = clock.now() + 4 * DAY
    with time_machine.travel(later):
        pending = make_pending(session, **facts)
        with pytest.raises(UnsignableError, match=f"ended on {day(last)}"):
            issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=later)
        with pytest.raises(InvalidInputError, match="would have expired"):
            check_award(
                session.get_one(AchievementVersion, pending.achievement_version_id),
                holder_id=pending.holder_id,
                actor_id=course.owner_id,
                awarded_at=later,
                now=later,
            )
        newer = make_achievement(session, course=course, validity_months=0, valid_until=(later + 300 * DAY).date())
        issue(session, pending.id, issuer=ISSUER, keys=PlainVault(), now=later)

    assert pending.achievement_version_id == newer.id


def test_nobody_pays_for_a_renewal_that_ends_on_the_same_day(session: Session) -> None:
    course, now = make_course(session), clock.now()
    facts: dict[str, Any] = {"validity_months": 0, "valid_until": (now + 30 * DAY).date()}
    credential = make_credential(session, course=course, learner=make_user(session), at=now - 300 * DAY, **facts)
    make_offering(session, course=course, kind=OfferingKind.RENEWAL, prices={"usd": 4900})

    with pytest.raises(RenewalRefusedError):
        open_fee(session, holder_id=credential.holder_id, credential_id=credential.id, now=now)
    assert not get_way(session, get_credential(session, credential.id), now=now).renewal.lengthens

    make_achievement(session, course=course, **{**facts, "valid_until": (now + 400 * DAY).date()})
    assert open_fee(session, holder_id=credential.holder_id, credential_id=credential.id, now=now)
