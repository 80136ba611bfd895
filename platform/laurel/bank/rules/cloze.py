"""Cloze: one text with gaps; each gap is a small question of its own, with the rule of single choice, short answer or numerical."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, Severity, error
from laurel.bank.rules.grades import ONE, ZERO, GradeState, Judgement, state_of
from laurel.bank.rules.keys import new_key
from laurel.bank.rules.kinds import (
    Answer,
    Body,
    Chosen,
    Inputs,
    Json,
    Part,
    PartInput,
    PartReview,
    QuestionKind,
    Renderers,
    Review,
    ShownOption,
    ShownPart,
    Shuffling,
)
from laurel.bank.rules.numerical import Numerical
from laurel.bank.rules.options import KEYS, by_words
from laurel.bank.rules.reading import read_choice, read_number, read_rows, refuse, write_number
from laurel.bank.rules.short_answer import ShortAnswer
from laurel.bank.rules.single_choice import SingleChoice
from laurel.core.errors import InvalidInputError

MAX_GAPS = 20
MAX_WEIGHT = 1000
NUMBER = re.compile(r"[1-9][0-9]?\Z")
MARK = re.compile(r"\[\[([0-9]{1,2})\]\]")
TAG = re.compile(r"""(<(?:[^"'>]|"[^"]*"|'[^']*')*>)""")
BODIES: Mapping[PartInput, type[SingleChoice | ShortAnswer | Numerical]] = {
    PartInput.CHOICE: SingleChoice,
    PartInput.TEXT: ShortAnswer,
    PartInput.NUMBER: Numerical,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A gap; its key is the number in the text's `[[1]]`. `body` holds what may be filled in."""

    key: str
    input: PartInput
    body: SingleChoice | ShortAnswer | Numerical
    weight: Decimal = ONE

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "input": self.input.value, "weight": write_number(self.weight), "body": self.body.to_json()}

    def judge(self, text: str) -> Judgement:
        answer = self.body.parse_answer(self.body.from_form(text))
        return Judgement(fraction=ZERO) if answer is None else self.body.judge(answer)


def _read_gap(row: Mapping[str, Any], index: int) -> Gap:
    place = ("gaps", index)
    weight = read_number(row, "weight", *place, default="1")
    if not 0 < weight <= MAX_WEIGHT:
        refuse(f"The weight of a gap is above 0 and at most {MAX_WEIGHT}.", *place, "weight")
    kind = read_choice(row, "input", PartInput, *place, default=PartInput.TEXT)
    key = row.get("key") or str(index + 1)
    if not isinstance(key, str) or not NUMBER.match(key):
        refuse("The number of a gap goes from 1 to 99.", *place, "key")
    body = row.get("body", {})
    if not isinstance(body, Mapping):
        refuse("This must be an object.", *place, "body")
    try:
        return Gap(key=key, input=kind, body=_read_body(kind, body), weight=weight)
    except InvalidInputError as wrong:
        refuse(wrong.message, *place, wrong.field or "body")


def _read_body(kind: PartInput, data: Mapping[str, Any]) -> SingleChoice | ShortAnswer | Numerical:
    """The body of a gap. Its credits are never negative: the sum over the gaps would hide a penalty from a quiz that allows none."""
    body = BODIES[kind].from_json(_with_keys(data) if kind is PartInput.CHOICE else data)
    if not isinstance(body, SingleChoice):
        return body
    for index, option in enumerate(body.options):
        if option.fraction < 0:
            refuse("In a gap the credit lies between 0 % and 100 %.", "options", index, "fraction")
    return replace(body, keep_last=False)


def _with_keys(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options with letters for those that have none, dealt out by their texts: in the author's order the first may be the right one."""
    rows = data.get("options")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return data
    free = [key for key in KEYS if key not in [row.get("key") for row in rows]]
    new = [index for index, row in enumerate(rows) if not row.get("key")]
    new.sort(key=lambda index: new_key(str(rows[index].get("text")), ()))
    letters = dict(zip(new, free, strict=False))
    return {**data, "options": [{**row, "key": letters[index]} if index in letters else row for index, row in enumerate(rows)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloze(Body):
    """Gaps, worth Σ wᵢfᵢ / Σ wᵢ; an empty gap gives 0 and stays in the denominator."""

    kind: ClassVar[QuestionKind] = QuestionKind.CLOZE
    inputs: ClassVar[Inputs] = Inputs.PARTS
    shuffling: ClassVar[Shuffling] = Shuffling.AS_THE_QUIZ_SAYS

    gaps: tuple[Gap, ...]

    @classmethod
    def from_json(cls, data: Json) -> Self:
        gaps = tuple(_read_gap(row, index) for index, row in enumerate(read_rows(data, "gaps", most=MAX_GAPS, noun="gaps")))
        if len({gap.key for gap in gaps}) < len(gaps):
            refuse("Two gaps have the same number.", "gaps")
        return cls(gaps=gaps)

    def to_json(self) -> dict[str, Any]:
        return {"gaps": [gap.to_json() for gap in self.gaps]}

    def rendered(self, render: Renderers) -> Self:
        return replace(self, gaps=tuple(replace(gap, body=gap.body.rendered(render)) for gap in self.gaps))

    def parse_answer(self, raw: Any) -> Answer:
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"gaps"} or not isinstance(raw["gaps"], dict):
            refuse("An answer to this question is a text for each gap.")
        given = raw["gaps"]
        if not given.keys() <= {gap.key for gap in self.gaps}:
            refuse("That is not a gap of this text.")
        filled = {gap.key: text for gap in self.gaps if (text := _fill(gap, given.get(gap.key)))}
        return {"gaps": filled} if filled else None

    def from_form(self, chosen: Chosen) -> Any:
        return {"gaps": chosen}

    def to_form(self, answer: Answer) -> Chosen:
        return dict(answer["gaps"]) if answer else {}

    def _judge_gaps(self, answer: Answer) -> dict[str, Judgement]:
        """Of each gap that is filled what it is worth."""
        filled = answer["gaps"] if answer else {}
        return {gap.key: gap.judge(filled[gap.key]) for gap in self.gaps if gap.key in filled}

    def judge(self, answer: Json) -> Judgement:
        found = self._judge_gaps(answer)
        total = sum((gap.weight for gap in self.gaps), ZERO)
        earned = sum((gap.weight * found[gap.key].fraction for gap in self.gaps if gap.key in found), ZERO)
        return Judgement(
            fraction=earned / total,
            is_near_miss=any(judgement.is_near_miss for judgement in found.values()),
            is_invalid=any(judgement.is_invalid for judgement in found.values()),
        )

    def review(self, answer: Answer) -> Review:
        found, filled = self._judge_gaps(answer), answer["gaps"] if answer else {}
        return Review(
            parts={
                gap.key: PartReview(
                    state_of(found[gap.key].fraction) if gap.key in found else GradeState.GAVE_UP,
                    _feedback_html(gap, filled.get(gap.key, "")),
                    gap.body.right_answer_text(),
                    gives_away=False,
                )
                for gap in self.gaps
            }
        )

    def right_answer_text(self) -> str:
        return "; ".join(f"{gap.key}. {gap.body.right_answer_text()}" for gap in self.gaps)

    def check(self) -> list[Finding]:
        found = [] if self.gaps else [error("The text has no gaps yet.", "gaps")]
        for gap in self.gaps:
            told = [one for one in gap.body.check() if one.severity is Severity.ERROR or "feedback" not in one.place]
            found += [Finding(one.severity, f"Gap {gap.key}: {one.message}") for one in told]
        return found

    def check_stem(self, stem: str) -> list[Finding]:
        found = []
        counts = Counter(MARK.findall(stem))
        for gap in self.gaps:
            if gap.key not in counts:
                found.append(error(f"Gap {gap.key} is not in the text. Write [[{gap.key}]] where it belongs.", "stem"))
            elif counts[gap.key] > 1:
                found.append(error(f"[[{gap.key}]] stands in the text more than once.", "stem"))
        unknown = counts.keys() - {gap.key for gap in self.gaps}
        return [*found, *(error(f"The text has [[{key}]], but there is no gap {key}.", "stem") for key in sorted(unknown))]

    def parts(self) -> list[Part]:
        found = []
        for gap in self.gaps:
            found.append(Part(f"Gap {gap.key}", f"{gap.input.label}, weight {write_number(gap.weight)}", is_prose=False))
            found += [Part(f"Gap {gap.key}: {_lower_first(part.label)}", part.text, is_prose=part.is_prose) for part in gap.body.parts()]
        return found

    def shown_options(self) -> tuple[ShownOption, ...]:
        """The options of all gaps, each under `<gap>.<option>`."""
        return tuple(
            ShownOption(f"{gap.key}.{option.key}", option.html) for gap in self.gaps for option in by_words(gap.body.shown_options())
        )

    def shown_parts(self, order: Sequence[str]) -> Sequence[ShownPart]:
        options = {option.key: option for option in self.shown_options()}

        def options_of(gap: Gap) -> list[ShownOption]:
            return [ShownOption(key.split(".")[1], options[key].html) for key in order if key.split(".")[0] == gap.key]

        return [ShownPart(gap.key, input=gap.input, options=options_of(gap)) for gap in self.gaps]

    def shown_stem(self, stem_html: str) -> Sequence[tuple[str, str]]:
        """The text cut at its gaps. A gap that the text has lost on its way to HTML stands behind it: none is ever missing."""
        pieces: list[tuple[str, str]] = []
        missing = [gap.key for gap in self.gaps]
        written = ""
        for run in TAG.split(stem_html):
            at = 0
            for mark in () if run.startswith("<") else MARK.finditer(run):
                if mark[1] in missing:
                    pieces.append((written + run[at : mark.start()], mark[1]))
                    missing.remove(mark[1])
                    written, at = "", mark.end()
            written += run[at:]
        return [*pieces, (written, missing[0] if missing else ""), *(("", key) for key in missing[1:])]


def _fill(gap: Gap, value: Any) -> str:
    """What a learner put into a gap, as it is stored; "" if nothing."""
    if value is not None and not isinstance(value, str):
        refuse("A gap is filled with a text.")
    try:
        answer = gap.body.parse_answer(gap.body.from_form(value or ""))
    except InvalidInputError as wrong:
        refuse(f"In one of the gaps: {wrong.message}")
    return str(gap.body.to_form(answer))


def _feedback_html(gap: Gap, text: str) -> str:
    """What the rule of the gap says about what stands in it."""
    review = gap.body.review(gap.body.parse_answer(gap.body.from_form(text)))
    return "".join(option.feedback_html for option in review.options.values() if option.is_chosen) + review.feedback_html


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
