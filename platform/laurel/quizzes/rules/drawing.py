"""Drawing a paper: which questions, in which order, with their options in which order. The same seed draws the same paper."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from laurel.core.errors import InvalidInputError
from laurel.quizzes.rules.matching import Shortage, Unit, Want, fill

NO_GROUPS: Mapping[UUID, str] = {}


class PoolTooSmallError(InvalidInputError):
    """The questions do not suffice for the paper. Nobody gets a shorter one."""

    def __init__(self, shortage: Shortage) -> None:
        super().__init__("There are not enough questions for this paper.")
        self.shortage = shortage


@dataclass(frozen=True, slots=True)
class Place:
    """`count` questions to be drawn from `pool`, which may overlap with the pools of other places."""

    pool: Sequence[UUID]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparing:
    """What a draw goes easy on, as it stood when the paper was drawn.

    `shown`: how often each question was on a paper lately. `seen`: what this learner has had before; it is drawn only where
    the rest does not fill the paper, and no more of it than that takes.
    """

    shown: Mapping[UUID, int] = field(default_factory=dict)
    seen: Collection[UUID] = ()


NOTHING_SPARED = Sparing()


class Drawer:
    """Places, groups and what is to be spared, made ready for drawing one paper or a thousand of them."""

    def __init__(self, places: Sequence[Place], *, groups: Mapping[UUID, str] = NO_GROUPS, sparing: Sparing = NOTHING_SPARED) -> None:
        self._shown = sparing.shown
        self._members: list[dict[Unit, list[UUID]]] = []
        self._wants: list[Want] = []
        seen: set[Unit] = {groups.get(question, question) for question in sparing.seen}
        known: dict[tuple[int, tuple[UUID, ...]], tuple[dict[Unit, list[UUID]], Want]] = {}  # many sections may draw from one pool
        for place in places:
            key = place.count, tuple(place.pool)
            if key not in known:
                members = _by_unit(place.pool, groups)
                known[key] = members, Want(place.count, self._tiers(members, place.count, seen))
            self._members.append(known[key][0])
            self._wants.append(known[key][1])

    def _tiers(self, members: Mapping[Unit, Sequence[UUID]], count: int, seen: Collection[Unit]) -> list[list[Unit]]:
        """The units of a place: the least shown of what is new to the learner, the rest of it, and what the learner has seen."""
        fresh = [unit for unit in members if unit not in seen]
        rank = {unit: min(self._shown.get(question, 0) for question in members[unit]) for unit in fresh}
        limit = most_shown_of_preferred(list(rank.values()), count)
        return [
            [unit for unit in fresh if rank[unit] <= limit],
            [unit for unit in fresh if rank[unit] > limit],
            [unit for unit in members if unit in seen],
        ]

    def draw(self, *, seed: int) -> list[list[UUID]]:
        """For each place its questions: none twice in the whole paper, and none beside another of its group.

        Raises PoolTooSmallError exactly if there is no such paper.
        """
        dice = Random(seed)  # noqa: S311 (not a secret: it is stored, so that the draw can be repeated)
        taken = fill(self._wants, dice)
        if isinstance(taken, Shortage):
            raise PoolTooSmallError(taken)
        drawn: list[list[UUID]] = [[] for _ in self._wants]
        for unit, place in taken.items():
            drawn[place].append(self._choose(self._members[place][unit], dice))
        return drawn

    def _choose(self, questions: Sequence[UUID], dice: Random) -> UUID:
        """One question of a unit, of the least shown ones."""
        if len(questions) == 1:
            return questions[0]
        least = min(self._shown.get(question, 0) for question in questions)
        return dice.choice([question for question in questions if self._shown.get(question, 0) == least])


def _by_unit(pool: Sequence[UUID], groups: Mapping[UUID, str]) -> dict[Unit, list[UUID]]:
    members: dict[Unit, list[UUID]] = {}
    for question in dict.fromkeys(pool):
        members.setdefault(groups.get(question, question), []).append(question)
    return members


def most_shown_of_preferred(shown: Sequence[int], count: int) -> int:
    """How often a question may have been shown to be among the preferred of a pool.

    Preferred is the least shown third, ties included; but at least twice as many as are drawn. A third alone can be no more
    than one paper, and all who start before the next count would get that one.
    """
    if not shown:
        return 0
    preferred = min(len(shown), max(-(-len(shown) // 3), 2 * count))
    return sorted(shown)[preferred - 1]


def draw(
    places: Sequence[Place], *, seed: int, groups: Mapping[UUID, str] = NO_GROUPS, sparing: Sparing = NOTHING_SPARED
) -> list[list[UUID]]:
    """One paper; see `Drawer.draw`."""
    return Drawer(places, groups=groups, sparing=sparing).draw(seed=seed)


def find_shortage(places: Sequence[Place], *, groups: Mapping[UUID, str] = NO_GROUPS) -> Shortage | None:
    """Places that cannot all be filled at once, and by how much; None if every paper can be drawn."""
    try:
        draw(places, seed=0, groups=groups)
    except PoolTooSmallError as error:
        return error.shortage
    return None


def count_units(pool: Sequence[UUID], groups: Mapping[UUID, str]) -> int:
    """How many questions of the pool a single paper could ask: of each group one."""
    return len({groups.get(question, question) for question in pool})


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


def mix(questions: Sequence[UUID], *, seed: int, number: int) -> list[UUID]:
    """The questions of slot `number`, which were drawn band by band, in an order that does not tell the bands."""
    dice = Random(f"{seed}:slot:{number}")  # noqa: S311
    return dice.sample(list(questions), k=len(questions))


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
