"""The control page: everything can be seen, and each fault has its button."""

import re
from collections.abc import Iterator

import pytest
import requests
import stripe

from tests.stripesim.driver import PATIENCE, Buyer, Control, Shop
from tests.stripesim.tour import open_session, paid_intent


class Console:
    """A person at `/sandbox`, who is asked for the key by their browser."""

    def __init__(self, base: str, key: str) -> None:
        self.address = f"{base}/sandbox"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.auth = (key, "")

    def look(self, query: str = "", **headers: str) -> requests.Response:
        return self.http.get(f"{self.address}{query}", headers=headers, timeout=PATIENCE)

    def press(self, do: str, query: str = "", headers: dict[str, str] | None = None, **fields: str) -> requests.Response:
        return self.http.post(f"{self.address}{query}", data={"do": do, **fields}, headers=headers, timeout=PATIENCE)


@pytest.fixture
def console(base: str, key: str) -> Iterator[Console]:
    console = Console(base, key)
    yield console
    console.http.close()


def test_a_stranger_is_asked_for_the_key(console: Console) -> None:
    console.http.auth = None

    page = console.look()

    assert page.status_code == 401
    assert page.headers["WWW-Authenticate"].startswith("Basic")
    assert console.press("heal").status_code == 401


def test_another_sites_page_presses_no_button(console: Console, control: Control) -> None:
    answer = console.press("fault", kind="down", times="always", seconds="0", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert control.get("faults")["faults"] == []


def test_every_kind_of_object_has_its_pages(client: stripe.StripeClient, console: Console, buyer: Buyer) -> None:
    for number in range(30):
        client.v1.customers.create({"name": f"Customer {number}", "email": f"c{number}@example.com"})
    session = open_session(client)
    buyer.pay(session.url or "")

    first = console.look("?kind=customer")
    assert "c29@example.com" in first.text
    assert "c4@example.com" not in first.text
    older = re.search(r'href="/sandbox(\?kind=customer&amp;after=[^"]+)"', first.text)
    assert older is not None
    assert "c4@example.com" in console.look(older[1].replace("&amp;", "&")).text
    for kind in re.findall(r'href="/sandbox\?kind=([^"]+)"', console.look().text):
        assert console.look(f"?kind={kind}").status_code == 200
    detail = console.look(f"?id={session.id}")
    assert "checkout.session.completed" in detail.text
    assert "&#34;payment_status&#34;: &#34;paid&#34;" in detail.text
    assert console.look("?show=deliveries").status_code == 200
    for wrong in ("?kind=unicorn", "?id=pi_nobody"):
        assert console.look(wrong).status_code in (400, 404)


def test_faults_delivery_and_time_are_a_form_away(client: stripe.StripeClient, console: Console, control: Control) -> None:
    page = console.press("fault", kind="500", method="GET", path_prefix="/v1/account", times="always", seconds="0")
    assert "The fault waits" in page.text
    with pytest.raises(stripe.APIError):
        client.v1.accounts.retrieve_current()
    console.press("heal")
    client.v1.accounts.retrieve_current()

    console.press("delivery", mode="duplicate", copies="3", seconds="1")
    assert control.get("delivery") == {"mode": "duplicate", "copies": 3, "seconds": 1.0}
    before = control.get("clock")["now"]
    console.press("clock", hours="24")
    assert control.get("clock")["now"] >= before + 24 * 3600


def test_the_buttons_of_a_payment(client: stripe.StripeClient, console: Console, buyer: Buyer, shop: Shop) -> None:
    intent_id = paid_intent(client, buyer)
    charge_id = str(client.v1.payment_intents.retrieve(intent_id).latest_charge)
    assert "Open the dispute" in console.look(f"?id={charge_id}").text

    console.press("refund", f"?id={charge_id}", id=charge_id, amount="900")
    console.press("warn", id=charge_id)
    opened = console.press("dispute", f"?id={charge_id}", id=charge_id, reason="duplicate")
    assert "has opened a dispute" in opened.text
    dispute = client.v1.disputes.list().data[0]
    assert (dispute.amount, dispute.reason) == (4000, "duplicate")
    console.press("close-dispute", id=dispute.id, outcome="won")
    assert client.v1.disputes.retrieve(dispute.id).status == "won"
    refund = client.v1.refunds.list().data[0]
    console.press("settle-refund", id=refund.id, outcome="failed")
    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    event = shop.wait_for("refund.failed")[0]
    console.press("resend", id=event["id"], flavor="genuine")
    assert len(shop.wait_for("refund.failed", count=2)) == 2


def test_the_buttons_of_a_session(client: stripe.StripeClient, console: Console, buyer: Buyer) -> None:
    session = open_session(client)
    console.press("tamper", id=session.id, what="quantity")
    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 9800
    console.press("expire", id=session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    debit = open_session(client)
    buyer.pay(debit.url or "", number="", method="bank", account="000123456789")
    console.press("settle-payment", id=debit.id, outcome="succeeded")
    assert client.v1.checkout.sessions.retrieve(debit.id).payment_status == "paid"


@pytest.mark.parametrize(
    ("do", "fields"),
    [("clock", {"hours": "soon"}), ("refund", {"id": "ch_nobody"}), ("dance", {}), ("fault", {"kind": "500", "times": "0"})],
)
def test_a_button_that_cannot_be_pressed_says_why(console: Console, do: str, fields: dict[str, str]) -> None:
    page = console.press(do, **fields)

    assert page.status_code in (400, 404)
    assert 'role="alert"' in page.text


def test_a_proxys_token_is_in_every_form_and_nothing_is_a_script(console: Console) -> None:
    page = console.look("", **{"X-Csrf-Token": 'to"ken'})

    assert page.text.count("<form") == page.text.count('value="to&#34;ken"') > 0
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
