"""Invoices and tax ids: what a business buyer needs."""

import pytest
import stripe

from tests.stripesim.driver import Buyer, Control, Params, Shop, line
from tests.stripesim.tour import open_session

BUSINESS: Params = {"country": "DE", "business": "Ada GmbH", "tax_id": "DE123456789"}
WISHES: Params = {
    "line_items": [line(10000, currency="eur", tax_behavior="exclusive")],
    "automatic_tax": {"enabled": True},
    "tax_id_collection": {"enabled": True},
    "invoice_creation": {"enabled": True, "invoice_data": {"metadata": {"order_id": "01JORDER"}, "footer": "Thank you"}},
}


def test_a_paid_order_has_its_invoice(client: stripe.StripeClient, buyer: Buyer, shop: Shop) -> None:
    session = open_session(client, **WISHES)
    assert "€119.00" in buyer.pay(session.url or "", **BUSINESS).text
    assert buyer.pay(session.url or "", **BUSINESS).status_code == 303

    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    invoice = done.invoice
    assert isinstance(invoice, stripe.Invoice)
    assert (invoice.status, invoice.total, invoice.amount_paid, invoice.subtotal) == ("paid", 11900, 11900, 10000)
    assert invoice.customer_tax_ids is not None
    assert [(one.type, one.value) for one in invoice.customer_tax_ids] == [("eu_vat", "DE123456789")]
    assert invoice.total_taxes is not None
    assert [(one.amount, one.tax_behavior) for one in invoice.total_taxes] == [(1900, "exclusive")]
    told = shop.wait_for("invoice.paid")[0]["data"]["object"]
    assert (told["id"], told["metadata"], told["customer_name"]) == (invoice.id, {"order_id": "01JORDER"}, "Ada GmbH")
    assert shop.events("checkout.session.completed")[0]["data"]["object"]["invoice"] == invoice.id
    assert done.customer_details is not None
    assert done.customer_details.business_name == "Ada GmbH"
    assert [one.value for one in client.v1.customers.tax_ids.list(str(done.customer)).data] == ["DE123456789"]


def test_an_invoice_can_be_read_and_kept(client: stripe.StripeClient, buyer: Buyer, base: str) -> None:
    session = open_session(client, invoice_creation={"enabled": True})
    buyer.pay(session.url or "", name="Ada (Countess) Lovelace")
    invoice = client.v1.invoices.retrieve(str(client.v1.checkout.sessions.retrieve(session.id).invoice))

    page = buyer.look(invoice.hosted_invoice_url or "")
    file = buyer.look(invoice.invoice_pdf or "")

    assert page.status_code == 200
    assert "$49.00" in page.text
    assert invoice.number is not None
    assert invoice.number in page.text
    assert file.headers["Content-Type"] == "application/pdf"
    assert file.content.startswith(b"%PDF-1.4")
    assert file.content.rstrip().endswith(b"%%EOF")
    assert rb"Ada \(Countess\) Lovelace" in file.content
    assert buyer.look(f"{base}/sandbox/invoices/in_unknown").status_code == 404


def test_a_debit_is_invoiced_when_it_is_paid(client: stripe.StripeClient, buyer: Buyer, control: Control, shop: Shop) -> None:
    session = open_session(client, invoice_creation={"enabled": True})
    buyer.pay(session.url or "", number="", method="bank", account="000123456789")
    assert client.v1.checkout.sessions.retrieve(session.id).invoice is None

    control.post(f"payments/{session.id}/settle", outcome="succeeded")

    assert client.v1.checkout.sessions.retrieve(session.id).invoice is not None
    shop.wait_for("invoice.paid")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"country": "DE", "business": "Ada GmbH", "tax_id": "12"}, "tax_id"),
        ({"country": "DE", "business": "", "tax_id": "DE123456789"}, "business"),
        ({"country": "DE", "business": "", "tax_id": ""}, "tax_id"),
    ],
)
def test_a_tax_id_must_look_like_one(client: stripe.StripeClient, buyer: Buyer, fields: dict[str, str], wrong: str) -> None:
    session = open_session(client, tax_id_collection={"enabled": True, "required": "if_supported"})

    page = buyer.pay(session.url or "", **fields)

    assert page.status_code == 422
    assert f'id="{wrong}-error"' in page.text
