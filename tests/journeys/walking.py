"""A person at a browser: reads, pays, learns, answers. Works with and without JavaScript, and by what is written on the page."""

import html
import re
import time
from dataclasses import dataclass
from itertools import count

from playwright.sync_api import Locator, Page, expect

from tests.journeys.keys import KeyBook, plain

PASSPHRASE = "a very long passphrase 42"
CARD = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
TOO_MANY = 429
WORKER_SECONDS = 60
_numbers = count(1)


@dataclass
class Person:
    """Someone with a browser, an e-mail address and, when it comes to exams, the right answers."""

    page: Page
    address: str
    keys: KeyBook
    name: str = "Grace Hopper"

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.address)

    def click(self, what: Locator) -> None:
        """Click what leads to another page, and be there."""
        with self.page.expect_navigation():
            what.click()

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button of exactly this name: an item of an ordering question may well speak of the “next” one, too."""
        self.click(self.page.get_by_role("button", name=name, exact=True).first)

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.get_by_role("link", name=name).first)

    def wait_for(self, name: str) -> None:
        """Load the page now and then until it has this link: the worker comes to it in its own time."""
        end = time.monotonic() + WORKER_SECONDS
        while not self.page.get_by_role("link", name=name).count() and time.monotonic() < end:
            self.page.wait_for_timeout(300)
            self.page.reload()

    def register(self) -> str:
        """On the page that stood in the way; returns the new address."""
        email = f"grace.{next(_numbers)}.{self.page.context.__hash__()}@example.com"
        self.page.get_by_label("Your name").fill(self.name)
        self.page.get_by_label("E-mail address").fill(email)
        self.page.locator("input[type=password]").first.fill(PASSPHRASE)
        self.press("Create account")
        return email

    def sign_in(self, email: str, password: str) -> None:
        self.open("/login")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.locator("input[type=password]").first.fill(password)
        self.press("Sign in")

    def pay(self, card: str = CARD) -> None:
        """On the sandbox's payment page."""
        self.page.get_by_label("Card number").fill(card)
        self.page.get_by_label(re.compile("Expir", re.I)).fill("12 / 34")
        self.page.get_by_label(re.compile("CVC|Security code", re.I)).fill("123")
        self.page.get_by_label("Name on card").fill(self.name)
        self.press(re.compile("^Pay"))

    def study(self, course: str, *, until: str = "exam") -> None:
        """Read every lesson and pass every module quiz, until the lesson with the slug `until` is open."""
        self.open(f"/learn/{course}")
        self.follow(re.compile("^(Begin|Continue)"))
        for _ in range(60):
            if self.path.endswith(f"/{until}"):
                return
            finish = self.page.get_by_role("button", name=re.compile("^Finish and go on"))
            if finish.count():
                self.click(finish)
            else:
                lesson = self.path
                self.sit()
                self.open(lesson)
                self.follow(re.compile("^Next"))
        raise AssertionError(f"Never came to {until}; the last page was {self.path}")

    def start(self) -> None:
        """Start the quiz or exam whose door this is, by its honor code if it has one.

        A person who starts one quiz after the other faster than anyone can read is asked to wait, and waits.
        """
        door = self.path
        for _ in range(3):
            honor = self.page.get_by_role("checkbox")
            if honor.count():
                honor.first.check()
            with self.page.expect_response(lambda answer: answer.url.endswith("/attempts")) as told:
                self.press(re.compile("^Start"))
            if told.value.status != TOO_MANY:
                return
            self.page.wait_for_timeout(1000 * int(told.value.headers["retry-after"]))
            self.open(door)

    def sit(self, *, wrong: int = 0) -> None:
        """Start, answer every question by its key (the first `wrong` ones left empty), hand in."""
        self.start()
        for number in range(1, 200):
            if number > wrong:
                self.answer()
            is_last = self.page.get_by_role("button", name="Next", exact=True).count() == 0
            self.press("Review" if is_last else "Next")
            if is_last:
                break
        self.hand_in()

    def answer(self) -> None:
        """Answer the question on the page rightly."""
        stem = self.page.locator(".question-stem")
        words = stem.evaluate("stem => stem.innerHTML.split('<span class=\"gap')[0]") if stem.locator(".gap").count() else ""
        key = self.keys.find(re.sub("<[^>]+>", " ", html.unescape(words)) if words else stem.inner_text())
        for part, right in key.parts:
            field = self.page.get_by_label(part, exact=True)
            if field.evaluate("field => field.matches('select')"):
                field.select_option(right)
            else:
                field.fill(right)
        if key.parts:
            return
        if key.write:
            self.page.locator(".question input[type=text]").fill(key.write)
            return
        for row in self.page.locator(".question .option").all():
            box = row.locator("input")
            if (plain(row.locator(".option-text").inner_text()) in key.choose) != box.is_checked():
                row.locator("label").click()

    def hand_in(self) -> None:
        """From the review, through the step that asks again, to the result."""
        self.follow(re.compile("^Hand in"))
        self.press(re.compile("^Hand in"))
        expect(self.page).to_have_url(re.compile("/result$"))
