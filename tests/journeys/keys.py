"""The right answers to the seed content's questions, found by a question's words as a page shows them."""

import html
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laurel.core.markdown import render

COURSES = Path(__file__).resolve().parents[2] / "seed_content" / "courses"


def plain(text: str) -> str:
    """Letters and digits only: what is left when a page and a source are laid out differently."""
    return re.sub(r"[\W_]+", "", text).lower()


def shown(markdown: str) -> str:
    """Markdown's words as a page shows them."""
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", render(markdown))))


@dataclass(frozen=True)
class Key:
    """What to choose (the options' words) or what to write; or, part by part, what to choose or to write for each."""

    choose: frozenset[str]
    write: str
    parts: tuple[tuple[str, str], ...] = ()
    """(words of the part, what goes with it): a stem and its match, an item and its place, a gap and what fills it."""


class KeyBook:
    """All keys."""

    def __init__(self) -> None:
        files = [*COURSES.glob("*/quizzes/*.toml"), *COURSES.glob("*/bank/*.toml")]
        records = [record for file in files for record in tomllib.loads(file.read_text())["questions"]]
        self.keys = {_stem(record): _key(record) for record in records}

    def find(self, stem: str) -> Key:
        """The key to the words of a page; of a text with gaps, to the words before the first."""
        return self.keys[plain(stem)]


def _stem(record: dict[str, Any]) -> str:
    return shown(record["stem"].split("[[")[0])


def _key(record: dict[str, Any]) -> Key:
    if record["type"] in PARTS:
        return Key(frozenset(), "", tuple(PARTS[record["type"]](record)))
    if record["type"] == "true_false":
        return Key(frozenset({"true" if record["answer"] else "false"}), "")
    if "options" in record:
        return Key(frozenset(shown(option["text"]) for option in record["options"] if option.get("correct")), "")
    return Key(frozenset(), _best(record["answers"]))


def _best(answers: list[dict[str, Any]]) -> str:
    best = max(answers, key=lambda answer: float(answer.get("fraction", "1")))
    return str(best.get("value") or best["pattern"].replace("*", ""))


def _gaps(record: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for number, gap in enumerate(record["gaps"], start=1):
        right = next((option["text"] for option in gap.get("options", []) if option["correct"]), "")
        found.append((f"Gap {number} of {len(record['gaps'])}", right or _best(gap["answers"])))
    return found


PARTS: dict[str, Callable[[dict[str, Any]], list[tuple[str, str]]]] = {
    "matching": lambda record: [(pair["stem"], pair["match"]) for pair in record["pairs"]],
    "ordering": lambda record: [(f"Place of: {item['text']}", str(place)) for place, item in enumerate(record["items"], start=1)],
    "cloze": _gaps,
}
