"""Choosing a new password: when it was forgotten, and when it was not. And giving it once more."""

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts import services
from laurel.accounts.forms import ChangePasswordForm, ConfirmPasswordForm, NewPasswordForm, ResetForm, weakness_of
from laurel.accounts.models import LinkPurpose, User
from laurel.accounts.queries import get_user, lock_user
from laurel.accounts.services import DeadLinkError, TooManyTriesError
from laurel.accounts.views import presence, tries
from laurel.accounts.views.blueprint import bp
from laurel.core.db import database_now
from laurel.core.errors import InvalidInputError
from laurel.web.access import ANYONE, SIGNED_IN, my_id, policy
from laurel.web.browser_sessions import end_sessions_of
from laurel.web.limits import network
from laurel.web.session import transaction

NOT_YOURS = "That is not your present password."
ON_ITS_WAY = "If there is an account with that address, a mail with a link is on its way. The link works for one hour."


@bp.route("/reset", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def reset_page() -> ResponseReturnValue:
    form = ResetForm()
    if not form.validate_on_submit():
        return render_template("accounts/reset_page.html", form=form)
    try:
        address = services.normalize_email(form.email.data)
    except InvalidInputError as error:
        form.email.errors = [error.message]
        return render_template("accounts/reset_page.html", form=form)
    try:
        with transaction() as database:
            now = database_now(database)
            services.count_or_refuse(database, "reset", network=network(), account=address, now=now)
            services.request_reset(database, address, now=now)
    except TooManyTriesError as error:
        return tries.too_often("accounts/reset_page.html", form, error)
    flash(ON_ITS_WAY, "success")
    return redirect(url_for(".reset_page"), 303)


@bp.get("/reset/<token>")
@policy(GET=ANYONE)
def open_reset_link(token: str) -> ResponseReturnValue:
    """Take the secret out of the address bar before anything is shown."""
    session["_laurel_reset"] = services.link_id(token)
    answer = redirect(url_for(".new_password_page"), 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@bp.route("/reset/new", methods=["GET", "POST"])
@policy(GET=ANYONE, POST=ANYONE)
def new_password_page() -> ResponseReturnValue:
    link = session.get("_laurel_reset", "")
    try:
        with transaction() as database:
            mailed, user = services.get_link(database, link, LinkPurpose.RESET, now=database_now(database))
    except DeadLinkError as error:
        return render_template("accounts/dead_link_page.html", message=error.message), 404
    form = NewPasswordForm()
    if not form.validate_on_submit() or not _is_acceptable(form, user):
        return render_template("accounts/new_password_page.html", form=form, email=mailed.email)
    password_hash = services.hash_password(form.password.data)
    with transaction() as database:
        now = database_now(database)
        lock_user(database, user.id)
        services.get_user_of_link(database, link, LinkPurpose.RESET, now=now)  # once, even if two come at the same time
        services.change_password(database, user.id, password_hash=password_hash, by_reset=True, mailed_to=mailed.email, now=now)
        end_sessions_of(database, user.id)
    presence.sign_out()
    flash("Your new password is set. Sign in with it.", "success")
    return redirect(url_for(".sign_in_page"), 303)


@bp.route("/change", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def change_password_page() -> ResponseReturnValue:
    with transaction() as database:
        user = get_user(database, my_id())
    form = ChangePasswordForm()
    if not form.validate_on_submit() or not _is_acceptable(form, user):
        return render_template("accounts/change_password_page.html", form=form)
    try:
        found = tries.check_password(user.email, form.present.data)
    except TooManyTriesError as error:
        return tries.too_often("accounts/change_password_page.html", form, error)
    if found is None:
        form.present.errors = [NOT_YOURS]
        return render_template("accounts/change_password_page.html", form=form)
    password_hash = services.hash_password(form.password.data)
    with transaction() as database:
        now = database_now(database)
        services.forgive(database, found[1])
        user = services.change_password(database, user.id, password_hash=password_hash, by_reset=False, now=now)
        presence.sign_in_again(database, user, with_second_factor=presence.passed_second_factor(), now=now)
    flash("Your password is changed. Every other session has ended.", "success")
    return redirect(url_for(".account_page"), 303)


@bp.route("/account/confirm-password", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def confirm_password_page() -> ResponseReturnValue:
    with transaction() as database:
        user = get_user(database, my_id())
    form = ConfirmPasswordForm()
    if not form.validate_on_submit():
        return render_template("accounts/confirm_password_page.html", form=form)
    try:
        found = tries.check_password(user.email, form.password.data)
    except TooManyTriesError as error:
        return tries.too_often("accounts/confirm_password_page.html", form, error)
    if found is None:
        form.password.errors = [NOT_YOURS]
        return render_template("accounts/confirm_password_page.html", form=form)
    target = presence.next_page(user.role_names)
    with transaction() as database:
        services.forgive(database, found[1])
        with_second_factor = presence.passed_second_factor()
        presence.sign_in(database, user, with_second_factor=with_second_factor, now=database_now(database))
    return redirect(target, 303)


def _is_acceptable(form: NewPasswordForm, user: User) -> bool:
    weakness = weakness_of(form.password.data, email=user.email, name=user.name)
    if weakness is not None:
        form.password.errors = [weakness]
    return weakness is None
