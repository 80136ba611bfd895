"""What the forms of all kinds of question share."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self
from uuid import UUID

from wtforms import HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.fields import Field, FieldList
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from laurel.bank.rules import Body, QuestionDraft, QuestionKind, parse_body, split_tags
from laurel.bank.rules.drafts import MAX_OBJECTIVE
from laurel.bank.rules.numbers import parse_number
from laurel.bank.rules.reading import write_number
from laurel.bank.rules.tags import MAX_GROUP, MAX_TAG, MAX_TAGS
from laurel.core.errors import InvalidInputError
from laurel.web.forms import LaurelForm

DIFFICULTIES = [
    SelectChoice("1", "1: recall"),
    SelectChoice("2", "2: understand"),
    SelectChoice("3", "3: apply"),
    SelectChoice("4", "4: analyze"),
    SelectChoice("5", "5: judge and combine"),
]
PLACE = re.compile(r"(?P<list>[a-z]+)-(?P<index>\d+)-(?P<field>[a-z_]+)\Z")
FIELD_OF = {"fraction": "credit"}
"""What the form calls a thing where the body calls it otherwise."""


@dataclass(frozen=True, slots=True)
class RowRules:
    """A list of rows of a form: what one is called, how many there may be, and the fields that make a row count."""

    noun: str
    most: int
    says: Sequence[str]


class CreditField(StringField):  # type: ignore[misc]
    """A share of the mark in percent: `100`, `33.33333 %`; blank where the kind knows what to take."""

    def pre_validate(self, _form: Any) -> None:
        if self.data and _percentage(self.data) is None:
            raise ValidationError("Write a percentage such as 50 or 33.33333.")


class NumberField(StringField):  # type: ignore[misc]
    """A number as the author writes it; kept as text, because `1.30` is not `1.3` to them."""

    def pre_validate(self, _form: Any) -> None:
        if self.data and parse_number(self.data) is None:
            raise ValidationError("This is not a number. Write it like 0.5 or 1,500.")


def _percentage(text: str) -> Decimal | None:
    return parse_number(text.strip().removesuffix("%"))


def read_credit(text: str, *, blank: str) -> str:
    """A percentage as the fraction that a body holds."""
    number = _percentage(text or "")
    return blank if number is None else write_number(number / 100)


def write_credit(fraction: Decimal) -> str:
    """A fraction as the percentage that the field holds."""
    return write_number((fraction * 100).normalize())


class QuestionForm(LaurelForm):
    """What every kind asks for. A kind adds its fields, says which lists can be rearranged, and makes and reads its body."""

    kind: ClassVar[QuestionKind]
    rows: ClassVar[Mapping[str, RowRules]] = {}

    base_revision = HiddenField(default="0")
    stem = TextAreaField("Question", validators=[DataRequired("Write the question."), Length(max=20_000)])
    general_feedback = TextAreaField("General feedback", validators=[Optional(), Length(max=20_000)])
    category = SelectField("Category", validators=[DataRequired("Choose a category.")])
    objective = StringField("Learning objective", validators=[Optional(), Length(max=MAX_OBJECTIVE)])
    difficulty = SelectField("Difficulty", choices=DIFFICULTIES, default="3")
    tags = StringField("Tags", validators=[Optional(), Length(max=MAX_TAGS * (MAX_TAG + 2))])
    duplicate_group = StringField("Duplicate group", validators=[Optional(), Length(max=MAX_GROUP)])

    @classmethod
    def blank(cls) -> dict[str, Any]:
        """What a new question begins with."""
        return {}

    @classmethod
    def fields_of(cls, body: Body) -> dict[str, Any]:
        """The values of this kind's own fields for a body."""
        raise NotImplementedError

    def body_json(self) -> dict[str, Any]:
        """The body that the fields describe, as JSON for `parse_body`."""
        raise NotImplementedError

    def offer(self, categories: Sequence[tuple[str, str]]) -> None:
        """The categories to choose from, as (id, title)."""
        self.category.choices = [SelectChoice("", "Choose a category"), *(SelectChoice(*category) for category in categories)]

    @property
    def revision(self) -> int:
        """The revision that the author began with; -1, which no question has, if the field was tampered with."""
        text = self.base_revision.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1

    def filled(self, name: str) -> list[Any]:
        """The rows of a list that say anything; the others are as good as not there."""
        return [entry.form for entry in self[name].entries if any(entry.form[field].data for field in self.rows[name].says)]

    def read_draft(self) -> QuestionDraft | None:
        """What the author wrote, or None; then each message stands beside its field."""
        if not self.validate():
            return None
        try:
            return QuestionDraft(
                category_id=UUID(self.category.data),
                stem=self.stem.data,
                body=parse_body(self.kind, self.body_json()),
                general_feedback=self.general_feedback.data or "",
                objective=self.objective.data or "",
                difficulty=int(self.difficulty.data),
                tags=tuple(split_tags(self.tags.data or "")),
                duplicate_group=self.duplicate_group.data or "",
            ).cleaned()
        except InvalidInputError as error:
            self.put_message(error.message, error.field or "")
            return None

    def put_message(self, message: str, place: str) -> None:
        """Put a message beside the field that a place of the body names, or on top of the form if there is none."""
        field = self._find(place)
        if field is None:
            self.form_errors.append(message)
        else:
            field.errors = [*field.errors, message]

    def _find(self, place: str) -> Field | None:
        found = PLACE.match(place)
        if found is None:
            return self._fields.get(place) if not isinstance(self._fields.get(place), FieldList) else None
        rows = self.filled(found["list"]) if found["list"] in self.rows else []
        index = int(found["index"])
        return rows[index]._fields.get(FIELD_OF.get(found["field"], found["field"])) if index < len(rows) else None

    def messages(self) -> list[tuple[str, str]]:
        """(id of the field or "", message) of everything that is wrong, in the order of the page."""
        found = [("", message) for message in self.form_errors]
        for field in self:
            inner = [leaf for entry in field.entries for leaf in entry.form] if isinstance(field, FieldList) else [field]
            found += [("" if leaf.type in {"CSRFTokenField", "HiddenField"} else leaf.id, leaf.errors[0]) for leaf in inner if leaf.errors]
        return found

    def rearranged(self, act: str) -> tuple[Self, str]:
        """The same form after `add-options`, `remove-options-2`, `up-answers-1` or `down-units-0`, and the id of the field to go to.

        Raises InvalidInputError for anything else, and for one row too many.
        """
        verb, name, index = ([*act.split("-"), "", ""])[:3]
        if name not in self.rows or verb not in {"add", "remove", "up", "down"}:
            raise InvalidInputError("That is not a button of this page.")
        data = {key: value for key, value in self.data.items() if key != "csrf_token"}
        at = self._move(name, data[name], verb, index)
        changed = type(self)(formdata=None, data=data)
        return changed, f"{name}-{at}-{self.rows[name].says[0]}"

    def _move(self, name: str, rows: list[dict[str, Any]], verb: str, index: str) -> int:
        """Change the rows in place; returns the row to go to."""
        rules = self.rows[name]
        if verb == "add":
            if len(rows) >= rules.most:
                raise InvalidInputError(f"There can be {rules.most} {rules.noun}s at most.")
            rows.append(self.new_row(rows, name))
            return len(rows) - 1
        if not index.isascii() or not index.isdigit() or len(index) > 3 or int(index) >= len(rows):
            raise InvalidInputError("That row is not there any more.")
        at = int(index)
        row = rows.pop(at)
        if verb == "remove":
            return max(0, at - 1)
        to = min(max(0, at + (1 if verb == "down" else -1)), len(rows))
        rows.insert(to, row)
        return to

    def new_row(self, _rows: list[dict[str, Any]], _name: str) -> dict[str, Any]:
        """A blank row beside those that are there in the list of this name."""
        return {}
