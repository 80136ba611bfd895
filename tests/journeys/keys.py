"""The right answers to the seed content's questions, found by a question's words as a page shows them."""

import html
import re
import tomllib
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
    """What to choose (the options' words) or what to write."""

    choose: frozenset[str]
    write: str


class KeyBook:
    """All keys."""

    def __init__(self) -> None:
        files = [*COURSES.glob("*/quizzes/*.toml"), *COURSES.glob("*/bank/*.toml")]
        records = [record for file in files for record in tomllib.loads(file.read_text())["questions"]]
        self.keys = {shown(record["stem"]): _key(record) for record in records}

    def find(self, stem: str) -> Key:
        return self.keys[plain(stem)]


def _key(record: dict[str, Any]) -> Key:
    if record["type"] == "true_false":
        return Key(frozenset({"true" if record["answer"] else "false"}), "")
    if "options" in record:
        return Key(frozenset(shown(option["text"]) for option in record["options"] if option.get("correct")), "")
    best = max(record["answers"], key=lambda answer: float(answer.get("fraction", "1")))
    return Key(frozenset(), best.get("value") or best["pattern"].replace("*", ""))
