"""Forms of the kinds that are answered part by part."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.fields import Field, FieldList, FormField
from wtforms.validators import Length

from laurel.bank.rules import Body, QuestionKind
from laurel.bank.rules.cloze import MAX_GAPS, Cloze, Gap
from laurel.bank.rules.kinds import PartInput
from laurel.bank.rules.matching import MAX_CHOICES, MAX_STEMS, Matching, pair_up
from laurel.bank.rules.numbers import ToleranceKind
from laurel.bank.rules.numerical import ANY, Numerical
from laurel.bank.rules.ordering import MAX_ITEMS, Ordering
from laurel.bank.rules.orders import Scheme
from laurel.bank.rules.reading import MAX_LINE, write_number
from laurel.bank.rules.short_answer import ShortAnswer
from laurel.bank.rules.single_choice import SingleChoice
from laurel.studio.forms.questions.base import CreditField, NumberField, QuestionForm, RowRules, read_credit, write_credit
from laurel.studio.forms.questions.typed import TOLERANCES
from laurel.web.forms import PartForm

MAX_GAP_ANSWERS = 100
INPUTS = [
    SelectChoice(PartInput.CHOICE.value, "by choosing from a list"),
    SelectChoice(PartInput.TEXT.value, "with a text"),
    SelectChoice(PartInput.NUMBER.value, "with a number"),
]
SCHEMES = [SelectChoice(scheme.value, scheme.label) for scheme in Scheme]
IN_GAP = re.compile(r"gaps-(?P<gap>\d+)-(?:answers|options)-(?P<index>\d+)-(?P<field>[a-z_]+)\Z")
ON_GAP = re.compile(r"gaps-(?P<gap>\d+)-(?P<field>[a-z_]+)")
ANSWER_FIELDS = {"fraction": "credit", "pattern": "text", "value": "text"}


class PairForm(PartForm):
    """A stem and what matches it. Both keep their keys wherever the row is moved."""

    key = HiddenField()
    match_key = HiddenField()
    text = StringField("To be matched", validators=[Length(max=MAX_LINE)])
    match = StringField("Matches", validators=[Length(max=MAX_LINE)])
    feedback = TextAreaField("Feedback", validators=[Length(max=20_000)])


class DistractorForm(PartForm):
    """A choice that matches nothing."""

    key = HiddenField()
    text = StringField("Choice", validators=[Length(max=MAX_LINE)])


class MatchingForm(QuestionForm):
    """Matching: pairs, and choices that match nothing."""

    kind: ClassVar = QuestionKind.MATCHING
    rows: ClassVar = {
        "stems": RowRules("pair", MAX_STEMS, says=("text", "match", "feedback")),
        "choices": RowRules("choice", MAX_CHOICES - MAX_STEMS, says=("text",)),
    }
    stems = FieldList(FormField(PairForm), max_entries=MAX_STEMS)
    choices = FieldList(FormField(DistractorForm), max_entries=MAX_CHOICES - MAX_STEMS)
    all_or_nothing = BooleanField("All or nothing: one wrong pair, and the question earns nothing")

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"stems": [{}, {}, {}], "choices": [{}]}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(Matching, body)
        texts = {choice.key: choice.text for choice in body.choices}
        stems = [
            {
                "key": stem.key,
                "match_key": stem.choice,
                "text": stem.text,
                "match": texts[stem.choice],
                "feedback": stem.feedback,
            }
            for stem in body.stems
        ]
        choices = [{"key": choice.key, "text": choice.text} for choice in body.distractors()]
        return {"stems": stems, "choices": choices, "all_or_nothing": body.all_or_nothing}

    def body_json(self) -> dict[str, Any]:
        pairs = [{name: row[name].data or "" for name in ("key", "match_key", "text", "match", "feedback")} for row in self.filled("stems")]
        distractors = [{"key": row.key.data or "", "text": row["text"].data} for row in self.filled("choices")]
        return pair_up(pairs, distractors) | {"all_or_nothing": self.all_or_nothing.data}


class ItemForm(PartForm):
    """One item. Its key stays with it wherever it is moved."""

    key = HiddenField()
    text = TextAreaField("Item", validators=[Length(max=MAX_LINE)])
    feedback = TextAreaField("Feedback", validators=[Length(max=20_000)])


class OrderingForm(QuestionForm):
    """Ordering: items in the right order, and the scheme."""

    kind: ClassVar = QuestionKind.ORDERING
    rows: ClassVar = {"items": RowRules("item", MAX_ITEMS, says=("text", "feedback"))}
    items = FieldList(FormField(ItemForm), max_entries=MAX_ITEMS)
    scheme = SelectField("Grading", choices=SCHEMES, default=Scheme.ABSOLUTE_POSITION.value)

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"items": [{}, {}, {}, {}]}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        body = cast(Ordering, body)
        rows = [{"key": item.key, "text": item.text, "feedback": item.feedback} for item in body.items]
        return {"items": rows, "scheme": body.scheme.value}

    def body_json(self) -> dict[str, Any]:
        rows = [{name: row[name].data or "" for name in ("key", "text", "feedback")} for row in self.filled("items")]
        return {"items": rows, "scheme": self.scheme.data}


class GapForm(PartForm):
    """One gap: how it is filled, and what goes for all its answers."""

    key = HiddenField()
    input = SelectField("It is filled", choices=INPUTS, default=PartInput.TEXT.value)
    weight = NumberField("Weight", default="1")
    case_sensitive = BooleanField("Upper and lower case count")
    units = StringField("Units", validators=[Length(max=600)])
    needs_unit = BooleanField("A number without a unit is not accepted")
    feedback_otherwise = TextAreaField("Feedback when no answer fits", validators=[Length(max=20_000)])


class GapAnswerForm(PartForm):
    """Something that may be chosen for a gap or written into it."""

    key = HiddenField()
    gap = StringField("Gap", default="1", validators=[Length(max=3)])
    text = StringField("Answer", validators=[Length(max=MAX_LINE)])
    credit = CreditField("Credit in percent", default="100")
    tolerance = NumberField("Tolerance", default="0")
    tolerance_kind = SelectField("The number may be", choices=TOLERANCES, default=ToleranceKind.NOMINAL.value)
    feedback = TextAreaField("Feedback", validators=[Length(max=20_000)])


class ClozeForm(QuestionForm):
    """Cloze: the gaps, and their answers in one list, each saying to which gap it belongs."""

    kind: ClassVar = QuestionKind.CLOZE
    rows: ClassVar = {
        "gaps": RowRules("gap", MAX_GAPS, says=("input",)),
        "answers": RowRules("answer", MAX_GAP_ANSWERS, says=("text", "feedback")),
    }
    gaps = FieldList(FormField(GapForm), max_entries=MAX_GAPS)
    answers = FieldList(FormField(GapAnswerForm), max_entries=MAX_GAP_ANSWERS)

    @classmethod
    def blank(cls) -> dict[str, Any]:
        return {"gaps": [{"key": "1"}], "answers": [{}, {}]}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        gaps = cast(Cloze, body).gaps
        return {"gaps": [_gap_row(gap) for gap in gaps], "answers": [row for gap in gaps for row in _answer_rows(gap)]}

    def validate(self, extra_validators: Any = None) -> bool:
        """Every answer belongs to a gap that is there."""
        is_valid = bool(super().validate(extra_validators))
        for row in self.filled("answers"):
            if row.gap.data not in self._numbers():
                row.gap.errors = [*row.gap.errors, "Write the number of one of the gaps above."]
                is_valid = False
        return is_valid

    def _numbers(self) -> list[str]:
        return [entry.form.key.data or "" for entry in self.gaps.entries]

    def _answers_of(self, number: str) -> list[Any]:
        return [row for row in self.filled("answers") if row.gap.data == number]

    def new_row(self, rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
        """A gap with the next free number; or another answer, most likely to the gap of the last one."""
        if name == "answers":
            return {"gap": rows[-1]["gap"]} if rows else {}
        taken = {row["key"] for row in rows}
        return {"key": next(str(number) for number in range(1, MAX_GAPS + 1) if str(number) not in taken)}

    def body_json(self) -> dict[str, Any]:
        return {"gaps": [_gap_json(entry.form, self._answers_of(entry.form.key.data)) for entry in self.gaps.entries]}

    def _find(self, place: str) -> Field | None:
        """The body knows answers by gap, the form in one list."""
        found = IN_GAP.match(place)
        if found is not None:
            answers = self._answers_of(self._numbers()[int(found["gap"])])
            name = ANSWER_FIELDS.get(found["field"], found["field"])
            return answers[int(found["index"])]._fields.get(name) if int(found["index"]) < len(answers) else None
        found = ON_GAP.match(place)
        if found is None:
            return super()._find(place)
        row = self.gaps.entries[int(found["gap"])].form._fields
        return row.get(found["field"]) or row["input"]


def _gap_row(gap: Gap) -> dict[str, Any]:
    row: dict[str, Any] = {"key": gap.key, "input": gap.input.value, "weight": write_number(gap.weight)}
    if not isinstance(gap.body, SingleChoice):
        row["feedback_otherwise"] = gap.body.feedback_otherwise
    if isinstance(gap.body, ShortAnswer):
        row["case_sensitive"] = gap.body.case_sensitive
    if isinstance(gap.body, Numerical):
        units = (unit.name if unit.multiplier == 1 else f"{unit.name} = {write_number(unit.multiplier)}" for unit in gap.body.units)
        row |= {"units": "; ".join(units), "needs_unit": gap.body.needs_unit}
    return row


def _answer_rows(gap: Gap) -> list[dict[str, Any]]:
    if isinstance(gap.body, SingleChoice):
        found: list[dict[str, Any]] = [{"key": option.key, "text": option.text} for option in gap.body.options]
        given: Sequence[Any] = gap.body.options
    elif isinstance(gap.body, ShortAnswer):
        found, given = [{"text": answer.pattern} for answer in gap.body.answers], gap.body.answers
    else:
        given = gap.body.answers
        found = [
            {
                "text": ANY if answer.value is None else write_number(answer.value),
                "tolerance": write_number(answer.tolerance),
                "tolerance_kind": answer.tolerance_kind.value,
            }
            for answer in gap.body.answers
        ]
    return [
        row | {"gap": gap.key, "credit": write_credit(one.fraction), "feedback": one.feedback}
        for row, one in zip(found, given, strict=True)
    ]


def _gap_json(gap: PartForm, answers: Sequence[PartForm]) -> dict[str, Any]:
    body: dict[str, Any] = {"feedback_otherwise": gap.feedback_otherwise.data or ""}
    if gap.input.data == PartInput.CHOICE:
        keys = [row.key.data for row in answers]
        body = {"options": [_choice_json(row, has_key=row.key.data not in keys[:at]) for at, row in enumerate(answers)]}
    elif gap.input.data == PartInput.NUMBER:
        rows = [_common(row) | {"value": row["text"].data or "", **_tolerance(row)} for row in answers]
        body |= {"answers": rows, "units": _read_units(gap.units.data or ""), "needs_unit": gap.needs_unit.data}
    else:
        rows = [_common(row) | {"pattern": row["text"].data or ""} for row in answers]
        body |= {"answers": rows, "case_sensitive": gap.case_sensitive.data}
    return {"key": gap.key.data or "", "input": gap.input.data, "weight": gap.weight.data or "1", "body": body}


def _common(row: PartForm) -> dict[str, str]:
    return {"fraction": read_credit(row.credit.data, blank="0"), "feedback": row.feedback.data or ""}


def _choice_json(row: PartForm, *, has_key: bool) -> dict[str, str]:
    """An option; one that came from another gap and would have a key of this one again gets a new one."""
    key = {"key": row.key.data} if row.key.data and has_key else {}
    return key | _common(row) | {"text": row["text"].data or ""}


def _tolerance(row: PartForm) -> dict[str, str]:
    return {"tolerance": row.tolerance.data or "0", "tolerance_kind": row.tolerance_kind.data}


def _read_units(text: str) -> Sequence[Mapping[str, str]]:
    """`m; km = 1000` as the units of a body."""
    found = []
    for part in filter(str.strip, text.split(";")):
        name, _, multiplier = part.partition("=")
        found.append({"name": name.strip(), "multiplier": multiplier.strip() or "1"})
    return found
