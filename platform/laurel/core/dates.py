"""Dates as people read them, the same on pages and in messages. Both take a moment in UTC."""

from datetime import date, datetime


def day(moment: date) -> str:
    """`12 May 2026`."""
    return f"{moment.day} {moment:%B %Y}"


def moment(value: datetime) -> str:
    """`12 May 2026, 14:03 UTC`."""
    return f"{day(value)}, {value:%H:%M} UTC"
