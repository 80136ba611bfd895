"""Matching: each stem gets one of the choices; a choice may serve several stems, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from laurel.bank.rules.findings import Finding, error, warning
from laurel.bank.rules.grades import ONE, ZERO, GradeState, Judgement
from laurel.bank.rules.keys import fill_in, new_key, read_key
from laurel.bank.rules.kinds import (
    Answer,
    Body,
    Chosen,
    Inputs,
    Json,
    Part,
    PartReview,
    QuestionKind,
    Renderers,
    Review,
    ShownOption,
    ShownPart,
    Shuffling,
    plain_text,
)
from laurel.bank.rules.options import by_words
from laurel.bank.rules.reading import MAX_LINE, clean_text, read_flag, read_html, read_rows, read_text, refuse

MAX_STEMS = 12
MAX_CHOICES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What may be chosen. Pages show it as plain text, in a list."""

    key: str
    text: str
    html: str = ""

    @property
    def words(self) -> str:
        return plain_text(self.html) or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """What is to be matched; `choice` is the key of the right choice."""

    key: str
    text: str
    choice: str
    feedback: str = ""
    html: str = ""
    feedback_html: str = ""

    @property
    def words(self) -> str:
        return plain_text(self.html) or self.text


def _read_choice(row: Mapping[str, Any], index: int) -> Choice:
    place = ("choices", index)
    text = read_text(row, "text", *place, limit=MAX_LINE)
    if not text:
        refuse(f"Write choice {index + 1}, or remove it.", *place, "text")
    return Choice(key=read_key(row, *place), text=text, html=read_html(row, "html"))


def _read_stem(row: Mapping[str, Any], index: int) -> Stem:
    place = ("stems", index)
    text = read_text(row, "text", *place, limit=MAX_LINE)
    if not text:
        refuse(f"Write what is to be matched in pair {index + 1}, or remove the pair.", *place, "text")
    return Stem(
        key=read_key(row, *place),
        text=text,
        choice=read_key({"key": row.get("choice", "")}, *place),
        feedback=read_text(row, "feedback", *place),
        html=read_html(row, "html"),
        feedback_html=read_html(row, "feedback_html"),
    )


def pair_up(pairs: Sequence[Mapping[str, str]], distractors: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The body, as JSON, of pairs as people write them: stems beside their matches, and what matches nothing.

    Pairs have text and match, perhaps key, match_key and feedback; distractors text and perhaps key. Equal matches are one choice; one
    that was written anew gets a new key.
    """
    choices: dict[str, str] = {}
    stems = []
    for index, pair in enumerate(pairs):
        match = clean_text(pair["match"], "stems", index, "match", limit=MAX_LINE)
        if not match:
            refuse(f"Write what matches in pair {index + 1}.", "stems", index, "match")
        if match not in choices:
            wanted = pair.get("match_key", "")
            choices[match] = wanted if wanted and wanted not in choices.values() else new_key(match, choices.values())
        stems.append(
            {
                "key": pair.get("key", ""),
                "text": pair["text"],
                "choice": choices[match],
                "feedback": pair.get("feedback", ""),
            }
        )
    found = [{"key": key, "text": text} for text, key in choices.items()]
    return {"stems": stems, "choices": [*found, *({"key": row.get("key", ""), "text": row["text"]} for row in distractors)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching(Body):
    """Stems in the author's order, and choices: the right ones in the order of the stems, then the others.

    Worth right pairs / stems, or all or nothing.
    """

    kind: ClassVar[QuestionKind] = QuestionKind.MATCHING
    inputs: ClassVar[Inputs] = Inputs.PARTS
    shuffling: ClassVar[Shuffling] = Shuffling.AS_THE_QUIZ_SAYS

    stems: tuple[Stem, ...]
    choices: tuple[Choice, ...]
    all_or_nothing: bool = False

    @classmethod
    def from_json(cls, data: Json) -> Self:
        stems = [_read_stem(row, index) for index, row in enumerate(read_rows(data, "stems", most=MAX_STEMS, noun="pairs"))]
        choices = [_read_choice(row, index) for index, row in enumerate(read_rows(data, "choices", most=MAX_CHOICES, noun="choices"))]
        stem_keys = fill_in([stem.key for stem in stems], [stem.text for stem in stems])
        choice_keys = fill_in([choice.key for choice in choices], [choice.text for choice in choices])
        for index, stem in enumerate(stems):
            if stem.choice not in choice_keys:
                refuse(f"Pair {index + 1} has no match.", "stems", index, "match")
        keyed = {key: replace(choice, key=key) for choice, key in zip(choices, choice_keys, strict=True)}
        return cls(
            stems=tuple(replace(stem, key=key) for stem, key in zip(stems, stem_keys, strict=True)),
            choices=tuple(keyed[key] for key in dict.fromkeys([*(stem.choice for stem in stems), *keyed])),
            all_or_nothing=read_flag(data, "all_or_nothing"),
        )

    def to_json(self) -> dict[str, Any]:
        stems = [
            {
                "key": stem.key,
                "text": stem.text,
                "html": stem.html,
                "choice": stem.choice,
                "feedback": stem.feedback,
                "feedback_html": stem.feedback_html,
            }
            for stem in self.stems
        ]
        choices = [{"key": choice.key, "text": choice.text, "html": choice.html} for choice in self.choices]
        return {"stems": stems, "choices": choices, "all_or_nothing": self.all_or_nothing}

    def rendered(self, render: Renderers) -> Self:
        return replace(
            self,
            stems=tuple(replace(stem, html=render.inline(stem.text), feedback_html=render.block(stem.feedback)) for stem in self.stems),
            choices=tuple(replace(choice, html=render.inline(choice.text)) for choice in self.choices),
        )

    def parse_answer(self, raw: Any) -> Answer:
        if raw is None:
            return None
        if not isinstance(raw, dict) or raw.keys() != {"pairs"} or not isinstance(raw["pairs"], dict):
            refuse("An answer to this question is a choice for each stem.")
        given, known = raw["pairs"], {choice.key for choice in self.choices}
        if not given.keys() <= {stem.key for stem in self.stems}:
            refuse("That is not a part of this question.")
        if not all(key is None or key == "" or (isinstance(key, str) and key in known) for key in given.values()):
            refuse("That is not a choice of this question.")
        pairs = {stem.key: given[stem.key] for stem in self.stems if given.get(stem.key)}
        return {"pairs": pairs} if pairs else None

    def from_form(self, chosen: Chosen) -> Any:
        return {"pairs": chosen}

    def to_form(self, answer: Answer) -> Chosen:
        return dict(answer["pairs"]) if answer else {}

    def judge(self, answer: Json) -> Judgement:
        right = sum(answer["pairs"].get(stem.key) == stem.choice for stem in self.stems)
        if self.all_or_nothing:
            return Judgement(fraction=ONE if right == len(self.stems) else ZERO)
        return Judgement(fraction=Decimal(right) / len(self.stems))

    def review(self, answer: Answer) -> Review:
        pairs, words = answer["pairs"] if answer else {}, self._words()

        def state(stem: Stem) -> GradeState:
            if stem.key not in pairs:
                return GradeState.GAVE_UP
            return GradeState.CORRECT if pairs[stem.key] == stem.choice else GradeState.INCORRECT

        return Review(parts={stem.key: PartReview(state(stem), stem.feedback_html, words[stem.choice]) for stem in self.stems})

    def _words(self) -> dict[str, str]:
        return {choice.key: choice.words for choice in self.choices}

    def right_answer_text(self) -> str:
        words = self._words()
        return "; ".join(f"{stem.words} → {words[stem.choice]}" for stem in self.stems)

    def distractors(self) -> list[Choice]:
        """The choices that match nothing."""
        used = {stem.choice for stem in self.stems}
        return [choice for choice in self.choices if choice.key not in used]

    def check(self) -> list[Finding]:
        found = []
        if len(self.stems) < 2:
            found.append(error("A matching question needs two pairs at least.", "stems"))
        if len({stem.choice for stem in self.stems} | {choice.key for choice in self.choices}) < 2:
            found.append(error("There is only one thing to choose. Add another match, or one that matches nothing.", "choices"))
        if len({choice.words.casefold() for choice in self.choices}) < len(self.choices):
            found.append(error("Two choices say the same: only one of them would be right.", "choices"))
        if len({stem.text.casefold() for stem in self.stems}) < len(self.stems):
            found.append(error("Two stems say the same.", "stems"))
        if any("![" in choice.text for choice in self.choices):
            found.append(error("A choice cannot be an image: it stands in a list of words.", "choices"))
        if not self.distractors() and len({stem.choice for stem in self.stems}) == len(self.stems):
            found.append(warning("Every choice is used once, so the last pair follows from the others. Add one that matches nothing."))
        return found

    def parts(self) -> list[Part]:
        words = {choice.key: choice.text for choice in self.choices}
        found = [Part("Grading", "All or nothing" if self.all_or_nothing else "Each pair counts", is_prose=False)]
        for number, stem in enumerate(self.stems, start=1):
            found.append(Part(f"Stem {number}", stem.text))
            found.append(Part(f"Match of stem {number}", words[stem.choice]))
            found.append(Part(f"Feedback on stem {number}", stem.feedback))
        return [*found, Part("Choices that match nothing", "\n".join(choice.text for choice in self.distractors()))]

    def shown_options(self) -> tuple[ShownOption, ...]:
        """The choices by their words: the author's order would go along with the stems."""
        return by_words(ShownOption(choice.key, choice.html) for choice in self.choices)

    def shown_parts(self, order: Sequence[str]) -> Sequence[ShownPart]:
        options = {option.key: option for option in self.shown_options()}
        return [ShownPart(stem.key, stem.html, options=[options[key] for key in order]) for stem in self.stems]
