"""Writing calls to action, and letting them stand in articles."""

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core.errors import InvalidInputError, NotFoundError
from laurel.core.events import EventRecord
from laurel.ctas import queries, services
from laurel.ctas.models import Placement
from laurel.ctas.rules import CtaStatus
from laurel.ctas.services import CtaConflictError, CtaInUseError
from tests.factories.accounts import make_user
from tests.factories.ctas import draft_of, make_course, make_cta


def events(session: Session) -> list[str]:
    found = session.scalars(select(EventRecord.name).where(EventRecord.name.like("Cta%")).order_by(EventRecord.occurred_at, EventRecord.id))
    return list(found)


def places(session: Session, article_id: object) -> set[tuple[object, str]]:
    rows = session.scalars(select(Placement).filter_by(article_id=article_id, removed_at=None))
    return {(row.cta_id, row.key) for row in rows}


def test_the_same_call_to_action_twice_is_one(session: Session, now: datetime) -> None:
    course, owner = make_course(session), make_user(session)

    first = services.create_cta(session, slug="end", draft=draft_of(course), owner_id=owner.id, now=now)
    second = services.create_cta(session, slug="end", draft=draft_of(course), owner_id=owner.id, now=now)

    assert first is second
    assert events(session) == ["CtaSaved"]


def test_a_name_is_given_once(session: Session, now: datetime) -> None:
    make_cta(session, slug="end")

    with pytest.raises(InvalidInputError) as refused:
        services.create_cta(session, slug="end", draft=draft_of(make_course(session)), owner_id=make_user(session).id, now=now)

    assert refused.value.field == "slug"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"heading": ""}, "heading"),
        ({"button": ""}, "button"),
        ({"heading": "h" * 121}, "heading"),
        ({"body": "b" * 401}, "body"),
        ({"body": "It costs {cost}."}, "body"),
        ({"heading": "{price"}, "heading"),
    ],
)
def test_copy_that_is_wrong_names_its_field(session: Session, now: datetime, changes: dict[str, object], field: str) -> None:
    course, owner = make_course(session), make_user(session)

    with pytest.raises(InvalidInputError) as refused:
        services.create_cta(session, slug="end", draft=draft_of(course, **changes), owner_id=owner.id, now=now)

    assert refused.value.field == field
    assert queries.find_cta_by_slug(session, "end") is None


def test_a_call_to_action_needs_a_course(session: Session, now: datetime) -> None:
    draft = draft_of(make_course(session))
    unknown = services.CtaDraft(
        name=draft.name, course_id=uuid4(), style=draft.style, heading=draft.heading, body=draft.body, button=draft.button
    )

    with pytest.raises(NotFoundError):
        services.create_cta(session, slug="end", draft=unknown, owner_id=make_user(session).id, now=now)


def test_a_save_counts_and_the_same_words_do_not(session: Session, now: datetime) -> None:
    course = make_course(session)
    cta, editor = make_cta(session, course=course), make_user(session)

    services.save_cta(session, cta.id, draft=draft_of(course, heading="New"), base_version=1, editor_id=editor.id, now=now)
    services.save_cta(session, cta.id, draft=draft_of(course, heading="New"), base_version=1, editor_id=editor.id, now=now)

    assert (cta.heading, cta.version) == ("New", 2)


def test_the_second_of_two_marketers_is_told(session: Session, now: datetime) -> None:
    course = make_course(session)
    cta, editor = make_cta(session, course=course), make_user(session)
    services.save_cta(session, cta.id, draft=draft_of(course, heading="First"), base_version=1, editor_id=editor.id, now=now)

    with pytest.raises(CtaConflictError):
        services.save_cta(session, cta.id, draft=draft_of(course, heading="Second"), base_version=1, editor_id=editor.id, now=now)

    assert queries.get_cta(session, cta.id).heading == "First"


def test_archiving_and_restoring_may_be_told_twice(session: Session, now: datetime) -> None:
    cta, editor = make_cta(session), make_user(session)

    services.archive_cta(session, cta.id, editor_id=editor.id, now=now)
    services.archive_cta(session, cta.id, editor_id=editor.id, now=now)
    assert cta.status is CtaStatus.ARCHIVED
    services.restore_cta(session, cta.id, editor_id=editor.id, now=now)

    assert cta.is_active
    assert sorted(events(session)) == ["CtaArchived", "CtaRestored", "CtaSaved"]


def test_one_that_was_never_placed_can_be_deleted(session: Session, now: datetime) -> None:
    cta = make_cta(session, slug="end")

    services.delete_cta(session, cta.id, editor_id=cta.owner_id, now=now)

    assert queries.find_cta_by_slug(session, "end") is None


def test_one_that_stands_or_stood_somewhere_cannot_be_deleted(session: Session, now: datetime) -> None:
    cta, article_id = make_cta(session, slug="end"), uuid4()
    services.place(session, article_id=article_id, places=[("end", "1")], now=now)
    with pytest.raises(CtaInUseError):
        services.delete_cta(session, cta.id, editor_id=cta.owner_id, now=now)

    services.place(session, article_id=article_id, places=[], now=now)

    with pytest.raises(CtaInUseError):
        services.delete_cta(session, cta.id, editor_id=cta.owner_id, now=now)


def test_a_place_that_comes_back_is_the_old_one(session: Session, now: datetime) -> None:
    cta, article_id = make_cta(session, slug="end"), uuid4()
    services.place(session, article_id=article_id, places=[("end", "1"), ("end", "2"), ("unknown", "1")], now=now)
    before = {placement.key: placement.id for placement in queries.list_placements_in(session, article_id)}

    services.place(session, article_id=article_id, places=[("end", "2")], now=now)
    assert places(session, article_id) == {(cta.id, "2")}
    services.place(session, article_id=article_id, places=[("end", "1"), ("end", "2")], now=now)

    assert {placement.key: placement.id for placement in queries.list_placements_in(session, article_id)} == before
    assert places(session, article_id) == {(cta.id, "1"), (cta.id, "2")}


def test_articles_are_counted_and_not_places(session: Session, now: datetime) -> None:
    cta, other = make_cta(session, slug="end"), make_cta(session)
    for number in range(3):
        services.place(session, article_id=uuid4(), places=[("end", "1"), ("end", "2")] if number else [("end", "1")], now=now)
    left = uuid4()
    services.place(session, article_id=left, places=[("end", "1")], now=now)
    services.place(session, article_id=left, places=[], now=now)

    assert queries.count_articles(session, [cta.id, other.id]) == {cta.id: 3}
