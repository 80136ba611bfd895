"""A second factor: an authenticator app, and recovery codes for the day it is lost."""

from typing import Any, cast

from flask import current_app, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts import services
from laurel.accounts.forms import CodeForm
from laurel.accounts.models import User
from laurel.accounts.queries import get_user, lock_user
from laurel.accounts.rules import is_staff
from laurel.accounts.services import TooManyTriesError
from laurel.accounts.views import presence
from laurel.accounts.views.blueprint import bp
from laurel.accounts.views.security import CODE_TOLERANCE, recovery_codes, totp
from laurel.core.db import database_now
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.forms import LaurelForm
from laurel.web.freshness import ask_for_password, is_fresh
from laurel.web.limits import network
from laurel.web.session import current_session, transaction

SETUP = "accounts/second_factor_setup_page.html"


def _is_required(user: User) -> bool:
    return bool(current_app.extensions["laurel_settings"].staff_second_factor) and is_staff(user.role_names)


@bp.get("/account/second-factor")
@policy(GET=SIGNED_IN)
def second_factor_page() -> ResponseReturnValue:
    user = get_user(current_session(), my_id())
    if not user.has_second_factor:
        return redirect(url_for(".second_factor_setup_page"))
    left = len(user.mf_recovery_codes or [])
    return render_template("accounts/second_factor_page.html", codes_left=left, is_required=_is_required(user))


@bp.route("/account/second-factor/set-up", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def second_factor_setup_page() -> ResponseReturnValue:
    user = get_user(current_session(), my_id())
    if user.has_second_factor:
        return redirect(url_for(".second_factor_page"))
    if not is_fresh():
        return ask_for_password()
    secret = session.setdefault("_laurel_totp", totp().generate_totp_secret())
    form = CodeForm()
    shown: dict[str, Any] = {
        "form": form,
        "is_required": _is_required(user),
        "qr_code": totp().generate_qrcode(user.email, secret),
        "key": totp().get_totp_pretty_key(secret),
    }
    if not form.validate_on_submit():
        return render_template(SETUP, **shown)
    try:
        is_right = _turn_on(user, secret, form.code.data)
    except TooManyTriesError as error:
        form.form_errors.append(error.message)
        return render_template(SETUP, **shown), 429, {"Retry-After": str(error.seconds)}
    if not is_right:
        form.code.errors = ["That code is not right. Is the clock of your phone? Wait for the next code and try again."]
        return render_template(SETUP, **shown)
    flash("Two-factor sign-in is on. Keep these recovery codes now.", "success")
    return redirect(url_for(".recovery_codes_page"), 303)


def _turn_on(user: User, secret: str, code: str) -> bool:
    """Try the first code; if it is right, codes are asked for from now on and the person's other sessions end."""
    with transaction() as database:
        counted = services.count_or_refuse(database, "code", network=network(), account=str(user.id), now=database_now(database))
    with transaction() as database:
        now = database_now(database)
        user = lock_user(database, user.id)
        digits = "".join(code.split())
        if not (digits.isascii() and totp().verify_totp(digits, secret, cast(Any, user), window=CODE_TOLERANCE)):
            return False
        services.forgive(database, counted)
        services.enable_second_factor(database, user, secret=secret, now=now)
        recovery_codes().create_recovery_codes(cast(Any, user))
        presence.sign_in_again(database, user, with_second_factor=True, now=now)
    return True


@bp.post("/account/second-factor/remove")
@policy(POST=SIGNED_IN)
def remove_second_factor() -> ResponseReturnValue:
    if not is_fresh():
        flash("Please give your password first, then turn it off.", "info")
        return ask_for_password(url_for(".second_factor_page"))
    with transaction() as database:
        now = database_now(database)
        is_required = _is_required(get_user(database, my_id()))
        user = services.remove_second_factor(database, my_id(), is_required=is_required, now=now)
        presence.sign_in_again(database, user, with_second_factor=False, now=now)
    flash("Two-factor sign-in is off.", "success")
    return redirect(url_for(".account_page"), 303)


@bp.route("/account/recovery-codes", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def recovery_codes_page() -> ResponseReturnValue:
    user = get_user(current_session(), my_id())
    if not user.has_second_factor:
        return redirect(url_for(".second_factor_setup_page"), 303)
    if not is_fresh():
        return ask_for_password()
    form = LaurelForm()
    if form.validate_on_submit():
        with transaction() as database:
            user = lock_user(database, user.id)
            recovery_codes().create_recovery_codes(cast(Any, user))
            services.tell(database, user, "Your recovery codes were replaced", now=database_now(database))
        flash("These are your new recovery codes. The earlier ones no longer work.", "success")
        return redirect(url_for(".recovery_codes_page"), 303)
    codes = recovery_codes().get_recovery_codes(cast(Any, user))
    return render_template("accounts/recovery_codes_page.html", form=form, codes=codes)
