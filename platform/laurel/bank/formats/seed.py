"""The `[[questions]]` tables of `seed_content` (its README describes them), read strictly: what is not understood is refused."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from laurel.bank.rules import Body, QuestionDraft, QuestionKind, parse_body
from laurel.bank.rules.matching import pair_up
from laurel.core.errors import InvalidInputError

COMMON = frozenset({"id", "type", "domain", "difficulty", "objective", "stem", "general_feedback", "tags", "duplicate_group"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedQuestion:
    """One record, checked."""

    external_id: str
    domain: str
    difficulty: int
    objective: str
    stem: str
    general_feedback: str
    body: Body
    source_hash: str
    tags: tuple[str, ...]
    duplicate_group: str

    def draft(self, category_id: UUID) -> QuestionDraft:
        return QuestionDraft(
            category_id=category_id,
            stem=self.stem,
            body=self.body,
            general_feedback=self.general_feedback,
            objective=self.objective,
            difficulty=self.difficulty,
            tags=self.tags,
            duplicate_group=self.duplicate_group,
        )


class Record:
    """A table of the file with its place, for messages such as `pe1-x-text-03, option 2: feedback is missing.`"""

    def __init__(self, fields: Mapping[str, Any], place: str) -> None:
        self.fields = fields
        self.place = place

    def refuse(self, message: str, key: str | None = None) -> NoReturn:
        raise InvalidInputError(f"{self.place}: {message}", field=key)

    def allow(self, known: Collection[str]) -> None:
        """Refuse every field that is not known: a typing error must not pass for something left out."""
        for key in self.fields:
            if key not in known:
                self.refuse(f"there is no field called {key} here. Known are {', '.join(sorted(known))}.", key)

    def text(self, key: str, *, default: str | None = None) -> str:
        """The text under `key`; without a default it must be there and must say something."""
        value = self.fields.get(key, default)
        if value is None or (default is None and isinstance(value, str) and not value.strip()):
            self.refuse(f'{key} is missing. Write {key} = "…".', key)
        if not isinstance(value, str):
            self.refuse(f"{key} must be text in quotes.", key)
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        value = self.fields.get(key, default)
        if not isinstance(value, bool):
            self.refuse(f"{key} must be true or false, without quotes.", key)
        return value

    def whole(self, key: str) -> int:
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(f"{key} must be a whole number, without quotes.", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`, empty if it is left out."""
        values = self.fields.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
            self.refuse(f'{key} must be a list of texts: {key} = ["…", "…"].', key)
        return tuple(values)

    def rows(self, key: str, noun: str) -> list["Record"]:
        """The tables under `key`, one at least."""
        rows = self.fields.get(key)
        if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
            self.refuse(f"{key} are missing. Write one [[questions.{key}]] table for each {noun}.", key)
        return [Record(row, f"{self.place}, {noun} {number}") for number, row in enumerate(rows, start=1)]


def _single_choice(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"options", "keep_last"})
    options = [_option(row) for row in record.rows("options", "option")]
    if [option["fraction"] for option in options].count("1") != 1:
        record.refuse("exactly one option needs correct = true.", "options")
    return {"options": options, "keep_last": record.flag("keep_last", default=False)}


def _multiple_response(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"options", "keep_last", "policy"})
    policy = record.text("policy", default="all_or_nothing")
    options = [_option(row, weighted=policy == "weighted") for row in record.rows("options", "option")]
    return {"options": options, "policy": policy, "keep_last": record.flag("keep_last", default=False)}


def _option(row: Record, *, weighted: bool = False) -> dict[str, Any]:
    row.allow({"text", "correct", "feedback"} | ({"fraction"} if weighted else set()))
    is_right = row.flag("correct")
    fraction = row.text("fraction", default="0") if weighted else str(int(is_right))
    return {"text": row.text("text"), "fraction": fraction, "feedback": row.text("feedback")}


def _true_false(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"answer", "feedback_true", "feedback_false"})
    return {
        "answer": record.flag("answer"),
        "feedback_true": record.text("feedback_true"),
        "feedback_false": record.text("feedback_false"),
    }


def _short_answer(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"answers", "case_sensitive", "feedback_otherwise"})
    return _texts(record)


def _texts(record: Record) -> dict[str, Any]:
    rows = record.rows("answers", "answer")
    for row in rows:
        row.allow({"pattern", "fraction", "feedback"})
    return {
        "answers": [{key: row.text(key) for key in ("pattern", "fraction", "feedback")} for row in rows],
        "case_sensitive": record.flag("case_sensitive", default=False),
        "feedback_otherwise": record.text("feedback_otherwise", default=""),
    }


def _numerical(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"answers", "feedback_otherwise"})
    return _numbers(record)


def _numbers(record: Record) -> dict[str, Any]:
    rows = record.rows("answers", "answer")
    for row in rows:
        row.allow({"value", "tolerance", "tolerance_kind", "fraction", "feedback"})
    answers = [
        {key: row.text(key) for key in ("value", "fraction", "feedback")}
        | {"tolerance": row.text("tolerance", default="0"), "tolerance_kind": row.text("tolerance_kind", default="nominal")}
        for row in rows
    ]
    return {"answers": answers, "feedback_otherwise": record.text("feedback_otherwise", default="")}


def _essay(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"instructions", "min_words", "max_words", "model_answer", "grader_notes", "criteria"})
    words = {key: record.whole(key) for key in ("min_words", "max_words") if key in record.fields}
    texts = {key: record.text(key, default="") for key in ("instructions", "model_answer", "grader_notes")}
    return {"criteria": [_criterion(row) for row in record.rows("criteria", "criterion")], **words, **texts}


def _criterion(row: Record) -> dict[str, Any]:
    row.allow({"name", "points", "description", "levels"})
    levels = row.rows("levels", "level") if "levels" in row.fields else []
    for level in levels:
        level.allow({"points", "text"})
    return {
        "name": row.text("name"),
        "points": row.text("points"),
        "description": row.text("description", default=""),
        "levels": [{key: level.text(key) for key in ("points", "text")} for level in levels],
    }


def _matching(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"pairs", "distractors", "all_or_nothing"})
    rows = record.rows("pairs", "pair")
    for row in rows:
        row.allow({"stem", "match", "feedback"})
    pairs = [{"text": row.text("stem"), "match": row.text("match"), "feedback": row.text("feedback")} for row in rows]
    distractors = [{"text": text} for text in record.texts("distractors")]
    try:
        return pair_up(pairs, distractors) | {"all_or_nothing": record.flag("all_or_nothing", default=False)}
    except InvalidInputError as error:
        record.refuse(error.message, error.field)


def _ordering(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"items", "scheme"})
    rows = record.rows("items", "item")
    for row in rows:
        row.allow({"text", "feedback"})
    items = [{"text": row.text("text"), "feedback": row.text("feedback", default="")} for row in rows]
    return {"items": items, "scheme": record.text("scheme", default="absolute_position")}


def _cloze(record: Record) -> dict[str, Any]:
    record.allow(COMMON | {"gaps"})
    return {"gaps": [_gap(row) for row in record.rows("gaps", "gap")]}


def _gap(row: Record) -> dict[str, Any]:
    kind = row.text("input")
    if kind not in GAPS:
        row.refuse(f"input must be one of {', '.join(GAPS)}.", "input")
    known, read = GAPS[kind]
    row.allow(known | {"input", "weight"})
    return {"input": kind, "weight": row.text("weight", default="1"), "body": read(row)}


def _gap_options(row: Record) -> dict[str, Any]:
    return {"options": [_option(option) for option in row.rows("options", "option")]}


GAPS: Mapping[str, tuple[frozenset[str], Callable[[Record], dict[str, Any]]]] = {
    "choice": (frozenset({"options"}), _gap_options),
    "text": (frozenset({"answers", "case_sensitive", "feedback_otherwise"}), _texts),
    "number": (frozenset({"answers", "feedback_otherwise"}), _numbers),
}
READERS: Mapping[QuestionKind, Callable[[Record], dict[str, Any]]] = {
    QuestionKind.SINGLE_CHOICE: _single_choice,
    QuestionKind.MULTIPLE_RESPONSE: _multiple_response,
    QuestionKind.TRUE_FALSE: _true_false,
    QuestionKind.SHORT_ANSWER: _short_answer,
    QuestionKind.NUMERICAL: _numerical,
    QuestionKind.ESSAY: _essay,
    QuestionKind.MATCHING: _matching,
    QuestionKind.ORDERING: _ordering,
    QuestionKind.CLOZE: _cloze,
}


def read_question(fields: Mapping[str, Any]) -> SeedQuestion:
    """The record, checked; raises InvalidInputError with the question's id, the place and what to do."""
    external_id = Record(fields, "A question").text("id")
    record = Record(fields, external_id)
    if len(external_id) > 120:
        record.refuse("the id has more than 120 characters.", "id")
    try:
        kind = QuestionKind(record.text("type"))
    except ValueError:
        record.refuse(f"type must be one of {', '.join(QuestionKind)}.", "type")
    data = READERS[kind](record)
    try:
        body = parse_body(kind, data)
    except InvalidInputError as error:
        record.refuse(f"{error.field}: {error.message}" if error.field else error.message, error.field)
    return SeedQuestion(
        external_id=external_id,
        domain=record.text("domain"),
        difficulty=record.whole("difficulty"),
        objective=record.text("objective"),
        stem=record.text("stem"),
        general_feedback=record.text("general_feedback"),
        body=body,
        tags=record.texts("tags"),
        duplicate_group=record.text("duplicate_group", default=""),
        source_hash=hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
    )
