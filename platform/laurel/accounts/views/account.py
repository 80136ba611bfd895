"""The person's own account: their name, their address, where they are signed in."""

from dataclasses import dataclass
from datetime import datetime

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from laurel.accounts import services
from laurel.accounts.forms import NameForm
from laurel.accounts.queries import get_user
from laurel.accounts.rules import describe_browser
from laurel.accounts.views import presence
from laurel.accounts.views.blueprint import bp
from laurel.core.db import database_now
from laurel.core.errors import NotFoundError
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.browser_sessions import end_session, list_sessions_of
from laurel.web.session import current_session, transaction

HANDLE = 16


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """One of the person's sessions, as they can recognize it."""

    handle: str
    name: str
    network: str
    last_seen_at: datetime
    is_this: bool


@bp.get("/account")
@policy(GET=SIGNED_IN)
def account_page() -> ResponseReturnValue:
    user = get_user(current_session(), my_id())
    return render_template("accounts/account_page.html", user=user, browsers=_list_browsers())


@bp.route("/account/name", methods=["GET", "POST"])
@policy(GET=SIGNED_IN, POST=SIGNED_IN)
def name_page() -> ResponseReturnValue:
    form = NameForm(obj=get_user(current_session(), my_id()))
    if form.validate_on_submit():
        with transaction() as session:
            services.rename(session, my_id(), name=form.name.data)
        flash("Your name is saved.", "success")
        return redirect(url_for(".account_page"), 303)
    return render_template("accounts/name_page.html", form=form)


@bp.post("/account/sessions/<handle>/end")
@policy(POST=SIGNED_IN)
def end_browser_session(handle: str) -> ResponseReturnValue:
    with transaction() as session:
        found = next((row for row in list_sessions_of(session, my_id()) if row.id.startswith(handle) and len(handle) == HANDLE), None)
        if found is None:
            raise NotFoundError("That session has ended already.")
        end_session(session, found.id)
    if found.id == g.browser_session.row.id:
        presence.sign_out()
        return redirect(url_for(".sign_in_page"), 303)
    flash("That session has ended.", "success")
    return redirect(url_for(".account_page"), 303)


@bp.post("/account/sessions/end-others")
@policy(POST=SIGNED_IN)
def end_other_sessions() -> ResponseReturnValue:
    count = presence.end_other_sessions(my_id())
    flash("There was no other session." if count == 0 else f"{count} other {'session' if count == 1 else 'sessions'} ended.", "success")
    return redirect(url_for(".account_page"), 303)


def _list_browsers() -> list[SignedInBrowser]:
    """The sessions that go on, this one first."""
    session = current_session()
    own, now = g.browser_session.row.id, database_now(session)
    rows = [row for row in list_sessions_of(session, my_id()) if not row.is_over(now)]
    return [
        SignedInBrowser(
            handle=row.id[:HANDLE],
            name=describe_browser(row.browser),
            network=row.address_prefix,
            last_seen_at=row.last_seen_at,
            is_this=row.id == own,
        )
        for row in sorted(rows, key=lambda row: row.id != own)
    ]
