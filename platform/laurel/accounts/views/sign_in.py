"""Signing in, with a code where the person asked for that, and signing out."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts import services
from laurel.accounts.forms import CodeForm, SignInForm
from laurel.accounts.models import User
from laurel.accounts.queries import lock_user
from laurel.accounts.services import TooManyTriesError
from laurel.accounts.views import presence, tries
from laurel.accounts.views.blueprint import bp
from laurel.core.db import database_now
from laurel.web.access import ANYONE, policy, viewer
from laurel.web.counters import Allowance
from laurel.web.session import current_session, transaction

WRONG = "That address and password do not belong together. Check both, or choose a new password."


@bp.route("/login", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def sign_in_page() -> ResponseReturnValue:
    if viewer() is not None:
        return redirect(presence.my_next_page())
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_in_page.html", form=form, purpose=presence.next_purpose())
    try:
        found = tries.check_password(form.email.data, form.password.data)
    except TooManyTriesError as error:
        return tries.too_often("accounts/sign_in_page.html", form, error, purpose=presence.next_purpose())
    if found is None:
        form.form_errors.append(WRONG)
        return render_template("accounts/sign_in_page.html", form=form, purpose=presence.next_purpose())
    user, counted = found
    if user.has_second_factor:
        with transaction() as session:
            services.forgive(session, counted)
        presence.await_code(user)
        return redirect(url_for(".code_page", next=request.args.get("next")), 303)
    return _let_in(user, counted, with_second_factor=False)


@bp.route("/login/code", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def code_page() -> ResponseReturnValue:
    if viewer() is not None:
        return redirect(presence.my_next_page())
    user = presence.find_awaited(current_session())
    if user is None:
        flash("Please begin with your password.", "info")
        return redirect(url_for(".sign_in_page", next=request.args.get("next")), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("accounts/code_page.html", form=form)
    try:
        counted = tries.check_code(user, form.code.data)
    except TooManyTriesError as error:
        return tries.too_often("accounts/code_page.html", form, error)
    if counted is None:
        form.code.errors = ["That code is not right, or it was used before. Wait for the next one."]
        return render_template("accounts/code_page.html", form=form)
    return _let_in(user, counted, with_second_factor=True)


def _let_in(user: User, counted: list[Allowance], *, with_second_factor: bool) -> ResponseReturnValue:
    target = presence.next_page(user.role_names)
    with transaction() as session:
        services.forgive(session, counted)
        user = lock_user(session, user.id)
        presence.sign_in(session, user, with_second_factor=with_second_factor, now=database_now(session))
    tries.remember_device(user)
    return redirect(target, 303)


@bp.post("/logout")
@policy(POST=ANYONE)
def sign_out() -> ResponseReturnValue:
    presence.sign_out()
    return redirect("/", 303)
