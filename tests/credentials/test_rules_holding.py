"""The rules of what holders do: who may see it, tokens, LinkedIn, the calendar, names, the end."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.calendar import expiry_event
from laurel.credentials.rules.expiry import STAGES, ends_between, is_news
from laurel.credentials.rules.linkedin import Entry, add_to_profile_url, share_url
from laurel.credentials.rules.name_changes import answer_due, check_wanted_name, edit_distance, is_small
from laurel.credentials.rules.passes import Link, Pass, read_token, write_token
from laurel.credentials.rules.visibility import is_same_name

SECRET = "a secret that is long enough for anybody"
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "name", "is_same"),
    [
        ("Ada Lovelace", "Ada Lovelace", True),
        ("  ada   LOVELACE ", "Ada Lovelace", True),
        ("Jose Nunez", "José Núñez", True),
        ("Anne Marie O’Neill", "Anne-Marie O'Neill", True),
        ("GROSS", "Groß", True),
        ("Ada", "Ada Lovelace", False),
        ("Lovelace Ada", "Ada Lovelace", False),
        ("Ada Lovelac", "Ada Lovelace", False),
        ("%", "Ada Lovelace", False),
        ("", "Ada Lovelace", False),
        ("-", "’", False),
        ("李小龍", "李小龍", True),
        ("राम", "राम", True),
        ("राम", "रीमा", False),
        ("कुमार", "कमरी", False),
        ("คำ", "ค้ำ", False),
        ("かき", "がき", False),
        ("احمد محمد", "أحمد مُحَمَّد", True),
        ("נח", "נֹחַ", True),
        ("葛城", "葛\U000e0100城", True),
    ],
)
def test_a_name_is_the_holders_only_if_all_of_it_fits(asked: str, name: str, is_same: bool) -> None:
    assert is_same_name(asked, name) is is_same


@given(st.text(max_size=40))
def test_every_name_is_its_own_if_there_is_anything_to_be_seen_of_it(name: str) -> None:
    assert is_same_name(name, name) is is_same_name(name.upper(), name.upper())


@pytest.mark.parametrize("token", [Link(UUID(int=7)), Pass(UUID(int=9), MOMENT)])
def test_a_token_says_what_was_written(token: Link | Pass) -> None:
    assert read_token(write_token(token, SECRET), ["another", SECRET]) == token


def test_a_token_of_another_secret_is_none() -> None:
    assert read_token(write_token(Link(uuid4()), "another secret"), [SECRET]) is None


@settings(max_examples=60)
@given(place=st.integers(min_value=0, max_value=64), letter=st.sampled_from("AZaz09-_=.%é\x00"))
def test_no_letter_of_a_token_can_be_changed(place: int, letter: str) -> None:
    token = Link(UUID(int=7))
    text = write_token(token, SECRET)
    changed = text[:place] + letter + text[place + 1 :]

    assert read_token(changed, [SECRET]) in ({token} if changed == text else {None})


@settings(max_examples=60)
@given(st.text(max_size=200))
def test_whatever_somebody_writes_is_no_token(text: str) -> None:
    assert read_token(text, [SECRET]) is None


def test_a_link_cannot_be_read_as_a_pass() -> None:
    link, its_pass = write_token(Link(UUID(int=7)), SECRET), write_token(Pass(UUID(int=7), MOMENT), SECRET)

    assert isinstance(read_token(link, [SECRET]), Link)
    assert isinstance(read_token(its_pass, [SECRET]), Pass)
    assert link != its_pass


def entry(**facts: object) -> Entry:
    given: dict[str, object] = {
        "name": "AI & Safety / 100 % + more",
        "organization": "Laurel Academy",
        "organization_id": "",
        "issued": datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
        "ends": datetime(2028, 1, 1, tzinfo=UTC),
        "page_url": "https://laurel.example/credentials/0b7d",
        "number": "LRL-7Q4M-KD2X-93ZZ",
    }
    return Entry(**{**given, **facts})  # type: ignore[arg-type]


def test_linkedin_gets_months_from_one_to_twelve_and_everything_quoted() -> None:
    url = add_to_profile_url(entry())
    query = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))

    assert url.startswith(
        "https://www.linkedin.com/profile/add?startTask=CERTIFICATION_NAME&name=AI%20%26%20Safety%20%2F%20100%20%25%20%2B%20more&"
    )
    assert query["organizationName"] == "Laurel Academy"
    assert (query["issueYear"], query["issueMonth"]) == ("2026", "12")
    assert (query["expirationYear"], query["expirationMonth"]) == ("2028", "1")
    assert "certUrl=https%3A%2F%2Flaurel.example%2Fcredentials%2F0b7d" in url
    assert query["certId"] == "LRL-7Q4M-KD2X-93ZZ"
    assert "organizationId" not in query


def test_linkedin_hears_no_word_of_an_end_that_there_is_not_and_of_the_name_only_without_an_id() -> None:
    query = dict(parse_qsl(urlsplit(add_to_profile_url(entry(ends=None, organization_id="1337"))).query))

    assert query["organizationId"] == "1337"
    assert {"organizationName", "expirationYear", "expirationMonth"} & set(query) == set()


def test_a_post_on_linkedin_gets_the_page() -> None:
    assert (
        share_url("https://a.example/b?c=d&e")
        == "https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%26e"
    )


def test_the_end_stands_in_a_calendar_as_rfc_5545_wants_it() -> None:
    text = expiry_event(
        uid="x@laurel.example",
        ends_on=MOMENT.date(),
        summary="Certificate expires: Größe, Maß; und " + "ü" * 80,
        description="a\nb",
        url="https://laurel.example/",
        written_at=MOMENT,
    )

    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = text.replace("\r\n ", "")
    assert "SUMMARY:Certificate expires: Größe\\, Maß\\; und " + "ü" * 80 in unfolded
    assert "DESCRIPTION:a\\nb" in unfolded
    assert "DTSTART;VALUE=DATE:20261120" in lines
    assert "DTEND;VALUE=DATE:20261121" in lines
    assert text.count("BEGIN:VALARM") == 3


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0),
        ("Ada", "Ada", 0),
        ("Ada", "Ada ", 1),
        ("Lovelace", "Lovelase", 1),
        ("Ada", "Eva", 2),
        ("kitten", "sitting", 3),
        ("", "abc", 3),
    ],
)
def test_how_far_names_are_apart(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == distance


@pytest.mark.parametrize(
    ("former", "wanted", "is_slip"),
    [
        ("José", "Jose\u0301", True),
        ("Ada Lovlace", "Ada Lovelace", True),
        ("Zebulon Quince", "Zebulon Quinze", True),
        ("ada lovelace", "Ada Lovelace", True),
        ("Шевченко Тарас", "Шевченко Тарасс", True),
        ("Ada", "Evan", False),
        ("王伟", "李娜", False),
        ("欧阳娜娜娜娜娜娜", "欧阳娜娜娜娜娜丽", False),
        ("김철수", "김영희", False),
        ("やまだ たろう", "やまだ じろう", False),
        ("Ng", "Wu", False),
        ("Li", "Lo", False),
        ("Bo Li", "Bo Xu", False),
        ("Bo Lindqvist", "Bo Mindqvist", False),
        ("Ann Lee", "Ian Lee", False),
        ("Maria Anna Li", "Maria Anna Wu", False),
        ("Anna Maria", "Anna", False),
    ],
)
def test_a_slip_keeps_every_words_first_letter_and_most_of_its_letters(former: str, wanted: str, is_slip: bool) -> None:
    assert is_small(former, wanted) is is_slip
    assert is_small(wanted, former) is is_slip


@pytest.mark.parametrize("text", ["", "   ", "123", "\u202e", "x" * 121])
def test_what_is_no_name_is_refused_beside_its_field(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_wanted_name(text)
    assert refused.value.field == "new_name"


@pytest.mark.parametrize(("asked", "due"), [(20, 24), (21, 24), (22, 24), (23, 25), (26, 30)])
def test_staff_have_two_working_days(asked: int, due: int) -> None:
    assert answer_due(datetime(2026, 11, asked, 9, 30, tzinfo=UTC)) == datetime(2026, 11, due, 9, 30, tzinfo=UTC)


@settings(max_examples=60)
@given(st.integers(min_value=-20, max_value=120))
def test_a_certificate_is_in_one_stage_at_a_time(days_left: int) -> None:
    ends_at = MOMENT + timedelta(days=days_left, hours=1)

    stages = [days for days in STAGES if (between := ends_between(days, MOMENT))[0] < ends_at <= between[1]]

    wanted = next((days for days in reversed(STAGES) if ends_at <= MOMENT + timedelta(days=days)), None)
    assert stages == ([wanted] if wanted is not None and days_left >= -14 else [])


def test_nobody_is_told_of_a_stage_that_had_begun_when_it_was_signed() -> None:
    assert is_news(30, signed_at=MOMENT, ends_at=MOMENT + timedelta(days=31))
    assert not is_news(90, signed_at=MOMENT, ends_at=MOMENT + timedelta(days=31))
