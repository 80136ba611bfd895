"""What staff decide about selling: discount codes, and what things cost."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import DiscountCode, Offering, Price
from laurel.commerce.rules import OfferingKind, TaxBehavior
from laurel.core.events import EventRecord
from tests.commerce.shopping import text
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering, make_order, make_sellable_course

Post = Callable[..., tuple[int, str]]


@pytest.fixture
def post(client: FlaskClient, csrf: Callable[..., str], sign_in: SignIn, session: Session) -> Post:
    """Sends a form as an admin; answers with the status and the page or the address it leads to."""
    sign_in(make_user(session, roles=["admin"]))

    def send(path: str, **form: object) -> tuple[int, str]:
        answer = client.post(path, data={"csrf_token": csrf("/account/name"), **form})
        session.rollback()
        return answer.status_code, answer.headers.get("Location", "") or text(answer)

    return send


NEW = {"code": "spring-26", "percent": "20", "currency": "usd", "per_user": "1"}


def test_a_code_is_made_and_its_uses_are_seen(post: Post, session: Session, client: FlaskClient) -> None:
    offering = make_offering(session)
    make_offering(session)
    session.commit()

    status, where = post("/backoffice/codes/new", **NEW, offerings=str(offering.id), max_uses="10", last_day="2027-01-31", note="Spring")

    code = session.scalars(select(DiscountCode)).one()
    assert (status, where) == (303, f"/backoffice/codes/{code.id}")
    assert (code.code, code.percent, code.max_uses, code.note) == ("SPRING-26", 20, 10, "Spring")
    assert code.valid_until is not None
    assert code.valid_until.isoformat() == "2027-02-01T00:00:00+00:00"
    page = text(client.get(where))
    assert "20 % off" in page
    assert "Nobody has used it yet" in page
    assert "SPRING-26" in text(client.get("/backoffice/codes?q=ring"))
    assert session.scalars(select(EventRecord.name).where(EventRecord.subject_id == code.id)).all() == ["DiscountCodeCreated"]


@pytest.mark.parametrize(("changes", "words"), [
    ({"code": "A B"}, "A code has 3 to 40 letters"),
    ({"code": ""}, "Write the code"),
    ({"percent": ""}, "Write either a percentage or an amount"),
    ({"percent": "20", "amount": "5.00"}, "Write either a percentage or an amount"),
    ({"percent": "0"}, "between 1 and 100"),
    ({"percent": "12.5"}, "between 1 and 100"),
    ({"percent": "", "amount": "5.001"}, "2 decimals at most"),
    ({"percent": "", "amount": "-5"}, "zero or more"),
    ({"percent": "", "amount": "5", "currency": "xyz"}, "Not a valid choice"),
    ({"max_uses": "-1"}, "Write a number"),
    ({"offerings": "nonsense"}, "not a valid choice"),
    ({"first_day": "2027-02-01", "last_day": "2027-01-01"}, "It ends after it begins"),
    ({"first_day": "soon"}, "Not a valid date"),
])  # fmt: skip
def test_a_code_that_makes_no_sense_is_refused_with_a_reason(post: Post, session: Session, changes: dict[str, str], words: str) -> None:
    status, page = post("/backoffice/codes/new", **{**NEW, **changes})

    assert status == 400
    assert words in page
    assert session.scalars(select(DiscountCode)).all() == []


def test_archiving_a_code_hides_it_from_the_list(post: Post, session: Session, client: FlaskClient) -> None:
    code = make_code(session)
    session.commit()

    status, where = post(f"/backoffice/codes/{code.id}/archive")

    assert status == 303
    assert "Archived" in text(client.get(where))
    assert "SPRING" not in text(client.get("/backoffice/codes"))
    assert "SPRING" in text(client.get("/backoffice/codes?archived=1"))


def test_a_new_price_follows_the_old_one_and_orders_keep_theirs(post: Post, session: Session, client: FlaskClient) -> None:
    offering = make_offering(session)
    order = make_order(session, offering=offering)
    session.commit()
    path = f"/backoffice/prices/{offering.id}"
    assert 'value="195.00"' in text(client.get(path))

    status, _where = post(path, amount_usd="205.00", amount_eur="179.00", tax_behavior="inclusive")

    assert status == 303
    session.refresh(order)
    assert order.total == 19500
    assert queries.get_offer(session, offering.course_id).prices == {"eur": 17900, "usd": 20500}
    history = [
        (price.unit_amount, price.valid_until is None)
        for price in queries.list_all_prices(session, [offering.id])
        if price.currency == "usd"
    ]
    assert history == [(20500, True), (19500, False)]
    assert "$205" in text(client.get(path))
    assert "$205" in text(client.get("/backoffice/prices"))


def test_whether_taxes_are_included_is_part_of_the_price(post: Post, session: Session) -> None:
    offering = make_offering(session)
    session.commit()

    post(f"/backoffice/prices/{offering.id}", amount_usd="195.00", amount_eur="179.00", tax_behavior="exclusive")

    current = queries.list_all_prices(session, [offering.id], only_current=True)
    assert {price.tax_behavior for price in current} == {TaxBehavior.EXCLUSIVE}
    assert len(session.scalars(select(Price)).all()) == 4


@pytest.mark.parametrize(("form", "words"), [
    ({"amount_usd": "0.10"}, "A price is zero or at least"),
    ({"amount_usd": "0"}, "free in every currency or in none"),
    ({"amount_usd": "abc"}, "Write an amount such as"),
    ({"amount_usd": "195.001"}, "2 decimals at most"),
    ({"amount_usd": "1", "tax_behavior": "perhaps"}, "Not a valid choice"),
])  # fmt: skip
def test_a_price_that_cannot_be_charged_is_refused(post: Post, session: Session, form: dict[str, str], words: str) -> None:
    offering = make_offering(session)
    session.commit()

    status, page = post(f"/backoffice/prices/{offering.id}", **{"tax_behavior": "inclusive", **form})

    assert status == 400
    assert words in page
    assert ('aria-invalid="true"' in page) == (words != "free in every currency or in none")
    assert queries.get_offer(session, offering.course_id).prices == {"eur": 17900, "usd": 19500}


def test_seats_and_retakes_are_put_up_for_sale_and_withdrawn(post: Post, session: Session, client: FlaskClient) -> None:
    course = make_sellable_course(session)
    session.commit()
    for kind in (OfferingKind.SEATS, OfferingKind.EXAM_RETAKE):
        path = f"/backoffice/prices/new/{course.id}/{kind.value}"
        assert "not for sale yet" in text(client.get(path))
        status, where = post(path, amount_usd="45", amount_eur="", tax_behavior="inclusive")
        assert status == 303
        assert "For sale" in text(client.get(where))
        assert post(f"{where}/withdraw")[0] == 303
        assert "Not for sale" in text(client.get(where))
        assert post(where, amount_usd="50", tax_behavior="inclusive")[0] == 400

    assert [(o.kind, o.withdrawn_at is None) for o in session.scalars(select(Offering).order_by(Offering.created_at))] == [
        (OfferingKind.SEATS, False),
        (OfferingKind.EXAM_RETAKE, False),
    ]


@pytest.mark.parametrize(("kind", "form", "status"), [
    ("seats", {"amount_usd": "0"}, 400),
    ("seats", {}, 400),
    ("course", {"amount_usd": "0", "amount_eur": "5"}, 400),
    ("house", {"amount_usd": "5"}, 404),
])  # fmt: skip
def test_what_cannot_be_for_sale_is_not(post: Post, session: Session, kind: str, form: dict[str, str], status: int) -> None:
    course = make_sellable_course(session)
    session.commit()

    assert post(f"/backoffice/prices/new/{course.id}/{kind}", tax_behavior="inclusive", **form)[0] == status
    assert session.scalars(select(Offering)).all() == []
