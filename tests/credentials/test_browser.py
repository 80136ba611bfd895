"""Examining a certificate in a real browser: by keyboard, without a script, at any width, light and dark."""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, expect
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from laurel.core import clock
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from tests.browser import find_chromium
from tests.credentials.test_examining import stored
from tests.factories.credentials import make_credential
from tests.looking import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOKS = [("light", 1280), ("dark", 360)]
PICTURED = [*LOOKS, ("light", 360), ("dark", 1280)]
PICTURES = os.environ.get("LAUREL_PICTURES", "")
"""A folder for pictures of the pages, for who wants to look at them."""


@pytest.fixture
def chromium(app: Flask, playwright: Playwright) -> Iterator[Browser]:
    """A browser for which laurel.test is this test's server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = False  # type: ignore[attr-defined]  # the end waits for requests that are still under way
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    rules = f"--host-resolver-rules=MAP laurel.test 127.0.0.1:{server.server_port}"
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu", rules])
    yield browser
    browser.close()
    server.shutdown()
    serving.join()
    server.server_close()


def look(page: Page, name: str) -> None:
    """No rule of axe is broken and nothing is wider than the page: each theme once, and each width."""
    page.wait_for_load_state()
    page.mouse.move(0, 0)  # what lies under the pointer after the press is chance
    for scheme, width in PICTURED if PICTURES else LOOKS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it is painted anew
        assert faults_of(page) == ([], 0)
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}-{width}.png", full_page=True)


def test_a_file_is_examined_by_keyboard_and_without_a_script(chromium: Browser, session: Session, tmp_path: Path) -> None:
    credential = make_credential(session)
    session.commit()
    text = stored(session)
    files = {name: tmp_path / f"{name}.json" for name in ("valid", "altered")}
    files["valid"].write_text(text)
    files["altered"].write_text(text.replace("Ada Lovelace", "Eve Lovelace"))
    page = chromium.new_context(java_script_enabled=False).new_page()

    for name, word in (("valid", "Valid"), ("altered", "Signature invalid")):
        page.goto("http://laurel.test/verify")
        page.get_by_label("File of the certificate").set_input_files(files[name])
        page.get_by_label("Or paste its text").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Examine")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_title(re.compile(f"^{word}: the file that you sent"))
        expect(page.locator(".verdict-word")).to_have_text(word)
    page.goto("http://laurel.test/verify")
    page.get_by_label("Or paste its text").fill(credential.number)
    page.get_by_role("button", name="Examine").press("Enter")
    expect(page.locator(".verdict-word")).to_have_text("Valid")


def test_every_outcome_is_a_good_page(chromium: Browser, session: Session) -> None:
    credential = make_credential(session)
    session.commit()
    text = stored(session)
    pasted = {
        "start": "",
        "valid": text,
        "altered": text.replace("Ada Lovelace", "Eve Lovelace"),
        "foreign": text.replace("did:web:laurel.test", "did:web:elsewhere.example"),
        "unreadable": text[:-1],
    }
    page = chromium.new_page()
    for name, content in pasted.items():
        page.goto("http://laurel.test/verify")
        if content:
            page.get_by_label("Or paste its text").fill(content)
            page.get_by_role("button", name="Examine").click()
            expect(page).not_to_have_title(re.compile("^Verify"))
        look(page, name)
    expect(page.get_by_label("Or paste its text")).to_be_focused()
    revoke(session, credential.id, reason=RevocationReason.ISSUED_IN_ERROR, note="Why.", actor_id=None, now=clock.now())
    session.commit()
    page.get_by_label("Or paste its text").fill(text)
    page.get_by_role("button", name="Examine").click()
    expect(page.locator(".verdict-word")).to_have_text("Revoked")
    look(page, "revoked")
