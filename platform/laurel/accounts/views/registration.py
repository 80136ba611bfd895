"""Registering, and confirming an address."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts import services
from laurel.accounts.forms import RegistrationForm
from laurel.accounts.models import LinkPurpose
from laurel.accounts.services import DeadLinkError, EmailTakenError, TooManyTriesError
from laurel.accounts.views import presence, tries
from laurel.accounts.views.blueprint import bp
from laurel.core.db import database_now
from laurel.web.access import ANYONE, SIGNED_IN, my_id, policy, viewer
from laurel.web.forms import LaurelForm
from laurel.web.limits import network
from laurel.web.session import current_session, transaction

# The address bar holds a secret here: no other site may learn of it.
SECRET_ADDRESS = {"Referrer-Policy": "same-origin"}


@bp.route("/register", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def registration_page() -> ResponseReturnValue:
    if viewer() is not None:
        return redirect(presence.my_next_page())
    form, purpose = RegistrationForm(), presence.next_purpose()
    if not form.validate_on_submit():
        return render_template("accounts/registration_page.html", form=form, purpose=purpose)
    try:
        _register(form)
    except TooManyTriesError as error:
        return tries.too_often("accounts/registration_page.html", form, error, purpose=purpose)
    except EmailTakenError as error:
        form.email.errors = [error.message]
        return render_template("accounts/registration_page.html", form=form, purpose=purpose, is_taken=True)
    flash("Welcome. We sent you a mail with a link that confirms your address.", "success")
    return redirect(presence.next_page(), 303)


def _register(form: RegistrationForm) -> None:
    with transaction() as session:
        services.count_or_refuse(session, "register", network=network(), now=database_now(session))
    password_hash = services.hash_password(form.password.data)
    with transaction() as session:
        now = database_now(session)
        user = services.register(session, email=form.email.data, name=form.name.data, password_hash=password_hash, now=now)
        presence.sign_in(session, user, with_second_factor=False, now=now)
    tries.remember_device(user)


@bp.route("/confirm/<token>", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def confirmation_page(token: str) -> ResponseReturnValue:
    """A button, not the mere visit, confirms: mail scanners follow links."""
    link = services.link_id(token)
    session = current_session()
    try:
        user = services.get_user_of_link(session, link, LinkPurpose.CONFIRM, now=database_now(session))
    except DeadLinkError as error:
        return render_template("accounts/dead_link_page.html", message=error.message), 404, SECRET_ADDRESS
    form = LaurelForm()
    if not form.validate_on_submit():
        return render_template("accounts/confirmation_page.html", form=form, email=user.email), SECRET_ADDRESS
    with transaction() as session:
        services.confirm_email(session, user, now=database_now(session))
    flash("Your e-mail address is confirmed.", "success")
    seen_by = viewer()
    return redirect(url_for(".account_page" if seen_by is not None and seen_by.id == user.id else ".sign_in_page"), 303)


@bp.post("/account/confirmation")
@policy(POST=SIGNED_IN)
def request_confirmation() -> ResponseReturnValue:
    try:
        with transaction() as session:
            now = database_now(session)
            services.count_or_refuse(session, "confirm", network=network(), account=str(my_id()), now=now)
            services.request_confirmation(session, my_id(), now=now)
    except TooManyTriesError as error:
        flash(error.message, "error")
    else:
        flash("A mail with a new link is on its way. Earlier links no longer work.", "success")
    return redirect(url_for(".account_page"), 303)
