"""The person's e-mail addresses: the first one and up to four further ones, each proven by a mailed link.

What decides over an account (any of its addresses gets a link for a new password) needs a password of the last minutes.
"""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts import services
from laurel.accounts.forms import AddressForm
from laurel.accounts.queries import get_user, list_claims, list_further_addresses
from laurel.accounts.services import AddressTakenError, DeadLinkError, StrangersLinkError, TooManyTriesError
from laurel.accounts.views import tries
from laurel.accounts.views.blueprint import bp
from laurel.core.db import database_now
from laurel.core.errors import DomainError, InvalidInputError
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.forms import LaurelForm
from laurel.web.freshness import ask_for_password, is_fresh
from laurel.web.limits import network
from laurel.web.session import current_session, transaction

NEW = "accounts/new_address_page.html"
ASKED = "A mail is on its way to {}. Open the link in it within two days, in a browser in which you are signed in."
AGAIN = "Please give your password first, then press the button again."
SECRET_ADDRESS = {"Referrer-Policy": "same-origin"}


@bp.get("/account/addresses")
@policy(GET=SIGNED_IN)
def addresses_page() -> ResponseReturnValue:
    session = current_session()
    further, claims = list_further_addresses(session, my_id()), list_claims(session, my_id(), now=database_now(session))
    return render_template(
        "accounts/addresses_page.html",
        user=get_user(session, my_id()),
        further=further,
        claims=claims,
        has_room=1 + len(further) + len(claims) < services.MOST_ADDRESSES,
        most=services.MOST_ADDRESSES,
    )


@bp.route("/account/addresses/new", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def new_address_page() -> ResponseReturnValue:
    """The answer is the same for an address that nobody has and for one that is somebody else's."""
    if not is_fresh():
        return ask_for_password()
    form = AddressForm()
    if not form.validate_on_submit():
        return render_template(NEW, form=form)
    try:
        address = services.normalize_email(form.email.data)
        with transaction() as session:
            now = database_now(session)
            services.count_or_refuse(session, "add address", network=network(), account=str(my_id()), now=now)
            services.count_or_refuse(session, "mail to added address", network=network(), account=address, now=now)
            services.request_address(session, my_id(), email=address, now=now)
    except InvalidInputError as error:
        form.email.errors = [error.message]
        return render_template(NEW, form=form)
    except TooManyTriesError as error:
        return tries.too_often(NEW, form, error)
    flash(ASKED.format(address), "success")
    return redirect(url_for(".addresses_page"), 303)


@bp.post("/account/addresses/claims/<handle>/withdraw")
@policy(POST=SIGNED_IN)
def withdraw_address(handle: str) -> ResponseReturnValue:
    with transaction() as session:
        services.withdraw_claim(session, my_id(), handle, now=database_now(session))
    flash("That address is not waited for any more.", "success")
    return redirect(url_for(".addresses_page"), 303)


@bp.route("/account/addresses/proof/<token>", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def proof_page(token: str) -> ResponseReturnValue:
    """A button, not the mere visit, adds the address: mail scanners follow links.

    Only for who asked for it. With the link alone, whoever reads a mail and presses would give their address to a stranger's account.
    """
    link, session = services.link_id(token), current_session()
    try:
        claim, form = services.get_claim(session, my_id(), link, now=database_now(session)), LaurelForm()
        if not form.validate_on_submit():
            return render_template("accounts/proof_page.html", form=form, email=claim.email), SECRET_ADDRESS
        with transaction() as session:
            added = services.add_address(session, my_id(), link, now=database_now(session))
    except (DeadLinkError, StrangersLinkError, AddressTakenError) as error:
        return _no_proof(error)
    flash(f"{added.email} is one of your addresses now.", "success")
    return redirect(url_for(".addresses_page"), 303)


def _no_proof(error: DomainError) -> ResponseReturnValue:
    is_strangers, is_taken = isinstance(error, StrangersLinkError), isinstance(error, AddressTakenError)
    page = render_template("accounts/dead_proof_page.html", message=error.message, is_strangers=is_strangers, is_taken=is_taken)
    return page, 409 if is_taken else 404, SECRET_ADDRESS


@bp.post("/account/addresses/<uuid:address_id>/first")
@policy(POST=SIGNED_IN)
def make_first_address(address_id: UUID) -> ResponseReturnValue:
    if not is_fresh():
        flash(AGAIN, "info")
        return ask_for_password(url_for(".addresses_page"))
    with transaction() as session:
        user = services.make_first(session, my_id(), address_id, now=database_now(session))
    flash(f"Our mails go to {user.email} from now on.", "success")
    return redirect(url_for(".addresses_page"), 303)


@bp.post("/account/addresses/<uuid:address_id>/remove")
@policy(POST=SIGNED_IN)
def remove_address(address_id: UUID) -> ResponseReturnValue:
    if not is_fresh():
        flash(AGAIN, "info")
        return ask_for_password(url_for(".addresses_page"))
    with transaction() as session:
        removed = services.remove_address(session, my_id(), address_id, now=database_now(session))
    flash(f"{removed} is no longer one of your addresses.", "success")
    return redirect(url_for(".addresses_page"), 303)
