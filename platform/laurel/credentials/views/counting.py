"""Counting how often the pages of certificates are opened. No cookie, no address, no kind of browser: a number for each week.

Each process adds up in its memory and writes once a minute, after an answer was sent: nobody waits for it, and no row tells when
somebody came. What a process has not written when it ends is lost; the numbers are for holders, and nothing rests on them.
"""

import logging
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Flask, Response, current_app, g, request

from laurel.core import clock
from laurel.credentials.rules.weekly_views import week_of
from laurel.credentials.services.weekly_views import add_views
from laurel.credentials.views.base import bp
from laurel.web.session import separate_transaction

log = logging.getLogger("laurel.credentials")
EVERY = timedelta(minutes=1)
VIEWS = "laurel_views"
"""Where the application keeps its tally."""
MOST = 10_000
"""So many certificates are added up at a time; what is beyond is not counted, so that memory has an end."""


class Tally:
    """What this process has seen and not yet written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: Counter[tuple[UUID, date]] = Counter()
        self._since: datetime | None = None

    def add(self, credential_id: UUID, now: datetime) -> bool:
        """Count one view; returns whether it is time to write."""
        with self._lock:
            self._since = self._since or now
            if len(self._views) < MOST:
                self._views[credential_id, week_of(now)] += 1
            return now - self._since >= EVERY

    def take(self) -> Counter[tuple[UUID, date]]:
        """All of it, to be written; afterwards it is empty."""
        with self._lock:
            taken, self._views, self._since = self._views, Counter(), None
        return taken


def count_view(credential_id: UUID) -> None:
    """Let this request count as a view of the certificate, if it ends well."""
    g.viewed_credential = credential_id


@bp.after_request
def add_to_tally(response: Response) -> Response:
    """Whoever asks for a page counts once; whoever asks only for its head, or has it already, does not."""
    credential_id: UUID | None = g.get("viewed_credential")
    if credential_id is None or response.status_code != 200 or request.method != "GET":
        return response
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    tally: Tally = app.extensions.setdefault(VIEWS, Tally())
    if tally.add(credential_id, clock.now()):
        response.call_on_close(lambda: write(app, tally))
    return response


def write(app: Flask, tally: Tally) -> None:
    """Into the database, if that can be asked: a page that was shown is not to fail for it."""
    taken = tally.take()
    try:
        with app.app_context(), separate_transaction() as session:
            add_views(session, taken, now=clock.now())
    except Exception:
        log.warning("%s views of certificates could not be counted.", taken.total(), exc_info=True)
