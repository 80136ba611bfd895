"""Drawing a paper: which questions, in which order, with their options in which order. The same seed draws the same paper."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from laurel.core.errors import InvalidInputError


class PoolTooSmallError(InvalidInputError):
    """The questions do not suffice for the paper. Nobody gets a shorter one."""

    message = "There are not enough questions for this paper."


@dataclass(frozen=True, slots=True)
class Place:
    """`count` questions to be drawn from `pool`, which may overlap with the pools of other places."""

    pool: Sequence[UUID]
    count: int


def draw(places: Sequence[Place], *, seed: int) -> list[list[UUID]]:
    """For each place its questions, no question twice in the whole paper. Raises PoolTooSmallError.

    Places take turns with a shuffled pool of their own; where pools overlap, a question is passed on along an augmenting
    path (Kuhn), so that a full paper is found whenever there is one.
    """
    dice = Random(seed)  # noqa: S311 (not a secret: it is stored, so that the draw can be repeated)
    taken: dict[UUID, int] = {}
    shuffled = [dice.sample(list(dict.fromkeys(place.pool)), k=len(set(place.pool))) for place in places]
    for number in sorted(range(len(places)), key=lambda n: (len(shuffled[n]) - places[n].count, n)):
        for _ in range(places[number].count):
            if not _take_one(number, shuffled, taken, set()):
                raise PoolTooSmallError
    drawn: list[list[UUID]] = [[] for _ in places]
    for number, pool in enumerate(shuffled):
        drawn[number] = [question for question in pool if taken.get(question) == number]
    return drawn


def _take_one(number: int, shuffled: Sequence[Sequence[UUID]], taken: dict[UUID, int], visited: set[UUID]) -> bool:
    """Give place `number` one more question; a place that loses one to it finds itself another first."""
    for question in shuffled[number]:
        if question not in taken:
            taken[question] = number
            return True
    for question in shuffled[number]:
        if question in visited or taken[question] == number:
            continue
        visited.add(question)
        if _take_one(taken[question], shuffled, taken, visited):
            taken[question] = number
            return True
    return False


def can_draw(places: Sequence[Place]) -> bool:
    """Whether every place can be filled at once."""
    try:
        draw(places, seed=0)
    except PoolTooSmallError:
        return False
    return True


def shuffle_runs(numbers: Sequence[int], sections: Mapping[int, str], *, seed: int) -> list[int]:
    """The numbers with each run of the same section shuffled within itself."""
    dice = Random(f"{seed}:questions")  # noqa: S311
    runs: list[list[int]] = []
    for number in numbers:
        if runs and sections[runs[-1][-1]] == sections[number]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [number for run in runs for number in dice.sample(run, k=len(run))]


def order_options(keys: Sequence[str], *, keep_last: bool, seed: int, number: int, avoid: Sequence[str] = ()) -> list[str]:
    """The options of question `number` in the order in which this paper shows them, which is never `avoid`."""
    dice = Random(f"{seed}:options:{number}")  # noqa: S311
    if keep_last and keys:
        return [*dice.sample(list(keys[:-1]), k=len(keys) - 1), keys[-1]]
    order = dice.sample(list(keys), k=len(keys))
    return [*order[1:], order[0]] if avoid and order == list(avoid) else order


def practice_seed(version_id: UUID, learner_id: UUID | None) -> int:
    """The seed of a practice paper: known before there is an attempt, so that the page can show the questions at once."""
    return int.from_bytes(hashlib.sha256(f"{version_id}{learner_id}".encode()).digest()[:7])
