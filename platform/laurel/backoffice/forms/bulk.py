"""What staff send about many certificates at once."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from laurel.backoffice.forms import whole
from laurel.backoffice.forms.credentials import RevokeForm
from laurel.core.errors import InvalidInputError
from laurel.core.ids import new_id
from laurel.credentials.queries.bulk import RevocationFilter
from laurel.credentials.rules.bulk import COLUMNS, MAX_ROWS, Duplicates
from laurel.credentials.rules.numbers import parse_number
from laurel.web.forms import LaurelForm

MAX_LIST = 200_000


def header_field(label: str, name: str) -> StringField:
    """How a column is called in the file."""
    return StringField(label, default=name, validators=[InputRequired("Write how this column is called."), Length(max=80)])


class ImportForm(LaurelForm):
    """A file of certificates. `key` makes one job of one form, however often it is sent."""

    key = HiddenField()
    file = FileField("CSV file", validators=[FileRequired("Choose a file.")])
    email = header_field("Column with the e-mail address", "email")
    name = header_field("Column with the name", "name")
    course = header_field("Column with the course’s short name", "course")
    awarded = header_field("Column with the day of the award", "awarded")
    duplicates = SelectField(
        "If somebody holds the certificate already",
        choices=[
            SelectChoice(Duplicates.SKIP.value, "leave that row out"),
            SelectChoice(Duplicates.REFUSE.value, "issue nothing of this file"),
        ],
    )
    tells_holder = BooleanField("Tell each holder by mail", default=True)

    def headers(self) -> dict[str, str]:
        return {column: self[column].data for column in COLUMNS}


class BulkRevokeForm(RevokeForm):
    """Which certificates shall be revoked, and why."""

    key = HiddenField()
    achievement = SelectField("Credential", validators=[Optional()])
    first_day = DateField("Awarded from (UTC)", validators=[Optional()])
    last_day = DateField("Awarded until (UTC)", validators=[Optional()])
    numbers = TextAreaField("Numbers", validators=[Optional(), Length(max=MAX_LIST, message="This list is too long. Do it in parts.")])

    def wanted(self) -> RevocationFilter:
        """The filter; raises InvalidInputError, with its field, for numbers that are none, and if nothing narrows it."""
        first, last = self.first_day.data, self.last_day.data
        if first and last and last < first:
            raise InvalidInputError("The last day is before the first.", field="last_day")
        found = RevocationFilter(
            achievement_id=UUID(self.achievement.data) if self.achievement.data else None,
            since=datetime.combine(first, time(), UTC) if first else None,
            until=datetime.combine(last, time(), UTC) + timedelta(days=1) if last else None,
            numbers=self._numbers(),
        )
        if found == RevocationFilter():
            raise InvalidInputError("Choose a credential, days or numbers: nobody revokes everything.")
        return found

    def _numbers(self) -> tuple[str, ...]:
        lines = [line.strip(" \t,;") for line in (self.numbers.data or "").splitlines()]
        numbers = []
        for n, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                numbers.append(parse_number(line))
            except InvalidInputError as error:
                raise InvalidInputError(f"Line {n}: {error.message}", field="numbers") from None
        if len(numbers) > MAX_ROWS:
            raise InvalidInputError(f"Write at most {MAX_ROWS:,} numbers at once.", field="numbers")
        return tuple(dict.fromkeys(numbers))

    def title(self) -> str:
        """What the job is called in the list."""
        chosen = dict(self.achievement.choices).get(self.achievement.data or "", "")
        days = [f"from {self.first_day.data}" if self.first_day.data else "", f"until {self.last_day.data}" if self.last_day.data else ""]
        numbers = len(self._numbers())
        words = [chosen if self.achievement.data else "", *days, f"{numbers:,} numbers" if numbers else ""]
        return ", ".join(word for word in words if word)


class ConfirmForm(LaurelForm):
    """The number of rows, typed by hand."""

    count = StringField("Number of certificates", validators=[whole(1, MAX_ROWS, "Write the number of certificates as digits.")])


def new_key() -> str:
    return str(new_id())
