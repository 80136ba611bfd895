"""The main job, in a real browser: from an article to a certificate that a stranger verifies."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Demo
from tests.journeys.keys import KeyBook
from tests.journeys.walking import CARD, DECLINED, Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
COURSE = "ai-prompt-engineer-level-1"


def test_a_reader_becomes_a_certified_prompt_engineer(page: Page, demo: Demo, keys: KeyBook, complaints: list[str]) -> None:
    reader = Person(page, demo.address, keys)
    reader.open("/articles/alibaba-trillion-parameter-model")
    expect(page.locator(".cta-end_card")).to_contain_text("$195")
    expect(page.locator(".cta-end_card")).to_contain_text("50 questions")

    reader.click(page.locator(".cta-end_card a.button"))
    expect(page).to_have_url(re.compile(rf"/courses/{COURSE}\?via="))
    reader.follow("Enroll for $195")
    expect(page.get_by_role("heading", level=1)).to_have_text("Create your account to enroll in AI Prompt Engineer Level 1")
    reader.register()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Enroll in AI Prompt Engineer Level 1")

    reader.press("Continue to payment")
    reader.pay(DECLINED)
    expect(page.get_by_text(re.compile("declined", re.I)).first).to_be_visible()
    reader.click(page.get_by_text(re.compile("^Back")).first)
    expect(page).to_have_url(re.compile(r"/orders/[0-9a-f-]+"))
    order = page.url
    reader.open(f"/learn/{COURSE}")
    expect(page).to_have_url(re.compile("/enroll$"))

    page.goto(order)
    reader.press(re.compile("Resume"))
    reader.pay(CARD)
    expect(page.get_by_role("link", name=re.compile("Start learning"))).to_be_visible()

    reader.study(COURSE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("certification exam")
    reader.sit()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("pass", re.I))
    expect(page.locator("main")).to_contain_text("Techniques for images")

    _receives_and_shows_the_certificate(reader, "Certified AI Prompt Engineer Level 1")


def _receives_and_shows_the_certificate(reader: Person, title: str) -> None:
    page = reader.page
    reader.open("/account/credentials")
    for link in (title, "See the page"):  # it awards the certificate, and then it signs it
        reader.wait_for(link)
        reader.follow(link)
    expect(page.locator("main")).to_contain_text("Grace Hopper")
    expect(page.locator("main")).to_contain_text("Valid")
    number = re.search(r"LRL-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page.locator("main").inner_text())
    assert number is not None

    document = page.request.get(page.url, headers={"Accept": "application/json"}).json()
    assert document["credentialSubject"]["achievement"]["name"] == title
    assert document["proof"]["cryptosuite"] == "eddsa-rdfc-2022"
    pdf = page.request.get(f"{page.url}/certificate.pdf")
    assert pdf.body().startswith(b"%PDF-")

    reader.open("/verify")
    page.get_by_role("textbox", name=re.compile("number", re.I)).fill(number[0].lower().replace("-", " "))
    reader.press(re.compile("Verify|Check"))
    expect(page.locator("main")).to_contain_text("Grace Hopper")


def test_without_javascript_a_free_course_leads_to_a_certificate_too(browser: Browser, demo: Demo, keys: KeyBook) -> None:
    context = browser.new_context(java_script_enabled=False)
    learner = Person(context.new_page(), demo.address, keys)
    learner.open("/courses/ai-foundations")
    learner.follow("Enroll for free")
    learner.register()
    learner.press(re.compile("Enroll"))
    learner.study("ai-foundations")
    learner.sit()

    _receives_and_shows_the_certificate(learner, "AI Foundations")
    context.close()


def test_who_fails_is_told_kindly_and_when_to_try_again(browser: Browser, demo: Demo, keys: KeyBook) -> None:
    context = browser.new_context()
    learner = Person(context.new_page(), demo.address, keys)
    learner.open("/courses/ai-foundations")
    learner.follow("Enroll for free")
    learner.register()
    learner.press(re.compile("Enroll"))
    learner.study("ai-foundations")
    learner.sit(wrong=12)

    expect(learner.page.get_by_role("heading", level=1)).to_contain_text(re.compile("not pass", re.I))
    expect(learner.page.locator("main")).to_contain_text("What AI is")
    context.close()
