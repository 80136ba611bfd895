"""How long a question takes, told from saved answers alone, and who was right sooner than it can be read. Signs, never verdicts."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles
from typing import NamedTuple

from laurel.bank.rules import Body, plain_text
from laurel.quizzes.rules import chances

FAR_BELOW = 0.25
"""A right answer in less than this share of the question's median is far below it (trust, item leak signs: "≪ median"). Times of
the same person for the same thing vary by half or double; a quarter is past that. An assumption, shown as one."""
WORDS_A_MINUTE = 300
"""As fast as most adults read English non-fiction at most: 175 to 300 words a minute, 238 on average (Brysbaert 2019, How many
words do we read per minute?, Journal of Memory and Language 109). The upper end, so that whoever reads quickly is no sign."""
UNUSUAL = 0.01
"""A share that chance alone would show for fewer than one question in a hundred is pointed out."""


class Saves(NamedTuple):
    """All saves of one question in one attempt: how many there are, the places of the first and the last among all saves of the attempt
    (from 1), and when these two reached the server. A named tuple, because a page makes tens of thousands of them."""

    slot: int
    times: int
    first: int
    last: int
    first_at: datetime
    last_at: datetime


def seconds_in_turn(saves: Collection[Saves], *, started_at: datetime) -> dict[int, float]:
    """How many seconds each question of a paper took, as far as it can be told.

    All that is known is when answers reached the server: not when a question was opened, nor what was read before. So only those
    are timed that were answered *in turn and in one go*: all saves of a question follow each other, and the one before them is
    the last one of the question before it (for question 1: the start). The time runs from there to the question's own last
    save. Left out is what somebody skipped or came back to, and what reached the server together with other answers, as after
    a while offline. A time is too long for whoever paused, and too short for whoever had looked ahead, or whose answer before
    was slow to arrive.
    """
    by_slot = {one.slot: one for one in saves}
    sharing = Counter(moment for one in saves for moment in {one.first_at, one.last_at})
    found = {}
    for one in saves:
        before = by_slot.get(one.slot - 1)
        since = started_at if before is None else before.last_at
        is_in_turn = one.first == (1 if one.slot == 1 else before.last + 1 if before is not None else None)
        is_in_one_go = one.last - one.first + 1 == one.times
        if is_in_turn and is_in_one_go and since < one.first_at <= one.last_at and sharing[one.last_at] == 1:
            found[one.slot] = (one.last_at - since).total_seconds()
    return found


def count_words(stem_html: str, body: Body) -> int:
    """How many words somebody reads who reads the question with all that can be chosen."""
    texts = [plain_text(stem_html), *(option.words for option in body.shown_options())]
    texts += [plain_text(part.html) for part in body.shown_parts(())]
    return sum(len(text.split()) for text in texts)


def reading_seconds(words: int) -> float:
    return words * 60 / WORDS_A_MINUTE


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer, the seconds that it took, and whether it was all right."""

    seconds: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of so many right answers."""

    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    def chance(self, base: "Rate") -> float:
        """How likely so many or more are if this question were as all of them are together."""
        return chances.at_least(self.count, self.of, base.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the timed answers to one version of a question took, in seconds. `far_below` and `unread` count right answers:
    those far below the median, and those that took less than `reading` seconds."""

    answers: int
    p10: float
    median: float
    p90: float
    reading: float
    far_below: Rate
    unread: Rate


def pace_of(timed: Sequence[Timed], *, words: int) -> Pace:
    """The pace of one version; there is at least one answer to it."""
    seconds = [one.seconds for one in timed]
    middle, reading = median(seconds), reading_seconds(words)
    tenths = quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else seconds
    right = [one.seconds for one in timed if one.is_right]
    return Pace(
        answers=len(seconds),
        p10=tenths[0],
        median=middle,
        p90=tenths[-1],
        reading=reading,
        far_below=Rate(sum(took < FAR_BELOW * middle for took in right), len(right)),
        unread=Rate(sum(took < reading for took in right), len(right)),
    )


def base_rate(rates: Iterable[Rate]) -> Rate:
    """The rate of all these together: what each of them is read beside."""
    every = list(rates)
    return Rate(sum(rate.count for rate in every), sum(rate.of for rate in every))
