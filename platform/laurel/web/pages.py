"""What templates know: filters for times and money, icons, and pages of long lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, Generic, TypeVar

from flask import Flask, request, url_for
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from lucide import IconDoesNotExist
from lucide.jinja import lucide as lucide_icon
from markupsafe import Markup
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from laurel.core.dates import day, moment
from laurel.core.durations import in_words
from laurel.core.errors import NotFoundError
from laurel.core.money import format_money
from laurel.core.typefaces import can_be_set
from laurel.settings import Settings
from laurel.web import errors
from laurel.web.access import viewer

Row = TypeVar("Row")
PAGE_SIZE = 25
MAX_PAGE = 100_000


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a long list."""

    rows: Sequence[Row]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.pages

    def url(self, number: int) -> str:
        """This list's address at another page, its filters kept."""
        arguments: dict[str, Any] = {**request.args.to_dict(), **(request.view_args or {}), "page": number}
        return url_for(request.endpoint or "", **arguments)


class NoSuchPageError(NotFoundError):
    """The list has no page of this number: it never had, or it got shorter."""

    message = "There is no such page of this list. It may have become shorter."


def page_number() -> int:
    """The `page` of the query string: 1 if absent; raises NoSuchPageError if it is no page number."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE))) or not 1 <= int(text) <= MAX_PAGE:
        raise NoSuchPageError
    return int(text)


def paginate(
    session: Session, statement: Select[*tuple[Any, ...]], *, number: int | None = None, size: int = PAGE_SIZE, scalars: bool = True
) -> Page[Any]:
    """Run an ordered SELECT for one page: two queries, however long the list is. Raises NoSuchPageError past its end."""
    at = page_number() if number is None else number
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    limited = statement.limit(size).offset((at - 1) * size)
    rows = session.scalars(limited).unique().all() if scalars else session.execute(limited).all()
    page = Page(rows=list(rows), number=at, size=size, total=total)
    if at > page.pages:
        raise NoSuchPageError
    return page


@cache
def icon(name: str, *, size: int = 20) -> Markup:
    """An inline SVG icon (Lucide), hidden from screen readers: the words beside it say what it means. Each is drawn once."""
    try:
        svg = lucide_icon(name, size=size, stroke_width=1.75, aria_hidden="true", focusable="false", **{"class": "icon"})
    except IconDoesNotExist:
        raise LookupError(f"There is no icon called {name}.") from None
    return Markup(svg)  # noqa: S704 (a file of the package)


def minutes(count: int) -> str:
    """`45 min`, `1 h`, `1 h 30 min`."""
    hours, rest = divmod(count, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def seconds(count: int) -> str:
    """`45 seconds`, `3 minutes`, `1 hour 5 minutes`."""
    return in_words(timedelta(seconds=count))


def instant(value: datetime) -> str:
    """`12 May 2026, 14:03:22 UTC`."""
    return f"{day(value)}, {value:%H:%M:%S} UTC"


def percent(value: Decimal) -> str:
    """A share of 1 as `87.5 %`: half-up, two places at most, no trailing zeros."""
    shown = (value * 100).quantize(Decimal("0.01"), ROUND_HALF_UP).normalize()
    return f"{shown:f} %"


def init_app(app: Flask, settings: Settings) -> None:
    """Give every template its filters and names; an undefined name is an error, never an empty string."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    filters: dict[str, Callable[..., Any]] = {"money": format_money, "day": day, "moment": moment, "minutes": minutes, "percent": percent}
    app.jinja_env.filters.update(filters | {"seconds": seconds, "instant": instant})
    app.jinja_env.tests["printable"] = can_be_set
    app.jinja_env.globals.update(icon=icon, static_url=lambda path: url_for("static", filename=path), public_url=settings.public_url)

    @app.errorhandler(NoSuchPageError)
    def lead_to_the_first_page(error: NoSuchPageError) -> ResponseReturnValue:
        arguments = {**request.args.to_dict(), **(request.view_args or {}), "page": None}
        first = url_for(request.endpoint or "", **arguments)
        return errors.show(404, message=error.message, links=[("The first page of this list", first)])

    @app.context_processor
    def surroundings() -> dict[str, Any]:
        return {"viewer": viewer(), "demo_banner": settings.uses_sandbox}
