"""What a candidate is told while the time runs: short sentences, kept with the attempt until they are dismissed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from laurel.core.durations import in_words

MAX_ANNOUNCEMENTS = 50
Announcement = dict[str, Any]


def clock_time(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"


def extended(length: timedelta) -> str:
    return f"Staff gave you {in_words(length)} more."


def credited(outage: timedelta, gained: timedelta, closes_at: datetime | None) -> str:
    """What an outage of ours took and gave back. The close of the window cannot be passed, so it says if it cut something off."""
    lost = f"We were not reachable for {in_words(outage)}."
    if gained >= outage - timedelta(seconds=1):
        return f"{lost} You got them back."
    closing = f", because the exam closes at {clock_time(closes_at)}" if closes_at else ""
    return f"{lost} You got {in_words(gained) if gained else 'none of them'} back{closing}. Please tell us if that is not enough."


def resumed(length: timedelta, deadline_at: datetime | None) -> str:
    end = f" It now ends at {clock_time(deadline_at)}." if deadline_at else ""
    return f"Your exam was paused for {in_words(length)}.{end}"


def reopened(length: timedelta | None) -> str:
    more = f" You have {in_words(length)}." if length else ""
    return f"Your attempt was opened again. Your answers are as you left them.{more}"


def changed(before: datetime | None, after: datetime | None) -> str:
    if after is None:
        return "Your time was changed. There is no time limit any more."
    if before is not None and after > before:
        return f"You have {in_words(after - before)} more. It now ends at {clock_time(after)}."
    return f"Your time was changed. It now ends at {clock_time(after)}."


def add(announcements: Sequence[Announcement] | None, text: str, *, now: datetime) -> list[Announcement]:
    """The announcements with one more; the oldest go once there are too many."""
    kept = list(announcements or ())
    number = kept[-1]["number"] + 1 if kept else 1
    return [*kept, {"number": number, "at": now.isoformat(), "text": text, "is_dismissed": False}][-MAX_ANNOUNCEMENTS:]


def dismiss(announcements: Sequence[Announcement] | None, number: int) -> list[Announcement]:
    """The announcements, the one with this number put away. One that is not there changes nothing."""
    return [one | {"is_dismissed": one["is_dismissed"] or one["number"] == number} for one in announcements or ()]


def current(announcements: Sequence[Announcement] | None) -> list[Announcement]:
    """What is still to be read, the oldest first, as pages and replies carry it."""
    return [{key: one[key] for key in ("number", "at", "text")} for one in announcements or () if not one["is_dismissed"]]
