"""What an author writes of a certificate: the next version, once, whoever else writes; and what the course's file may still say."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.catalog.models import Course
from laurel.core import clock
from laurel.core.db import Database
from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.core.ids import new_id
from laurel.credentials.models import Achievement, AchievementVersion, CredentialVersion
from laurel.credentials.queries import find_achievement_of_course
from laurel.credentials.queries.programs import get_stand, select_versions
from laurel.credentials.rules.programs import ProgramOptions
from laurel.credentials.rules.renewing import RenewalTerms
from laurel.credentials.rules.validity import Validity
from laurel.credentials.rules.words import CertificateWords, read_tags
from laurel.credentials.services.achievements import award_in_name_of
from laurel.credentials.services.programs import (
    ProgramChangedError,
    change_options,
    change_terms,
    import_certificate,
    write_certificate,
)
from laurel.seed import Seeding, seed_course
from laurel.seed_files import FOLDER
from laurel.settings import Settings
from tests.commerce.racing import at_once
from tests.factories.accounts import make_user
from tests.factories.credentials import make_achievement, make_course, make_credential
from tests.factories.organizations import make_acme

pytestmark = pytest.mark.usefixtures("shared_app")
WORDS = CertificateWords(
    name="Certified Widget Maker",
    description="The holder makes widgets.",
    criteria="Pass the **exam**.",
    tags=("widgets",),
    code="WM-1",
    hue=25,
    level=3,
    validity=Validity(months=24),
)


@pytest.fixture
def course(session: Session) -> Course:
    return make_course(session)


@pytest.fixture
def author_id(session: Session) -> UUID:
    return make_user(session, roles=["admin"]).id


def write(session: Session, course: Course, author_id: UUID, words: CertificateWords, *, seen_n: int) -> AchievementVersion:
    return write_certificate(session, course.id, words, seen_n=seen_n, actor_id=author_id, now=clock.now())


def told(session: Session, name: str) -> list[tuple[UUID | None, dict[str, Any]]]:
    """Who did it and what was written down, of all events of that name."""
    session.flush()
    return [(found.actor_id, found.facts) for found in session.scalars(select(EventRecord).filter_by(name=name).order_by(EventRecord.id))]


def test_a_course_gets_its_first_certificate_and_its_next_one(session: Session, course: Course, author_id: UUID) -> None:
    first = write(session, course, author_id, WORDS, seen_n=0)
    again = write(session, course, author_id, WORDS, seen_n=0)
    longer = replace(WORDS, validity=Validity(until=date(2999, 12, 31)))
    second = write(session, course, author_id, longer, seen_n=1)

    assert (first.n, again.id, second.n) == (1, first.id, 2)
    assert (first.words, second.words) == (WORDS, longer)
    assert (first.slug, first.criteria_html) == (course.slug, "<p>Pass the <strong>exam</strong>.</p>\n")
    assert find_achievement_of_course(session, course.id) is second
    said = told(session, "ProgramChanged")
    assert [(actor, facts["n"]) for actor, facts in said] == [(author_id, 1), (author_id, 2)]


def test_a_version_that_was_not_looked_at_is_not_written_over(session: Session, course: Course, author_id: UUID) -> None:
    write(session, course, author_id, WORDS, seen_n=0)

    for seen_n in (0, 2):
        with pytest.raises(ProgramChangedError):
            write(session, course, author_id, replace(WORDS, code="WM-2"), seen_n=seen_n)


def test_what_is_no_part_of_the_words_stays_as_it_was_decided(session: Session, course: Course, author_id: UUID) -> None:
    first = make_achievement(session, course=course, options=ProgramOptions(names_holder=False), language="de")
    terms = RenewalTerms(grace_days=7)
    change_terms(session, first.achievement_id, terms, seen=RenewalTerms().stamp, actor_id=author_id, now=clock.now())
    acme = make_acme(session)
    award_in_name_of(session, first.achievement_id, acme.id, actor_id=author_id, now=clock.now())

    third = write(session, course, author_id, WORDS, seen_n=2)

    assert (third.n, third.names_holder, third.language, third.organization_id) == (3, False, "de", acme.id)
    assert get_stand(session, third.achievement_id).terms == terms


def test_what_was_issued_keeps_what_it_says_and_is_counted_with_its_version(session: Session, course: Course, author_id: UUID) -> None:
    credential = make_credential(session, course=course)
    signed = select(CredentialVersion.signed_json).filter_by(credential_id=credential.id)
    before = session.scalars(signed).one()

    latest = write(session, course, author_id, WORDS, seen_n=1)

    assert session.scalars(signed).one() == before
    assert [(version.n, issued) for version, issued in session.execute(select_versions(latest.achievement_id))] == [(2, 0), (1, 1)]
    assert get_stand(session, latest.achievement_id).issued == 1


@pytest.mark.parametrize(("field", "wrong"), [
    ("name", {"name": "N" * 161}),
    ("description", {"description": "D" * 1001}),
    ("criteria", {"criteria": " "}),
    ("code", {"code": "C" * 41}),
    ("tags", {"tags": ("t" * 61,)}),
    ("tags", {"tags": tuple(f"t{n}" for n in range(31))}),
    ("hue", {"hue": 361}),
    ("level", {"level": 6}),
    ("validity_months", {"validity": Validity(months=601)}),
    ("valid_until", {"validity": Validity(until=date(2020, 1, 1))}),
    ("valid_until", {"validity": Validity(until=date(3000, 1, 1))}),
])  # fmt: skip
def test_words_that_fit_no_certificate_are_refused_with_their_field(
    session: Session, course: Course, author_id: UUID, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        write(session, course, author_id, replace(WORDS, **wrong), seen_n=0)

    assert refused.value.field == field


def test_a_course_that_is_not_there_certifies_nothing(session: Session, author_id: UUID) -> None:
    with pytest.raises(NotFoundError):
        write_certificate(session, new_id(), WORDS, seen_n=0, actor_id=author_id, now=clock.now())
    with pytest.raises(NotFoundError):
        change_terms(session, new_id(), RenewalTerms(), seen="", actor_id=author_id, now=clock.now())


def test_of_several_who_define_the_first_certificate_one_does_and_the_others_are_told(database: Database) -> None:
    with database.session(writes=True) as session:
        course_id, author_id = make_course(session).id, make_user(session, roles=["admin"]).id
        session.commit()
    works = [
        partial(write_certificate, course_id=course_id, words=replace(WORDS, code=f"WM-{n}"), seen_n=0, actor_id=author_id, now=clock.now())
        for n in range(4)
    ]

    done = at_once(database, works)

    assert sorted(type(one).__name__ for one in done) == ["AchievementVersion", *["ProgramChangedError"] * 3]
    with database.session(writes=False) as session:
        assert session.scalars(select(AchievementVersion.n)).all() == [1]


def test_terms_hold_at_once_are_written_down_whole_and_make_no_version(session: Session, course: Course, author_id: UUID) -> None:
    first = make_achievement(session, course=course)
    terms, other = RenewalTerms(window_days=30, grace_days=0, by_exam=False, points=40), RenewalTerms(grace_days=1)
    adopt = partial(change_terms, session, first.achievement_id, actor_id=author_id, now=clock.now())

    adopt(terms, seen=RenewalTerms().stamp)
    adopt(terms, seen="of another page")
    with pytest.raises(ProgramChangedError):
        adopt(other, seen=RenewalTerms().stamp)
    with pytest.raises(InvalidInputError) as refused:
        adopt(RenewalTerms(points=10_000), seen=terms.stamp)

    assert refused.value.field == "renewal_points"
    stand = get_stand(session, first.achievement_id)
    assert (stand.terms, stand.paths_by(terms).words, session.get_one(Achievement, first.achievement_id).latest_n) == (
        terms,
        "with 40 CPD points",
        1,
    )
    assert [(actor, facts["grace_days"], facts["points"]) for actor, facts in told(session, "RenewalTermsChanged")] == [(author_id, 0, 40)]


FILE: dict[str, Any] = {**replace(WORDS, name="As the file says").facts, "renewal": RenewalTerms(grace_days=10)}


def test_a_file_defines_a_certificate_and_its_changes_while_nobody_has_written_it_in_the_studio(session: Session, course: Course) -> None:
    read = partial(import_certificate, session, course_id=course.id, slug=course.slug, now=clock.now())

    first, same, second = read(**FILE), read(**FILE), read(**{**FILE, "code": "WM-2"})

    assert first is not None
    assert second is not None
    assert (first, first.n, second.n, get_stand(session, first.achievement_id).terms.grace_days) == (same, 1, 2, 10)


@pytest.mark.parametrize("act", ["words", "terms", "options"])
def test_what_an_author_has_changed_is_not_changed_by_a_file(session: Session, course: Course, author_id: UUID, act: str) -> None:
    first = import_certificate(session, course_id=course.id, slug=course.slug, now=clock.now(), **FILE)
    assert first is not None
    by = {"actor_id": author_id, "now": clock.now()}
    if act == "words":
        write(session, course, author_id, WORDS, seen_n=1)
    elif act == "terms":
        change_terms(session, first.achievement_id, RenewalTerms(), seen=FILE["renewal"].stamp, **by)  # type: ignore[arg-type]
    else:
        change_options(session, first.achievement_id, ProgramOptions(offers_score=False), seen_n=1, **by)  # type: ignore[arg-type]
    present, terms = find_achievement_of_course(session, course.id), get_stand(session, first.achievement_id).terms

    read = import_certificate(session, course_id=course.id, slug=course.slug, now=clock.now(), **{**FILE, "name": "Anew", "code": "X"})

    assert read is None
    assert find_achievement_of_course(session, course.id) is present
    assert get_stand(session, first.achievement_id).terms == terms


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_seed_says_which_certificate_it_has_left_as_it_is(session: Session, settings: Settings) -> None:
    folder, author = FOLDER / "courses" / "ai-foundations", make_user(session, roles=["author"])
    first, second = (Seeding(session, author, clock.now()) for _ in range(2))
    seed_course(first, folder, settings)
    course = session.scalars(select(Course).filter_by(slug="ai-foundations")).one()
    write(session, course, author.id, WORDS, seen_n=1)

    seed_course(second, folder, settings)

    present = find_achievement_of_course(session, course.id)
    assert present is not None
    assert (present.n, present.words) == (2, WORDS)
    assert first.left == []
    assert second.left == ["The certificate of ai-foundations was written in the studio: [credential] of its course.toml was not read."]


@given(st.lists(st.text(alphabet="aAbB ,", max_size=6), max_size=6))
def test_topics_are_named_once_and_read_back_as_they_were_written(typed: list[str]) -> None:
    found = read_tags(",".join(typed))

    assert len({tag.casefold() for tag in found}) == len(found)
    assert all(tag and tag == tag.strip() and "," not in tag for tag in found)
    assert read_tags(", ".join(found)) == found
