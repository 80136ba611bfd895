"""Certificate numbers in what pages say: none is broken at its hyphens, however narrow the page."""

import re
from typing import Any

from markupsafe import Markup, escape

from laurel.credentials.rules.numbers import ALPHABET, PREFIX
from laurel.credentials.views.base import bp

NUMBER = re.compile(rf"{PREFIX}(?:-[{ALPHABET}]{{4}}){{3}}")
WHOLE = Markup('<span class="numbers nowrap">{}</span>')


@bp.app_template_filter()
def unbroken(value: Any) -> Any:
    """The text with each certificate number in one line. What is markup already, or no text, stays as it is."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return Markup(NUMBER.sub(lambda found: WHOLE.format(found[0]), str(escape(value))))  # noqa: S704 (escaped before)
