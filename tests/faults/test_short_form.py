"""The faults that need nothing but this environment, in their short form. `make faults` runs all of them, longer, and prints the table."""

import pytest

from tests.faults.lab import SHORT, Lab
from tests.faults.processes import Web, WrongServerError
from tests.faults.scenarios import Scenario, load_all

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.xdist_group("faults")]
SHORT_FORMS = [one for one in load_all() if one.is_short]


@pytest.mark.parametrize("one", [one for one in SHORT_FORMS if not one.is_control], ids=str)
def test_nothing_that_was_acknowledged_is_lost_or_counted_twice(one: Scenario, lab: Lab) -> None:
    rows = list(one.run(lab, SHORT))

    assert [row.problems for row in rows] == [[]] * len(rows)
    assert rows


@pytest.mark.parametrize("one", [one for one in SHORT_FORMS if one.is_control], ids=str)
def test_the_same_check_goes_red_where_something_is_lost(one: Scenario, lab: Lab) -> None:
    rows = list(one.run(lab, SHORT))

    assert [row.verdict for row in rows] == ["red, as it must be"] * len(rows)
    assert rows


def test_a_server_that_we_did_not_start_is_not_taken_for_ours(lab: Lab) -> None:
    ours = lab.site("sqlite").web
    stranger = Web(ours.environment, log=lab.folder / "stranger.log", port=ours.port)
    stranger.process, stranger.boot_id = ours.process, "another start"

    with pytest.raises(WrongServerError):
        stranger.answers()
