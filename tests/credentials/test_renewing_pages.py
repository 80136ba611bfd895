"""What holders read about renewing, and the button that leads to the exam."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from laurel.commerce.models import Entitlement
from laurel.commerce.rules import EntitlementStatus, OfferingKind
from laurel.core import clock
from laurel.core.mail import Mail
from laurel.credentials.events import CredentialIssued
from laurel.credentials.handlers import email_holder
from laurel.credentials.models import Achievement, AchievementVersion, CredentialVersion
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.expiry import tell_of_expiry
from laurel.credentials.services.holds import put_on_hold
from laurel.credentials.services.issuing import revoke
from laurel.credentials.views.numbers import unbroken
from laurel.quizzes.models import ExamRound
from laurel.quizzes.rules import QuizStatus
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_offering
from tests.factories.credentials import make_credential
from tests.factories.renewals import Holder, bring_from_elsewhere, make_holder

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def home(holder: Holder) -> str:
    return f"/account/credentials/{holder.credential.id}"


def text(answer: object) -> str:
    return " ".join(getattr(answer, "text", "").split())


@pytest.mark.parametrize(
    ("days_ago", "words", "may"),
    [
        (200, "You can renew it from", False),
        (300, "Renewing early loses nothing", True),
        (400, "You can still renew it until", True),
        (460, "The time to renew it ended on", False),
    ],
)
def test_every_page_of_a_certificate_says_the_same_of_its_renewal(
    session: Session, sign_in: SignIn, days_ago: int, words: str, may: bool
) -> None:
    holder = make_holder(session, days_ago=days_ago)
    client = sign_in(holder.room.learner)

    for address in (home(holder), "/account/credentials"):
        page = text(client.get(address))
        assert words in page
        assert (f'href="{home(holder)}/renewal"' in page) is may
    page = text(client.get(f"{home(holder)}/renewal"))
    assert ("Renew by the exam" in page) is may
    assert "/contact" not in text(client.get(home(holder)))[: page.find("<footer")]
    course = text(client.get(f"/learn/{holder.room.course.slug}"))
    assert (f'href="{home(holder)}/renewal"' in course) is may


def no_exam(holder: Holder) -> None:
    holder.room.exam.status = QuizStatus.ARCHIVED


def no_way(holder: Holder) -> None:
    holder.session.scalars(select(Achievement)).one().renewal_by_exam = False


def ends_with_the_others(holder: Holder) -> None:
    """All certificates of the program end on one day by now, and this one has that end already."""
    version = holder.session.scalars(select(CredentialVersion)).one()
    assert version.valid_until is not None
    holder.session.execute(update(AchievementVersion).values(validity_months=0, valid_until=version.valid_until.date() - timedelta(days=1)))


def fee_alone_on_hold(holder: Holder) -> None:
    no_way(holder)
    make_offering(holder.session, course=holder.room.course, kind=OfferingKind.RENEWAL, prices={"usd": 4900})
    admin = make_user(holder.session, roles=["admin"])
    put_on_hold(holder.session, holder.credential.id, note="Why.", actor_id=admin.id, now=clock.now())


def fee_alone_disputed(holder: Holder) -> None:
    """A bank decides about what was paid for the course, and a fee renews what is earned there."""
    no_way(holder)
    make_offering(holder.session, course=holder.room.course, kind=OfferingKind.RENEWAL, prices={"usd": 4900})
    holder.credential.enrollment_id = holder.room.enrollment.id
    holder.session.scalars(select(Entitlement)).one().status = EntitlementStatus.SUSPENDED


@pytest.mark.parametrize("days_ago", [200, 300, 400])
@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (fee_alone_on_hold, "It can be renewed for a fee once it is not on hold any more."),
        (no_exam, "It is renewed by an exam, and that of its course cannot be taken at present."),
        (no_way, "There is no way to renew it at present."),
        (ends_with_the_others, "This one can be renewed once the program says otherwise."),
    ],
)
def test_what_cannot_be_renewed_at_present_says_so_on_every_page_in_the_same_words_and_offers_nothing(
    session: Session, sign_in: SignIn, happened: Callable[[Holder], None], words: str, days_ago: int
) -> None:
    holder = make_holder(session, days_ago=days_ago)
    happened(holder)
    session.commit()
    client = sign_in(holder.room.learner)

    for address in (home(holder), "/account/credentials", f"{home(holder)}/renewal"):
        page = text(client.get(address))
        assert words in page
        for promise in (
            "You can renew it",
            "You can still renew it",
            "Renew by the exam",
            "If you renew today",
            f'href="{home(holder)}/renewal"',
        ):
            assert promise not in page, address
    door = text(client.get(f"/learn/{holder.room.course.slug}"))
    assert (words in door) is (days_ago > 200)
    assert f'href="{home(holder)}/renewal"' not in door


def test_who_could_sit_the_exam_if_they_had_the_course_reads_so_beside_the_other_ways(session: Session, sign_in: SignIn) -> None:
    holder = make_holder(session)
    bring_from_elsewhere(holder, used=0)
    make_offering(session, course=holder.room.course, kind=OfferingKind.RENEWAL, prices={"usd": 4900})
    client = sign_in(holder.room.learner)
    assert "renews it, too" not in text(client.get(f"{home(holder)}/renewal"))
    no_access(holder)
    session.commit()

    page = text(client.get(f"{home(holder)}/renewal"))

    assert "Renew for a fee" in page
    assert "Passing the exam of its course renews it, too. You are not enrolled there at present:" in page
    assert f'<a href="/courses/{holder.room.course.slug}">see the course</a>' in page


@pytest.mark.parametrize("days_ago", [200, 300, 400])
def test_what_a_fee_would_renew_is_not_offered_while_what_was_paid_is_away(session: Session, sign_in: SignIn, days_ago: int) -> None:
    holder, words = make_holder(session, days_ago=days_ago), "What you paid for the course, or for renewing, went back"
    fee_alone_disputed(holder)
    session.commit()
    client = sign_in(holder.room.learner)

    for address in (home(holder), "/account/credentials", f"{home(holder)}/renewal"):
        page = text(client.get(address))
        assert words in page, address
        assert f'href="{home(holder)}/renewal"' not in page, address
        assert ("for a fee." in page.replace("for a fee once that is over", ""), "Renew for a fee" in page) == (False, False), address

    session.scalars(select(Entitlement)).one().status = EntitlementStatus.ACTIVE
    session.commit()
    assert words not in text(client.get("/account/credentials"))
    assert (f'href="{home(holder)}/renewal"' in text(client.get("/account/credentials"))) is (days_ago > 200)


@pytest.mark.parametrize(("happened", "says"), [(None, True), (no_exam, False), (no_way, False), (fee_alone_disputed, False)])
def test_the_mail_before_the_end_promises_no_more_than_the_pages(
    session: Session, happened: Callable[[Holder], None] | None, says: bool
) -> None:
    holder = make_holder(session, days_ago=340)
    if happened:
        happened(holder)

    tell_of_expiry(session, now=clock.now())

    mail = session.scalars(select(Mail).where(Mail.key.startswith("credential-ends:"))).one()
    for words in (mail.text, mail.html):
        assert ("You can renew it until" in words) is says
        assert ("It cannot be renewed at present" in words) is not says
        assert f"/account/credentials/{holder.credential.id}/renewal" in words


def test_the_button_leads_to_the_exam_which_says_what_it_is_for(session: Session, sign_in: SignIn, csrf: Callable[..., str]) -> None:
    holder = make_holder(session)
    client = sign_in(holder.room.learner)
    door = f"/learn/{holder.room.course.slug}/exam"
    assert f'href="{home(holder)}/renewal"' in text(client.get(door))

    answer = client.post(f"{home(holder)}/renewal", data={"csrf_token": csrf("/orders")})

    assert (answer.status_code, answer.location) == (303, door)
    lobby = text(client.get(door))
    assert "You are renewing your certificate" in lobby
    assert "2 of 2 left" in lobby
    assert "Start another attempt" in lobby
    assert "Go on to the exam" in text(client.get(f"{home(holder)}/renewal"))


def test_where_attempts_are_sold_the_page_says_what_one_costs_and_the_door_leads_to_it(
    session: Session, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    holder = make_holder(session, sells_attempts=True)
    client = sign_in(holder.room.learner)
    assert "Each is bought: $45 or €42" in text(client.get(f"{home(holder)}/renewal"))

    client.post(f"{home(holder)}/renewal", data={"csrf_token": csrf("/orders")})

    lobby = text(client.get(f"/learn/{holder.room.course.slug}/exam"))
    assert "The attempts of a renewal are bought one by one" in lobby
    assert f"/courses/{holder.room.course.slug}/retake" in lobby
    assert "You have used all attempts" not in lobby
    assert "One attempt at the exam" in text(client.get(f"/courses/{holder.room.course.slug}/retake"))


@pytest.mark.parametrize(("used", "words"), [
    (0, "2 that come with the course and are unused; after that, each is bought: $45 or €42"),
    (1, "1 that comes with the course and is unused; after that, each is bought: $45 or €42"),
    (2, "Each is bought: $45 or €42"),
])  # fmt: skip
def test_who_holds_a_certificate_from_elsewhere_reads_what_of_the_course_serves_before_attempts_are_bought(
    session: Session, sign_in: SignIn, csrf: Callable[..., str], used: int, words: str
) -> None:
    holder = make_holder(session, sells_attempts=True)
    bring_from_elsewhere(holder, used=used)
    session.commit()
    client = sign_in(holder.room.learner)

    page = text(client.get(f"{home(holder)}/renewal"))
    assert words in page
    assert "the attempts that you used are counted" in page
    assert "What you used up before is not counted" not in page

    client.post(f"{home(holder)}/renewal", data={"csrf_token": csrf("/orders")})
    lobby = text(client.get(f"/learn/{holder.room.course.slug}/exam"))
    assert f"{2 - used} of 2 left" in lobby
    assert ("You can buy another attempt" in lobby) == (used == 2)


def test_before_the_course_is_bought_the_page_says_which_attempts_come_with_it(session: Session, sign_in: SignIn) -> None:
    holder = make_holder(session, sells_attempts=True)
    bring_from_elsewhere(holder, used=0)
    session.execute(update(Entitlement).values(status=EntitlementStatus.REVOKED))
    session.commit()

    page = text(sign_in(holder.room.learner).get(f"{home(holder)}/renewal"))

    assert "You need the course for it" in page
    assert "2 that come with the course and are unused; after that, each is bought: $45 or €42" in page


def test_once_the_time_of_a_renewal_is_over_the_door_says_what_passing_earns(
    session: Session, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    holder = make_holder(session, sells_attempts=True)
    bring_from_elsewhere(holder, used=0)
    holder.begin()
    session.execute(update(ExamRound).values(closes_at=clock.now() - timedelta(days=1)))
    session.commit()

    lobby = text(sign_in(holder.room.learner).get(f"/learn/{holder.room.course.slug}/exam"))

    assert "The time to renew your certificate ended on" in lobby
    assert "it earns a certificate of its own" in lobby
    assert "Start the exam" in lobby or "Start another attempt" in lobby


def test_once_it_is_renewed_each_of_the_two_names_the_other(session: Session, sign_in: SignIn) -> None:
    holder = make_holder(session)
    holder.begin()
    holder.sit()
    [new] = holder.renewals()
    session.commit()
    client = sign_in(holder.room.learner)
    assert "The new certificate is being signed" in text(client.get(f"{home(holder)}/renewal"))
    holder.sign(new)
    session.commit()

    assert f"certificate {unbroken(new.number)}" in text(client.get(home(holder)))
    assert f"certificate {unbroken(holder.credential.number)}" in text(client.get(f"/account/credentials/{new.id}"))
    assert "This certificate was renewed by" in text(client.get(f"/credentials/{holder.credential.id}", headers={"Accept": "text/html"}))
    assert "This certificate renews" in text(client.get(f"/credentials/{new.id}", headers={"Accept": "text/html"}))
    assert "It has been renewed" in text(client.get(f"{home(holder)}/renewal"))
    assert "You have passed" in text(client.get(f"/learn/{holder.room.course.slug}/exam"))


def test_the_holder_finds_the_renewal_of_one_that_had_ended_under_a_former_name(
    session: Session, sign_in: SignIn, client: FlaskClient
) -> None:
    holder = make_holder(session)
    holder.begin()
    holder.sit()
    [new] = holder.renewals()
    holder.sign(new)
    holder.credential.holder_name, holder.credential.former_name_since = "Zebulon Quince", clock.now()
    session.commit()

    public = text(client.get(f"/credentials/{new.id}", headers={"Accept": "text/html"}))
    assert holder.credential.number not in public
    mine = sign_in(holder.room.learner)
    page = text(mine.get(f"{home(holder)}/renewal"))
    assert f'href="/account/credentials/{new.id}"' in page
    assert "being signed" not in page
    assert f'href="/account/credentials/{new.id}"' in text(mine.get(home(holder)))
    assert f'href="{home(holder)}"' in text(mine.get(f"/account/credentials/{new.id}"))


def test_the_mail_about_the_new_one_names_the_old_one(session: Session) -> None:
    holder = make_holder(session)
    holder.begin()
    holder.sit()
    new = holder.sign(holder.renewals()[0])

    email_holder(session, CredentialIssued(occurred_at=clock.now(), credential_id=new.id, holder_id=new.holder_id))

    mail = session.scalars(select(Mail).filter_by(key=f"credential:{new.id}")).one()
    assert f"It renews certificate {holder.credential.number}, which stays valid until" in mail.text
    assert "https://www.linkedin.com/in/me/details/certifications/" in mail.text


def revoked(holder: Holder) -> None:
    facts = {"reason": RevocationReason.ISSUED_IN_ERROR, "note": "Why.", "actor_id": None}
    revoke(holder.session, holder.credential.id, now=clock.now(), **facts)  # type: ignore[arg-type]


def no_access(holder: Holder) -> None:
    holder.session.scalars(select(Entitlement)).one().status = EntitlementStatus.REVOKED


def under_way(holder: Holder) -> None:
    """The time of a round that was begun is over; the program's terms have grown since."""
    holder.begin()
    holder.session.scalars(select(ExamRound)).one().closes_at = clock.now() - timedelta(days=1)


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (revoked, "What does not count any more is not renewed."),
        (no_exam, "There is no exam at present"),
        (no_access, "You need the course for it"),
    ],
)
def test_who_cannot_renew_reads_why_and_the_button_pressed_all_the_same_changes_nothing(
    session: Session, sign_in: SignIn, csrf: Callable[..., str], happened: Callable[[Holder], None], words: str
) -> None:
    holder = make_holder(session)
    happened(holder)
    client = sign_in(holder.room.learner)

    page = text(client.get(f"{home(holder)}/renewal"))
    answer = client.post(f"{home(holder)}/renewal", data={"csrf_token": csrf("/orders")})

    assert words in page
    assert "Renew by the exam" not in page
    assert (answer.status_code, answer.location) == (303, f"{home(holder)}/renewal")
    assert "cannot be renewed at present" in text(client.get(answer.location))
    assert session.scalars(select(ExamRound)).all() == []


def test_a_round_that_is_over_is_opened_again_while_the_certificate_may_be_renewed(
    session: Session, sign_in: SignIn, csrf: Callable[..., str]
) -> None:
    holder = make_holder(session)
    under_way(holder)
    client = sign_in(holder.room.learner)
    door = f"/learn/{holder.room.course.slug}/exam"
    assert "The time to renew your certificate ended on" in text(client.get(door))

    client.post(f"{home(holder)}/renewal", data={"csrf_token": csrf("/orders")})

    assert "You are renewing your certificate" in text(client.get(door))


def test_a_list_of_certificates_asks_no_more_for_many_than_for_one(session: Session, sign_in: SignIn, queries: QueryCount) -> None:
    person = make_user(session)
    make_credential(session, learner=person)
    client = sign_in(person)
    client.get("/account/credentials")
    queries.clear()
    client.get("/account/credentials")
    few = queries.selects
    for _ in range(3):
        make_credential(session, learner=person)
    session.commit()
    queries.clear()
    client.get("/account/credentials")

    assert queries.selects == few
