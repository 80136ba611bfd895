"""What keeps a quiz from being published, and what its author should know before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.bank.models import QuestionCategory
from laurel.core.ids import new_id
from laurel.quizzes.models import Quiz, QuizSlot, QuizVersion
from laurel.quizzes.queries.pools import Pool, groups_of, is_random, load_pools, places_of
from laurel.quizzes.queries.quizzes import list_slots
from laurel.quizzes.rules import QuizKind, SlotSpec, drawing, exposing
from laurel.quizzes.rules.matching import Shortage


@dataclass(frozen=True, slots=True)
class Checks:
    """`problems` keep a version from being published, `warnings` do not; one sentence each, for its author."""

    problems: Sequence[str]
    warnings: Sequence[str]


def find_problems(session: Session, quiz: Quiz, version: QuizVersion) -> list[str]:
    """What keeps this version from being published, in words for its author; empty if nothing does."""
    pools = load_pools(session, list_slots(session, version.id))
    return _find_problems(quiz, version, pools, name_sources(session, [pool.slot for pool in pools]))


def check_publishing(session: Session, quiz: Quiz, version: QuizVersion) -> Checks:
    """The problems, and the warnings beside them. The number of queries does not grow with the sections."""
    pools = load_pools(session, list_slots(session, version.id))
    sources = name_sources(session, [pool.slot for pool in pools])
    problems = _find_problems(quiz, version, pools, sources)
    return Checks(problems, [] if quiz.kind is QuizKind.PRACTICE else _find_warnings(pools))


def name_sources(session: Session, slots: Sequence[QuizSlot]) -> dict[UUID, str]:
    """For each random slot what it draws from: `“Safety”, tagged law or data, difficulty 2 to 4`."""
    wanted = {slot.category_id for slot in slots if slot.category_id is not None}
    if not wanted:
        return {}
    rows = session.execute(select(QuestionCategory.id, QuestionCategory.title).where(QuestionCategory.id.in_(wanted)))
    titles = {row[0]: row[1] for row in rows}
    return {slot.id: _source(slot, titles[slot.category_id]) for slot in slots if slot.category_id is not None}


def _source(slot: QuizSlot, title: str) -> str:
    words = slot.typed_filter().words()
    first = f"“{title}”"
    if words and words[0] == "with subcategories":
        first, words = f"{first} with its subcategories", words[1:]
    return ", ".join([first, *words])


def _find_problems(quiz: Quiz, version: QuizVersion, pools: Sequence[Pool], sources: Mapping[UUID, str]) -> list[str]:
    found = [] if pools else ["There are no questions yet. Add one."]
    found += _settings_problems(quiz, version)
    groups = groups_of(pools)
    short = [problem for pool in pools for problem in _pool_problems(pool, groups, sources)]
    if not short:
        shortage = drawing.find_shortage(places_of(pools), groups=groups)
        short = [] if shortage is None else [_words_of(shortage, pools)]
    return found + short


def _pool_problems(pool: Pool, groups: Mapping[UUID, str], sources: Mapping[UUID, str]) -> list[str]:
    """What is missing in this section alone."""
    place = f"Section {pool.slot.position}"
    if not is_random(pool):
        return [] if pool.candidates else [f"{place}: its question is not ready for learners. Finish the question, or remove it here."]
    source, found = sources[pool.slot.id], []
    for band, wanted in pool.bands:
        units = drawing.count_units(wanted.pool, groups)
        if units >= wanted.count:
            continue
        which = f" {band.name}" if band else ""
        apart = "" if units == len(wanted.pool) else ", of each duplicate group one"
        found.append(f"{place} draws {wanted.count}{which} from {source}, where {units} are ready{apart}.")
    return found


def _words_of(shortage: Shortage, pools: Sequence[Pool]) -> str:
    numbers = [pool.slot.position for pool in pools for _place in pool.places]
    sections = sorted({numbers[place] for place in shortage.places})
    named = f"Section {sections[0]} asks" if len(sections) == 1 else f"Sections {_listed(sections)} ask"
    return (
        f"{named} for {shortage.needed} questions together, but only {shortage.available} can stand beside each other: "
        "no question is asked twice in a paper, and of a duplicate group one at most."
    )


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers[:-1]) + f" and {numbers[-1]}"


def _find_warnings(pools: Sequence[Pool]) -> list[str]:
    groups, small = groups_of(pools), []
    for pool in pools:
        for band, wanted in pool.bands if is_random(pool) else ():
            units = drawing.count_units(wanted.pool, groups)
            if wanted.count <= units and exposing.is_pool_small(units, wanted.count):
                small.append(f"{pool.slot.position}{f' ({band.name})' if band else ''}: {wanted.count} of {units}")
    if not small:
        return []
    return [
        f"Some sections have fewer than {exposing.LEAST_POOL} times the questions that they draw, so that papers are much alike and soon "
        f"known. Section {'; '.join(small)}."
    ]


def _settings_problems(quiz: Quiz, version: QuizVersion) -> list[str]:
    found = []
    if quiz.kind is not QuizKind.PRACTICE and version.pass_percent <= 0:
        found.append("There is no pass mark.")
    if quiz.kind is QuizKind.EXAM and version.minutes is None and version.closes_at is None:
        found.append("An exam needs a time limit.")
    if version.minutes and version.opens_at and version.closes_at:
        window = (version.closes_at - version.opens_at).total_seconds() / 60
        if version.minutes > window:
            found.append("The time limit is longer than the time between opening and closing.")
    return found


@dataclass(frozen=True, slots=True)
class DrawCount:
    """What a random section would find now. `parts`: what else is to be said of it, a sentence each."""

    words: str
    parts: Sequence[str]
    is_enough: bool


def describe_draw(session: Session, spec: SlotSpec) -> DrawCount:
    """`24 questions fit, 10 are drawn` for a section that is not saved."""
    slot = QuizSlot.of(spec, quiz_version_id=new_id(), position=0)
    pool = load_pools(session, [slot])[0]
    groups = groups_of([pool])
    ready = len(pool.candidates)
    words = ("1 question fits, " if ready == 1 else f"{ready} questions fit, ") + f"{spec.count} {'is' if spec.count == 1 else 'are'} drawn"
    parts, is_enough = [], True
    for band, wanted in pool.bands:
        units = drawing.count_units(wanted.pool, groups)
        is_enough = is_enough and units >= wanted.count
        if band:
            parts.append(f"{band.label}: {units} fit, {wanted.count} of them drawn.")
        elif units < ready:
            parts.append(f"Counting each duplicate group once, there are {units}.")
    if not is_enough:
        parts.append("They do not suffice: the quiz could not be published with this section.")
    return DrawCount(words, parts, is_enough)
