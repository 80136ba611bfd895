"""How a certificate stands is said by one word, the same on every page and by the API, and no sentence beside it says otherwise."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import Client

from laurel.core import clock
from tests.conftest import SignIn
from tests.credentials.fates import FATES, VALID, Fate
from tests.factories.accounts import make_user
from tests.factories.credentials import make_credential
from tests.factories.holders import make_private

PAGE = {"Accept": "text/html"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def read(client: Client, address: str, **query: Any) -> str:
    return " ".join(client.get(address, headers=PAGE, query_string=query).text.split())


def word_in(page: str) -> str:
    return page.partition('<p class="verdict-word">')[2].partition("<")[0]


def title_of(page: str) -> str:
    return page.partition("<title>")[2].partition("</title>")[0]


@pytest.mark.parametrize("is_private", [False, True], ids=["unlisted", "private"])
@pytest.mark.parametrize("fate", [VALID, *FATES], ids=lambda fate: fate.word)
def test_every_page_and_the_api_say_the_same_word(app: Flask, session: Session, sign_in: SignIn, fate: Fate, is_private: bool) -> None:
    holder, public = make_user(session), app.test_client()
    credential = make_credential(session, learner=holder)
    if is_private:
        make_private(session, credential)

    with fate.of(session, credential):
        page, found = read(public, f"/credentials/{credential.id}"), read(public, "/verify", number=credential.number)
        said = public.get(f"/api/v1/certificates/{credential.number}").json["verdict"]
        mine = sign_in(holder)
        home, listed = read(mine, f"/account/credentials/{credential.id}"), read(mine, "/account/credentials")

    assert [word_in(page), word_in(found), word_in(home), said.capitalize()] == [fate.word] * 4
    assert title_of(found).startswith(f"{fate.word}: ")
    assert title_of(page).startswith(f"{fate.word}: ") is (is_private or fate is not VALID)
    assert f">{fate.word}</span>" in re.sub(r"<svg.*?</svg>", "", listed)


@pytest.mark.parametrize("fate", [VALID, *FATES], ids=lambda fate: fate.word)
def test_no_sentence_calls_valid_what_is_not(session: Session, sign_in: SignIn, fate: Fate) -> None:
    holder = make_user(session)
    credential = make_credential(session, learner=holder)

    with fate.of(session, credential):
        mine = sign_in(holder)
        home, listed = read(mine, f"/account/credentials/{credential.id}"), read(mine, "/account/credentials")

    assert ("It was revoked on " in listed) is (fate.word == "Revoked")
    for page in (home.partition('<p class="verdict-word">')[2].partition("</div>")[0], listed):
        assert ("Valid until " in page) is (fate is VALID)
        assert ("It was valid until " in page) is (fate.word == "Expired")
        assert ("It ends on " in page) is (fate.word in {"On hold", "Temporarily unknown", "Not yet valid"})


def test_what_carries_a_former_name_is_spoken_of_in_a_sentence(session: Session, sign_in: SignIn) -> None:
    holder = make_user(session)
    credential = make_credential(session, learner=holder)
    credential.former_name_since = clock.now()
    session.commit()
    mine = sign_in(holder)

    assert "Issued under a former name on " in read(mine, "/account/credentials")
    for address in ("/account/credentials", f"/account/credentials/{credential.id}", f"/account/credentials/{credential.id}/erase"):
        assert not re.search(r"[a-z,] A former name", read(mine, address)), address
