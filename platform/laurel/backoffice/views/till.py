"""Where staff talk to the payment provider."""

from flask import current_app

from laurel.commerce.services import Till
from laurel.core.db import database_now
from laurel.web.session import current_session, transaction


def staff_till() -> Till:
    """The till of this request. It reads the database's clock: end the transaction before you call outside."""
    settings = current_app.extensions["laurel_settings"]
    return Till(
        transaction=transaction,
        payments=current_app.extensions["laurel_ports"].payments,
        env=settings.host,
        is_live=settings.takes_real_money,
        now=database_now(current_session()),
    )
