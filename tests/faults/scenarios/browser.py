"""A learner's own browser: killed, offline, closed, reloaded while nobody answers. What was typed is sent in the end, and counts."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, Error, Page, expect

from laurel.quizzes import queries
from laurel.quizzes.models import Attempt
from laurel.quizzes.rules import AttemptState
from tests.browser import find_chromium
from tests.faults.lab import Lab, Scale, Site
from tests.faults.processes import kill_all
from tests.faults.scenarios import scenario
from tests.faults.table import Row, control
from tests.faults.world import COOKIE, Learner, make_world
from tests.quizzes.browsing import complete, kept

SAVED = re.compile("^All answers saved")
PATIENCE = 45_000


@contextmanager
def chromium(lab: Lab, site: Site, learner: Learner, profile: Path) -> Iterator[BrowserContext]:
    """A browser with a profile on disk, in which the learner is signed in. It may be killed in the block."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    context = lab.playwright.chromium.launch_persistent_context(profile, executable_path=find_chromium(), args=arguments)
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": COOKIE, "value": learner.cookie, "url": site.web.address}])
    try:
        yield context
    finally:
        with suppress(Error):
            context.close()


def kill_chromium(profile: Path) -> None:
    """`kill -9` for every process of the browser with this profile."""
    mine = [process for process in psutil.process_iter(["cmdline"]) if f"--user-data-dir={profile}" in (process.info["cmdline"] or [])]
    assert mine, "No browser runs with this profile."
    family = [child for process in mine for child in process.children(recursive=True)]
    kill_all([*mine, *family])


def open_question(context: BrowserContext, site: Site, learner: Learner, number: int) -> Page:
    page = context.new_page()
    page.goto(f"{site.web.address}/attempts/{learner.attempts[0]}/questions/{number}")
    expect(page.locator("exam-saving[ready]")).to_be_visible(timeout=PATIENCE)
    complete(page)  # before the server goes away, and all that has not arrived with it
    return page


def say(page: Page, words: str) -> None:
    page.get_by_label("Your answer").fill(words)


def wait_saved(page: Page) -> None:
    expect(page.locator("exam-saving")).to_have_text(SAVED, timeout=PATIENCE)


def wait_unsaved(page: Page) -> None:
    expect(page.locator("exam-saving")).to_have_text(re.compile("^Not saved, retrying"), timeout=PATIENCE)


def stored(site: Site, learner: Learner, number: int) -> object:
    with site.database.session(writes=False) as session:
        found = queries.find_answer(session, learner.attempts[0], number)
        return None if found is None else found.answer


def problems_of(site: Site, learner: Learner, number: int, words: str) -> list[str]:
    found = stored(site, learner, number)
    return [] if found == {"text": words} else [f"question {number} holds {found}, not “{words}”"]


@scenario("F8", "the learner's browser is killed, offline, closed or reloaded", short=True)
def hurt_browser(lab: Lab, _scale: Scale) -> Iterator[Row]:
    site = lab.site("sqlite")
    learner = make_world(site.database).learners[0]
    profile = lab.folder / f"profile-{time.monotonic_ns()}"
    yield killed(lab, site, learner, profile)
    with chromium(lab, site, learner, profile) as context:
        yield reloaded_while_away(context, site, learner)
        yield closed_offline(context, site, learner)
        yield gone_back(context, site, learner)


def row(what: str, problems: list[str], began: float) -> Row:
    return Row(code="F8", what=what, on="Chromium", problems=problems, measured={"saved_after_s": round(time.monotonic() - began, 1)})


def killed(lab: Lab, site: Site, learner: Learner, profile: Path) -> Row:
    """The server is away, an answer waits in the browser, and the browser is killed."""
    with chromium(lab, site, learner, profile) as context:
        page = open_question(context, site, learner, 1)
        site.web.kill()
        say(page, "killed")
        wait_unsaved(page)
        kill_chromium(profile)
    problems = ["the answer was there before it was sent"] if stored(site, learner, 1) else []
    site.web.start()
    began = time.monotonic()
    with chromium(lab, site, learner, profile) as context:
        page = open_question(context, site, learner, 1)
        wait_saved(page)
        problems += [] if page.get_by_label("Your answer").input_value() == "killed" else ["the page does not show it"]
    return row("kill -9 with an answer unsent, opened again", [*problems, *problems_of(site, learner, 1, "killed")], began)


def reloaded_while_away(context: BrowserContext, site: Site, learner: Learner) -> Row:
    """The server stops, an answer is given, and the page is reloaded before the server is back."""
    page = open_question(context, site, learner, 2)
    site.web.kill()
    say(page, "reloaded")
    wait_unsaved(page)
    with suppress(Error):
        page.reload()
    site.web.start()
    began = time.monotonic()
    page.goto(f"{site.web.address}/attempts/{learner.attempts[0]}/questions/2")
    expect(page.get_by_label("Your answer")).to_have_value("reloaded", timeout=PATIENCE)
    wait_saved(page)
    page.close()
    return row("reloaded while the server was away", problems_of(site, learner, 2, "reloaded"), began)


def closed_offline(context: BrowserContext, site: Site, learner: Learner) -> Row:
    """No network, an answer is given, the page closed; another page of the same browser sends it."""
    page = open_question(context, site, learner, 3)
    context.set_offline(True)
    say(page, "closed")
    kept(page)
    page.close()
    context.set_offline(False)
    began = time.monotonic()
    page = open_question(context, site, learner, 3)
    wait_saved(page)
    page.close()
    return row("closed while offline, another page opened", problems_of(site, learner, 3, "closed"), began)


def gone_back(context: BrowserContext, site: Site, learner: Learner) -> Row:
    """After handing in, the back button leads to pages on which nothing can be changed."""
    page = open_question(context, site, learner, 4)
    say(page, "the last")
    wait_saved(page)
    began = time.monotonic()
    page.goto(f"{site.web.address}/attempts/{learner.attempts[0]}/hand-in")
    page.get_by_role("button", name="Hand in and finish").click()
    expect(page).to_have_url(re.compile("/result$"), timeout=PATIENCE)
    page.go_back()
    page.go_back()
    problems = ["an answer can still be typed"] if page.get_by_label("Your answer").and_(page.locator(":enabled")).count() else []
    with site.database.session(writes=False) as session:
        attempt = session.get_one(Attempt, learner.attempts[0])
        problems += [] if attempt.state is AttemptState.GRADED else [f"the attempt is {attempt.state}"]
    return row("handed in, then back", [*problems, *problems_of(site, learner, 4, "the last")], began)


FORGETFUL = """
indexedDB.open = () => { throw new DOMException("no room"); };
Storage.prototype.setItem = () => { throw new DOMException("no room"); };
"""


@scenario("F8c", "control: a browser that keeps nothing, killed")
def forgetful_browser(lab: Lab, _scale: Scale) -> Iterator[Row]:
    site = lab.site("sqlite")
    learner = make_world(site.database).learners[0]
    profile = lab.folder / f"profile-{time.monotonic_ns()}"
    with chromium(lab, site, learner, profile) as context:
        context.add_init_script(FORGETFUL)
        page = open_question(context, site, learner, 1)
        site.web.kill()
        say(page, "killed")
        wait_unsaved(page)
        kill_chromium(profile)
    site.web.start()
    with chromium(lab, site, learner, profile) as context:
        page = open_question(context, site, learner, 1)
        page.wait_for_timeout(3000)
    found = stored(site, learner, 1)
    yield control("F8c", "no storage in the browser, kill -9 with an answer unsent", "Chromium", is_red=found is None, stored=found)
