"""A person's own certificates."""

from flask import render_template
from flask.typing import ResponseReturnValue

from laurel.credentials import queries
from laurel.credentials.views.base import bp, issuer
from laurel.credentials.views.presenters import show
from laurel.web.access import SIGNED_IN, my_id, policy
from laurel.web.session import current_session


@bp.get("/account/credentials")
@policy(GET=SIGNED_IN)
def credential_list() -> ResponseReturnValue:
    mine = [show(issuer(), record) for record in queries.list_credentials_of(current_session(), my_id())]
    return render_template("credentials/credential_list.html", mine=mine)
