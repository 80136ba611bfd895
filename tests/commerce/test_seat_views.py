"""The team buyer's pages, and the page where a seat is redeemed."""

import csv
import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.commerce import queries
from laurel.commerce.models import SeatPool, Voucher
from laurel.commerce.rules import OfferingKind, OrderState
from laurel.commerce.rules import seats as codes
from laurel.commerce.rules.seats import show_code
from laurel.core.mail import Mail
from tests.commerce.shopping import Shopping, text
from tests.conftest import QueryCount, SignIn
from tests.factories.accounts import make_user
from tests.factories.commerce import make_code, make_offering, make_seats


@pytest.fixture
def team(shopping: Shopping) -> Shopping:
    """A buyer in front of a course whose seats cost 100 dollars."""
    make_offering(shopping.session, course=shopping.course, kind=OfferingKind.SEATS, prices={"usd": 10000, "eur": 9000})
    shopping.session.commit()
    return shopping


@pytest.fixture
def seats(team: Shopping) -> tuple[SeatPool, list[Voucher]]:
    made = make_seats(team.session, buyer=team.buyer, course=team.course)
    team.session.commit()
    return made


def seats_path(team: Shopping, **asked: object) -> str:
    return f"/courses/{team.course.slug}/seats?" + "&".join(f"{name}={value}" for name, value in asked.items())


def test_the_enroll_page_leads_a_team_to_seats(team: Shopping) -> None:
    assert f"/courses/{team.course.slug}/seats" in text(team.client.get(team.enroll_path))


def test_a_course_without_seats_offers_none(shopping: Shopping) -> None:
    assert "Buy seats" not in text(shopping.client.get(shopping.enroll_path))
    assert "not for sale" in text(shopping.client.get(f"/courses/{shopping.course.slug}/seats"))
    assert shopping.buy(kind="seats", quantity="3").status_code == 409


def test_the_total_follows_the_number_and_the_currency(team: Shopping) -> None:
    assert "$1,200" in text(team.client.get(seats_path(team, quantity=12)))
    assert "€1,080" in text(team.client.get(seats_path(team, quantity=12, currency="eur")))


@pytest.mark.parametrize("quantity", ["0", "501", "-3", "many", "1e3", "99999", "٣"])
def test_a_number_that_cannot_be_bought_is_refused_beside_its_field(team: Shopping, quantity: str) -> None:
    page = text(team.client.get(seats_path(team, quantity=quantity)))

    assert "Choose between 1 and 500 seats" in page
    assert 'aria-describedby="quantity-hint quantity-error"' in page
    assert f'name="quantity" value="{quantity}"' in page, "what was typed is kept"


def test_the_button_that_updates_buys_nothing_and_shows_what_was_typed(team: Shopping) -> None:
    make_code(team.session)
    team.session.commit()

    answer = team.buy(kind="seats", quantity="10", code="spring", currency="usd", amount="50000", act="update", via="click-1")

    assert answer.status_code == 303
    shown = text(team.client.get(answer.headers["Location"]))
    assert "$800" in shown
    assert 'value="10"' in shown
    assert "click-1" in shown
    assert team.payments.asked == []


def test_a_number_that_was_typed_and_not_yet_shown_is_shown_before_it_is_paid(team: Shopping) -> None:
    answer = team.buy(kind="seats", quantity="10", currency="usd", amount="50000")

    assert answer.status_code == 409
    assert "it is $1,000 now" in text(answer)
    assert 'value="10"' in text(answer)
    assert team.payments.asked == []


def test_seats_are_bought_paid_and_found_again(team: Shopping) -> None:
    answer = team.buy(kind="seats", quantity="4", currency="usd", amount="40000")
    assert answer.status_code == 303
    team.payments.pay(team.session_id())

    page = text(team.client.get(f"/orders/{team.order().id}?session_id={team.session_id()}"))

    assert team.order().state is OrderState.PAID
    pool = team.session.scalars(select(SeatPool)).one()
    assert "The seats are yours to give" in page
    assert f"/account/seats/{pool.id}" in page
    assert "× 4" in page
    assert not queries.has_entitlement(team.session, team.buyer.id, team.course.id)
    listed = text(team.client.get("/account/seats"))
    assert f"/account/seats/{pool.id}" in listed


def test_another_total_than_the_one_that_was_shown_is_not_paid(team: Shopping) -> None:
    answer = team.buy(kind="seats", quantity="5", currency="usd", amount="40000")

    assert answer.status_code == 409
    assert "it is $500 now" in text(answer)
    assert team.payments.checkouts == {}


def test_somebody_who_has_the_course_may_buy_seats_in_it(team: Shopping) -> None:
    team.buy()
    team.payments.pay(team.session_id())
    team.client.get(f"/orders/{team.order().id}?session_id={team.session_id()}")

    assert team.buy(kind="seats", quantity="2").status_code == 303


@pytest.mark.parametrize("form", [{"kind": "house"}, {"quantity": "x"}, {"quantity": "12345"}])
def test_nonsense_is_answered_with_a_page(team: Shopping, form: dict[str, str]) -> None:
    answer = team.buy(**{"kind": "seats", "quantity": "2", **form})

    assert answer.status_code == 400
    assert "Please check" in text(answer)


def test_the_buyer_sees_codes_and_who_has_redeemed(team: Shopping, seats: tuple[SeatPool, list[Voucher]], sign_in: SignIn) -> None:
    pool, vouchers = seats
    redeem_as(team, sign_in, vouchers[0], name="Grace Hopper")

    page = text(team.client.get(f"/account/seats/{pool.id}"))

    assert show_code(vouchers[0].code) not in page
    assert "Grace Hopper" in page
    assert show_code(vouchers[1].code) in page
    assert "<dt>Taken</dt><dd>1</dd>" in page


def redeem_as(team: Shopping, sign_in: SignIn, voucher: Voucher, *, name: str) -> None:
    """Somebody redeems the seat; afterwards the buyer is signed in again."""
    colleague = make_user(team.session, name=name)
    sign_in(colleague)
    answer = team.client.post("/redeem", data={"csrf_token": team.csrf("/redeem"), "code": show_code(voucher.code)})
    assert answer.status_code == 303
    sign_in(team.buyer)


def test_a_page_of_many_seats_takes_few_queries(team: Shopping, queries: QueryCount) -> None:
    pool, _ = make_seats(team.session, buyer=team.buyer, course=team.course, seats=60)
    team.session.commit()
    queries.clear()

    page = text(team.client.get(f"/account/seats/{pool.id}"))

    assert "Page 1 of 3" in page
    assert queries.selects <= 7


def test_the_file_holds_every_seat_and_no_formula(team: Shopping, seats: tuple[SeatPool, list[Voucher]]) -> None:
    pool, vouchers = seats
    for voucher, label in zip(vouchers, ["=1+1", "@SUM(A1)", "Ada"], strict=True):
        post(team, f"/account/seats/{pool.id}/{voucher.id}", label=label)

    answer = team.client.get(f"/account/seats/{pool.id}.csv")

    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert [row[1] for row in rows[1:]] == [show_code(voucher.code) for voucher in vouchers]
    assert [row[3] for row in rows[1:]] == ["'=1+1", "'@SUM(A1)", "Ada"]


def post(team: Shopping, path: str, **form: str) -> int:
    return team.client.post(path, data={"csrf_token": team.csrf("/orders"), **form}).status_code


def test_a_seat_is_noted_mailed_and_replaced(team: Shopping, seats: tuple[SeatPool, list[Voucher]]) -> None:
    pool, vouchers = seats
    path = f"/account/seats/{pool.id}/{vouchers[0].id}"

    assert post(team, path, label="The new colleague") == 303
    assert "The new colleague" in text(team.client.get(path))
    assert post(team, f"{path}/mail", email="grace@example.com") == 303
    assert team.session.scalars(select(Mail.recipient)).all() == ["grace@example.com"]
    assert post(team, f"{path}/replace") == 303
    assert show_code(vouchers[0].code) not in text(team.client.get(path))


@pytest.mark.parametrize(("what", "form", "words"), [
    ("", {"label": "x" * 121}, "at most 120 characters"),
    ("/mail", {"email": "nobody"}, "Write an address"),
    ("/mail", {"email": ""}, "Write your colleague"),
    ("/mail", {"email": "a@example.com, b@example.com"}, "Write an address"),
])  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    team: Shopping, seats: tuple[SeatPool, list[Voucher]], what: str, form: dict[str, str], words: str
) -> None:
    pool, vouchers = seats

    answer = team.client.post(f"/account/seats/{pool.id}/{vouchers[0].id}{what}", data={"csrf_token": team.csrf("/orders"), **form})

    assert answer.status_code == 400
    assert words in text(answer)
    assert team.session.scalars(select(Mail)).all() == []


def test_a_taken_seat_cannot_be_mailed_or_replaced(team: Shopping, seats: tuple[SeatPool, list[Voucher]], sign_in: SignIn) -> None:
    pool, vouchers = seats
    redeem_as(team, sign_in, vouchers[0], name="Grace")
    path = f"/account/seats/{pool.id}/{vouchers[0].id}"

    assert "Taken by" in text(team.client.get(path))
    assert post(team, f"{path}/mail", email="ada@example.com") == 409
    assert post(team, f"{path}/replace") == 409


def test_redeeming_opens_the_course(team: Shopping, seats: tuple[SeatPool, list[Voucher]], sign_in: SignIn) -> None:
    _pool, vouchers = seats
    sign_in(make_user(team.session))
    page = text(team.client.get(f"/redeem?code={show_code(vouchers[0].code)}"))
    assert f'value="{show_code(vouchers[0].code)}"' in page

    answer = team.client.post("/redeem", data={"csrf_token": team.csrf("/redeem"), "code": show_code(vouchers[0].code).lower()})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/learn/{team.course.slug}")
    assert "The seat is yours" in text(team.client.get(answer.headers["Location"]))


def test_a_visitor_with_a_code_is_asked_to_register_and_led_back(app_client: FlaskClient) -> None:
    answer = app_client.get("/redeem?code=ABC")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/register?next=/redeem")


@pytest.fixture
def app_client(client: FlaskClient, session: Session) -> FlaskClient:
    return client


@pytest.mark.parametrize(("code", "words"), [
    ("", "Write the code"),
    ("ABC", "a slip in it"),
    (show_code(codes.make_code(12345)), "do not know this code"),
    ("x" * 61, "No code is this long"),
])  # fmt: skip
def test_a_wrong_code_is_kept_and_said_to_be_wrong(shopping: Shopping, code: str, words: str) -> None:
    answer = shopping.client.post("/redeem", data={"csrf_token": shopping.csrf("/redeem"), "code": code})

    assert answer.status_code == 400
    assert words in text(answer)


def test_the_eleventh_guess_within_an_hour_is_not_looked_at(team: Shopping, seats: tuple[SeatPool, list[Voucher]], sign_in: SignIn) -> None:
    _pool, vouchers = seats
    sign_in(make_user(team.session))
    token = team.csrf("/redeem")
    guesses = [show_code(codes.make_code(number)) for number in range(10)]

    statuses = [team.client.post("/redeem", data={"csrf_token": token, "code": code}).status_code for code in guesses]
    answer = team.client.post("/redeem", data={"csrf_token": token, "code": show_code(vouchers[0].code)})

    assert statuses == [400] * 10
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "tried too often" in text(answer)
