"""A saved answer in words, for those who look at how an attempt went."""

from collections.abc import Mapping

from laurel.bank.rules import Answer, Body, ShownPart, plain_text, write_form_value

MAX_WORDS = 400


def in_words(body: Body, answer: Answer) -> str:
    """The answer as its learner would say it: options by their text, parts by their name, the rest as it was written."""
    if answer is None:
        return "No answer"
    options = body.shown_options()
    parts = body.shown_parts([option.key for option in options])
    texts = {option.key: option.words for option in options}
    chosen = write_form_value(body.kind, body, answer)
    if isinstance(chosen, Mapping) and not parts:  # each option has its place
        said = "; ".join(f"{chosen[key]}. {texts[key]}" for key in body.arranged(list(texts), answer) if key in chosen)
    elif isinstance(chosen, Mapping):
        said = "; ".join(_part(part, texts, chosen[part.key]) for part in parts if chosen.get(part.key))
    else:
        said = "; ".join(texts.get(value, value) for value in ([chosen] if isinstance(chosen, str) else chosen))
    return said if len(said) <= MAX_WORDS else f"{said[:MAX_WORDS]} …"


def _part(part: ShownPart, texts: Mapping[str, str], value: str) -> str:
    """One part with what was given for it. Options of its own come first: their keys are the part's own, too."""
    own = {option.key: option.words for option in part.options}
    name = " ".join(plain_text(part.html).split()) or part.key
    return f"{name}: {own.get(value, texts.get(value, value))}"
