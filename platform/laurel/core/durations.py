"""Lengths of time in words."""

from datetime import timedelta


def in_words(length: timedelta) -> str:
    """`45 seconds`, `3 minutes`, `1 hour 5 minutes`; seconds are named below ten minutes only."""
    seconds = round(length.total_seconds())
    if seconds >= 600:
        seconds = round(seconds / 60) * 60
    parts = [(seconds // 3600, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    return " ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count) or "0 seconds"
