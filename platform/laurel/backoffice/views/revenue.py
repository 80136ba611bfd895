"""What the house earned, from the ledger: by month, course or article, one currency at a time, as page and as CSV."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from laurel.articles.queries.drafts import list_titles
from laurel.attribution.queries import list_sums_by_article
from laurel.backoffice.navigation import work_nav
from laurel.catalog.queries import list_course_cards
from laurel.commerce.queries.revenue import list_sums_by_course, list_sums_by_month
from laurel.commerce.rules.revenue import RevenueBy, RevenueRow, add_up
from laurel.core.db import database_now
from laurel.core.money import exponent
from laurel.core.spreadsheets import harmless
from laurel.web.access import policy
from laurel.web.session import current_session

bp = Blueprint("backoffice_revenue", __name__, url_prefix="/backoffice")

MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\Z")
SUMS = {RevenueBy.MONTH: list_sums_by_month, RevenueBy.COURSE: list_sums_by_course, RevenueBy.ARTICLE: list_sums_by_article}
HEADS = {RevenueBy.MONTH: "Month", RevenueBy.COURSE: "Course", RevenueBy.ARTICLE: "Article"}
MOST_BARS = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What report is wanted. Months are the first day of each; `until` is the first day after the last month."""

    by: RevenueBy
    since: datetime
    until: datetime
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row, with the words for its month, course or article."""

    label: str
    row: RevenueRow


@bp.get("/revenue")
@policy(GET="revenue:read")
def revenue_page() -> ResponseReturnValue:
    session = current_session()
    asked = _asked(database_now(session))
    rows = _report(session, asked)
    currencies = sorted({found.row.currency for found in rows})
    wanted = request.args.get("currency", "")
    currency = wanted if wanted in currencies else _main_currency(rows)
    shown = [found for found in rows if found.row.currency == currency]
    return render_template(
        "backoffice/revenue_page.html",
        asked=asked,
        heads=HEADS,
        currencies=currencies,
        currency=currency,
        rows=shown,
        totals=_totals(shown, currency),
        chart=_chart(shown, asked),
        most_bars=MOST_BARS,
        work_nav=work_nav(),
    )


@bp.get("/revenue.csv")
@policy(GET="revenue:read")
def revenue_csv() -> ResponseReturnValue:
    """Every currency, each in rows of its own; amounts as decimals, without signs for the currency."""
    session = current_session()
    asked = _asked(database_now(session))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([HEADS[asked.by], "Currency", "Orders", "Paid", "Refunded", "Disputed", "Net"])
    for found in _report(session, asked):
        row = found.row
        amounts = [_decimal(amount, row.currency) for amount in (row.paid, row.refunded, row.disputed, row.net)]
        writer.writerow([harmless(found.label), row.currency.upper(), row.orders, *amounts])
    response = Response(text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="revenue-by-{asked.by}-{asked.first}-{asked.last}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _asked(now: datetime) -> Asked:
    """The report that the address asks for. Without months: this one and the eleven before it. A slip falls back to that."""
    wanted = request.args.get("by", "")
    by = RevenueBy(wanted) if wanted in set(RevenueBy) else RevenueBy.MONTH
    now = now.astimezone(UTC)
    last = _month(request.args.get("to", "")) or datetime(now.year, now.month, 1, tzinfo=UTC)
    first = _month(request.args.get("from", "")) or datetime(last.year - 1, last.month, 1, tzinfo=UTC)
    if request.args.get("from") is None or first > last:
        first = _next_month(datetime(last.year - 1, last.month, 1, tzinfo=UTC))
    return Asked(by, first, _next_month(last), f"{first:%Y-%m}", f"{last:%Y-%m}")


def _month(text: str) -> datetime | None:
    found = MONTH.match(text)
    return datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC) if found else None


def _next_month(month: datetime) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


def _report(session: Session, asked: Asked) -> list[ReportRow]:
    """Months in their order, courses and articles by what they brought in, the most first."""
    is_live = current_app.extensions["laurel_settings"].takes_real_money
    rows = add_up(SUMS[asked.by](session, asked.since, asked.until, is_live=is_live))
    labels = _labels(session, asked.by, {row.key for row in rows})
    if asked.by is not RevenueBy.MONTH:
        rows.sort(key=lambda row: (row.currency, -row.net, labels.get(row.key, row.key)))
    return [ReportRow(labels.get(row.key, row.key), row) for row in rows]


def _name_of(month: str) -> str:
    """`2026-11` as `November 2026`."""
    return f"{_month(month):%B %Y}"


def _labels(session: Session, by: RevenueBy, keys: set[str]) -> dict[str, str]:
    if by is RevenueBy.MONTH:
        return {key: _name_of(key) for key in keys}
    ids = [UUID(key) for key in keys if key]
    if by is RevenueBy.COURSE:
        return {str(card.id): card.title for card in list_course_cards(session, ids, limit=len(ids))}
    return {"": "No article that we know of", **{str(article_id): title for article_id, title in list_titles(session, ids).items()}}


def _main_currency(rows: list[ReportRow]) -> str:
    """The currency in which most orders were paid."""
    counts: Counter[str] = Counter()
    for found in rows:
        counts[found.row.currency] += found.row.orders
    return next((currency for currency, _ in counts.most_common(1)), "")


def _totals(rows: list[ReportRow], currency: str) -> RevenueRow:
    total = RevenueRow("", currency)
    for found in rows:
        total.orders += found.row.orders
        total.paid += found.row.paid
        total.refunded += found.row.refunded
        total.disputed += found.row.disputed
    return total


def _chart(rows: list[ReportRow], asked: Asked) -> dict[str, object] | None:
    """Two columns for each month, those without money too; courses and articles are bars, which the page draws by itself."""
    most = max((max(found.row.paid, found.row.given_back) for found in rows), default=0)
    if asked.by is not RevenueBy.MONTH or not most:
        return None
    by_month = {found.row.key: found.row for found in rows}
    months, month = [], asked.since
    while month < asked.until:
        months.append(f"{month:%Y-%m}")
        month = _next_month(month)
    blank = RevenueRow("", "")
    paid = [by_month.get(key, blank).paid for key in months]
    back = [by_month.get(key, blank).given_back for key in months]
    return {"labels": [_name_of(key) for key in months], "series": [("Paid", paid), ("Given back", back)], "most": most}


def _decimal(amount: int, currency: str) -> str:
    return f"{Decimal(amount).scaleb(-exponent(currency)):f}"
