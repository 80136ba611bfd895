"""The end of a certificate as an entry for any calendar (RFC 5545)."""

from datetime import date, datetime, timedelta

LINE = 75
"""Octets that a line may have."""


def expiry_event(*, uid: str, ends_on: date, summary: str, description: str, url: str, written_at: datetime) -> str:
    """A whole-day event on the day of the end, with alarms 90, 30 and 7 days before."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Laurel//Certificates//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{written_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{ends_on:%Y%m%d}",
        *([f"DTEND;VALUE=DATE:{ends_on + timedelta(days=1):%Y%m%d}"] if ends_on < date.max else []),
        f"SUMMARY:{_escaped(summary)}",
        f"DESCRIPTION:{_escaped(description)}",
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        *(line for days in (90, 30, 7) for line in _alarm(days, summary)),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _alarm(days: int, summary: str) -> list[str]:
    return ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escaped(summary)}", f"TRIGGER:-P{days}D", "END:VALARM"]


def _escaped(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in "\\;,":
        clean = clean.replace(character, f"\\{character}")
    return clean.replace("\n", "\\n")


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, none of which cuts a character."""
    pieces, size = [""], 0
    for character in line:
        octets = len(character.encode())
        if size + octets > LINE - (len(pieces) > 1):
            pieces.append("")
            size = 0
        pieces[-1] += character
        size += octets
    return "\r\n ".join(pieces)
